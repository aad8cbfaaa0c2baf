package segment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRequestBodies(t *testing.T) {
	batch := func(p *Parser, raw []byte) (Document, error) { return p.ParseBatch(raw) }
	single := func(p *Parser, raw []byte) (Document, error) { return p.ParseCall(raw, Track) }
	webhook := func(p *Parser, raw []byte) (Document, error) { return p.ParseWebhook(raw) }
	for name, test := range map[string]struct {
		parse func(*Parser, []byte) (Document, error)
		body  string
		calls int // -1: refused
	}{
		"a batch":                     {batch, `{"batch":[{},{}]}`, 2},
		"a batch without calls":       {batch, `{"batch":[]}`, 0},
		"a batch that is an array":    {batch, `[{}]`, -1},
		"a batch route needs a batch": {batch, `{"type":"track"}`, -1},
		"a batch that is an object":   {batch, `{"batch":{}}`, -1},
		"not JSON":                    {batch, `{"batch":[}`, -1},
		"nothing":                     {batch, ``, -1},
		"a call":                      {single, `{"event":"A"}`, 1},
		"a call may have a member of the name batch": {single, `{"event":"A","batch":[1,2]}`, 1},
		"a call must be an object":                   {single, `["A"]`, -1},
		"a webhook's call":                           {webhook, `{"type":"track"}`, 1},
		"a webhook's array":                          {webhook, `[{},{},{}]`, 3},
		"a webhook's empty array":                    {webhook, `[]`, 0},
		"a webhook knows no envelope":                {webhook, `{"batch":[{},{}]}`, 1},
		"a webhook of text":                          {webhook, `"call"`, -1},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := test.parse(new(Parser), []byte(test.body))
			if test.calls < 0 {
				assert.ErrorContains(t, err, "invalid_json: ")
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, test.calls, doc.Calls())
		})
	}
}

func TestTheWriteKeyOfABody(t *testing.T) {
	for body, want := range map[string]string{
		`{"writeKey":"k","batch":[{"writeKey":"other"}]}`: "k",
		`{"batch":[{"writeKey":"other"}]}`:                "",
		`{"writeKey":7,"batch":[]}`:                       "",
		`{"writeKey":"k","writeKey":"l","batch":[]}`:      "k",
	} {
		doc, err := new(Parser).ParseBatch([]byte(body))
		assert.NoError(t, err)
		assert.Equal(t, want, doc.WriteKey(), body)
	}
}

func TestSignatures(t *testing.T) {
	secret := []byte("TEST-SECRET")
	const one, two = `{"type":"track", "userId":"ü"}`, `{"type":"delete","userId":"b"}`
	for name, test := range map[string]struct {
		body, signature string
		want            Signed
	}{
		"of a call":                        {one, Sign(secret, []byte(one)), SignedAll},
		"of a whole array":                 {"[" + one + "," + two + "]", Sign(secret, []byte("["+one+","+two+"]")), SignedAll},
		"of the first call":                {"[" + one + "," + two + "]", Sign(secret, []byte(one)), SignedFirst},
		"of the first call, with space":    {" [\n" + one + " , " + two + "]", Sign(secret, []byte(one)), SignedFirst},
		"of the second call":               {"[" + one + "," + two + "]", Sign(secret, []byte(two)), SignedNothing},
		"with another secret":              {one, Sign([]byte("OTHER"), []byte(one)), SignedNothing},
		"of another body":                  {two, Sign(secret, []byte(one)), SignedNothing},
		"in upper case":                    {one, strings.ToUpper(Sign(secret, []byte(one))), SignedAll},
		"that is cut":                      {one, Sign(secret, []byte(one))[:38], SignedNothing},
		"that is no hex":                   {one, "signature", SignedNothing},
		"that is empty":                    {one, "", SignedNothing},
		"of an empty array's first call":   {"[]", Sign(secret, nil), SignedNothing},
		"of a call that is no array":       {one, Sign(secret, []byte(`{"type":"track"}`)), SignedNothing},
		"of the first call of a cut array": {"[" + one, Sign(secret, []byte(one)), SignedFirst},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, VerifySignature(secret, []byte(test.body), test.signature))
		})
	}
	// RFC 2202, test case 2 of HMAC-SHA1.
	assert.Equal(t, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", Sign([]byte("Jefe"), []byte("what do ya want for nothing?")))
}
