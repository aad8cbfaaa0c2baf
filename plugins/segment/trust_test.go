package segment_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// decodeAnyway reads one call; an error leaves what could be read of it.
func decodeAnyway(t require.TestingT, raw string) *segment.Call {
	var parser segment.Parser
	doc, err := parser.ParseCall([]byte(raw), "")
	require.NoError(t, err)
	call, _ := doc.Call(0)
	return &call
}

func TestCall_AsksToDeleteInAnySpelling(t *testing.T) {
	for typ, want := range map[string]bool{
		`"delete"`: true, `"Delete"`: true, `"DELETE"`: true, `" delete"`: true, `"\tdElEtE\u00a0\n"`: true, `"\u0064elete"`: true,
		`"deleted"`: false, `"track"`: false, `""`: false, `null`: false, `["delete"]`: false, `{"delete":1}`: false, `1`: false,
	} {
		assert.Equal(t, want, decodeAnyway(t, `{"type":`+typ+`,"userId":"u","event":"e"}`).AsksToDelete(), typ)
	}
	assert.False(t, decodeAnyway(t, `{"type":"track","type":"delete","userId":"u","event":"e"}`).AsksToDelete(), "the first one counts")
}

func TestCall_HoldsBatchWhateverItIs(t *testing.T) {
	for member, want := range map[string]bool{
		`"batch":[]`: true, `"batch":null`: true, `"batch":{}`: true, `"batch":"x"`: true, `"\u0062atch":[1]`: true,
		`"Batch":[]`: false, `"batches":[]`: false, `"properties":{"batch":[]}`: false,
	} {
		for _, typ := range []string{`"type":"track",`, `"type":"x",`, ``} {
			assert.Equal(t, want, decodeAnyway(t, `{`+typ+member+`,"userId":"u","event":"e"}`).HoldsBatch(), typ+member)
		}
	}
}

func TestCall_VerifyUser(t *testing.T) {
	secret := []byte("shared with our server")
	right := segment.SignUser(secret, "u-1001")
	for name, test := range map[string]struct {
		call string
		want segment.Proof
	}{
		"right":                  {`{"userId":"u-1001","context":{"userHash":"` + right + `"}}`, segment.ProofValid},
		"right, in capitals":     {`{"userId":"u-1001","context":{"userHash":"` + strings.ToUpper(right) + `"}}`, segment.ProofValid},
		"a number as userId":     {`{"userId":1001,"context":{"userHash":"` + segment.SignUser(secret, "1001") + `"}}`, segment.ProofValid},
		"no context":             {`{"userId":"u-1001"}`, segment.ProofMissing},
		"no hash":                {`{"userId":"u-1001","context":{"ip":"203.0.113.9"}}`, segment.ProofMissing},
		"null":                   {`{"userId":"u-1001","context":{"userHash":null}}`, segment.ProofMissing},
		"empty":                  {`{"userId":"u-1001","context":{"userHash":""}}`, segment.ProofMissing},
		"of somebody else":       {`{"userId":"u-1002","context":{"userHash":"` + right + `"}}`, segment.ProofInvalid},
		"of another spelling":    {`{"userId":"U-1001","context":{"userHash":"` + right + `"}}`, segment.ProofInvalid},
		"with another secret":    {`{"userId":"u-1001","context":{"userHash":"` + segment.SignUser([]byte("x"), "u-1001") + `"}}`, segment.ProofInvalid},
		"cut":                    {`{"userId":"u-1001","context":{"userHash":"` + right[:62] + `"}}`, segment.ProofInvalid},
		"and more":               {`{"userId":"u-1001","context":{"userHash":"` + right + `00"}}`, segment.ProofInvalid},
		"no hex":                 {`{"userId":"u-1001","context":{"userHash":"priya"}}`, segment.ProofInvalid},
		"no text":                {`{"userId":"u-1001","context":{"userHash":["` + right + `"]}}`, segment.ProofInvalid},
		"nobody":                 {`{"anonymousId":"a","context":{"userHash":"` + right + `"}}`, segment.ProofInvalid},
		"nobody, as it is":       {`{"anonymousId":"a","context":{"userHash":"` + segment.SignUser(secret, "") + `"}}`, segment.ProofInvalid},
		"the first of two users": {`{"userId":"u-1002","userId":"u-1001","context":{"userHash":"` + right + `"}}`, segment.ProofInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			call := decodeAnyway(t, strings.Replace(test.call, "{", `{"type":"identify",`, 1))
			assert.Equal(t, test.want, call.VerifyUser(secret))
		})
	}
}

// The hash is the one that other languages make: printf %s u-1001 | openssl dgst -sha256 -hmac secret
func TestSignUser_IsPlainHMAC(t *testing.T) {
	assert.Equal(t, "d07575b02372aeddabfe3317667668a50cc404ef5cc1e17fed42c0c53e72b259", segment.SignUser([]byte("secret"), "u-1001"))
}

func TestDocument_FingerprintTellsCallsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fingerprint := func(event string) string {
			var parser segment.Parser
			doc, err := parser.ParseWebhook([]byte(`[{"type":"track","userId":"u","event":"` + event + `"}]`))
			require.NoError(t, err)
			return doc.Fingerprint(0)
		}
		event := rapid.StringMatching(`[a-z ]{0,4}`)
		a, b := event.Draw(t, "a"), event.Draw(t, "b")
		assert.Equal(t, a == b, fingerprint(a) == fingerprint(b))
		assert.Regexp(t, "^[0-9a-f]{32}$", fingerprint(a))
	})
}
