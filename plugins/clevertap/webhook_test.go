package clevertap_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

const webhookLimit = 1 << 20

// errNoRoom is what withinLimit answers for more than webhookLimit bytes.
var errNoRoom = errors.New("no room")

func withinLimit(bytes int64) error {
	if bytes > webhookLimit {
		return errNoRoom
	}
	return nil
}

func TestSplitWebhookReadsEveryShape(t *testing.T) {
	tests := map[string]struct {
		body   string
		target string
		bodies []string
	}{
		"profile variables, lower case": {
			`{"targetId":1659684581,"key_values":{"k":"v"},"profiles":[{"identity":"a","profileData":{"ts":1586937505801}}]}`,
			"1659684581",
			[]string{`{"targetId":1659684581,"key_values":{"k":"v"},"profiles":[{"identity":"a","profileData":{"ts":1586937505801}}]}`},
		},
		"broadcast": {
			`{"targetId":7,"key_values":{},"profiles":[{"Identity":"a"},{"Identity":"b"}]}`,
			"7",
			[]string{
				`{"targetId":7,"key_values":{},"profiles":[{"Identity":"a"}]}`,
				`{"targetId":7,"key_values":{},"profiles":[{"Identity":"b"}]}`,
			},
		},
		"non-broadcast, one object": {
			`{"targetId":7,"key_values":{},"profiles":{"Identity":"a","Push_token":"t"}}`,
			"7",
			[]string{`{"targetId":7,"key_values":{},"profiles":[{"Identity":"a","Push_token":"t"}]}`},
		},
		"post-action of a push": {
			`{"targetId":7,"profiles":[{"objectId":"o","payload":{"title":"Hi","kvs":{"wzrk_ttl_s":86400}}}]}`,
			"7",
			[]string{`{"targetId":7,"profiles":[{"objectId":"o","payload":{"title":"Hi","kvs":{"wzrk_ttl_s":86400}}}]}`},
		},
		"digits, spaces and escapes stay": {
			"{ \"profiles\" :\t[ {\"n\":9007199254740993, \"f\":1.10} , {\"s\":\"\\u00e9]}\\\"\"} ] ,\n\"targetId\" : \"c-1\", \"x\":1e2 }",
			"c-1",
			[]string{
				"{ \"profiles\" :\t[{\"n\":9007199254740993, \"f\":1.10}] ,\n\"targetId\" : \"c-1\", \"x\":1e2 }",
				"{ \"profiles\" :\t[{\"s\":\"\\u00e9]}\\\"\"}] ,\n\"targetId\" : \"c-1\", \"x\":1e2 }",
			},
		},
		"a name written with escapes":  {`{"\u0070rofiles":{"a":1}}`, "", []string{`{"\u0070rofiles":[{"a":1}]}`}},
		"elements that are no profile": {`{"profiles":[1,"x",null]}`, "", []string{`{"profiles":[1]}`, `{"profiles":["x"]}`, `{"profiles":[null]}`}},
		"nobody":                       {`{"targetId":7,"profiles":[]}`, "7", []string{}},
		"a body of the user's own":     {`{"user":"a","nested":{"profiles":[1,2]}}`, "", []string{`{"user":"a","nested":{"profiles":[1,2]}}`}},
		"no id of a campaign":          {`{"targetId":{"x":1},"profiles":[{}]}`, "", []string{`{"targetId":{"x":1},"profiles":[{}]}`}},
		"an id that is far too long":   {`{"targetId":"` + strings.Repeat("9", 70) + `","profiles":[]}`, "", []string{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			call, err := clevertap.SplitWebhook([]byte(test.body), withinLimit)
			require.NoError(t, err)
			assert.False(t, call.Test)
			assert.Equal(t, test.target, call.TargetID)
			bodies := []string{}
			for _, body := range call.Bodies {
				bodies = append(bodies, string(body))
			}
			assert.Equal(t, test.bodies, bodies)
		})
	}
}

func TestSplitWebhookKnowsTheTestCall(t *testing.T) {
	for body, want := range map[string]bool{
		`{"is_test":true,"targetId":1234,"profiles":[{"Identity":"UserId"}]}`: true,
		`{"is_test": true}`:                          true,
		`{"is_test":false,"profiles":[]}`:            false,
		`{"is_test":"true","profiles":[]}`:           false,
		`{"key_values":{"is_test":true}}`:            false,
		`{"profiles":[{"is_test":true}]}`:            false,
		`{"profiles":[{"a":"\"is_test\":true,"}]}`:   false,
		`{"\"is_test\"":true,"profiles":{"a":true}}`: false,
	} {
		call, err := clevertap.SplitWebhook([]byte(body), withinLimit)
		require.NoError(t, err, body)
		assert.Equal(t, want, call.Test, body)
	}
}

// A profile that stands alone gets an array around it, and the body must still be one that can be read.
func TestWhatIsSplitCanBeRead(t *testing.T) {
	for depth, want := range map[int]error{297: nil, 298: clevertap.ErrWebhookJSON} {
		body := `{"profiles":` + strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth) + "}"
		call, err := clevertap.SplitWebhook([]byte(body), withinLimit)
		require.ErrorIs(t, err, want, "%d levels", depth)
		for _, body := range call.Bodies {
			var parser jsontree.Parser
			_, err := parser.Parse(body)
			assert.NoError(t, err, "%d levels", depth)
		}
	}
}

func TestSplitWebhookRefusesAndStaysBounded(t *testing.T) {
	nested := func(depth int) string {
		return `{"profiles":` + strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth) + "}"
	}
	for name, test := range map[string]struct {
		body string
		want error
	}{
		"nothing":                         {"", clevertap.ErrWebhookJSON},
		"plain text":                      {"hello", clevertap.ErrWebhookJSON},
		"cut off":                         {`{"profiles":[{"a":1}`, clevertap.ErrWebhookJSON},
		"two documents":                   {`{"profiles":[]}{"profiles":[]}`, clevertap.ErrWebhookJSON},
		"an array":                        {`[{"profiles":[]}]`, clevertap.ErrWebhookJSON},
		"a string":                        {`"profiles"`, clevertap.ErrWebhookJSON},
		"nested too deeply":               {nested(300), clevertap.ErrWebhookJSON},
		"nested beyond all measure":       {strings.Repeat(`{"a":[`, 1<<17), clevertap.ErrWebhookJSON},
		"profiles that are text":          {`{"profiles":"a"}`, clevertap.ErrWebhookProfiles},
		"profiles that are null":          {`{"profiles":null}`, clevertap.ErrWebhookProfiles},
		"profiles twice":                  {`{"profiles":[{"a":1}],"profiles":[{"a":2}]}`, clevertap.ErrWebhookProfiles},
		"a test and none":                 {`{"is_test":true,"is_test":false,"profiles":[]}`, clevertap.ErrWebhookProfiles},
		"too many profiles":               {`{"profiles":[` + strings.Repeat("0,", 10_000) + `0]}`, clevertap.ErrWebhookTooLarge},
		"much to repeat for each profile": {`{"x":"` + strings.Repeat("x", 1000) + `","profiles":[` + strings.Repeat("0,", 2000) + `0]}`, errNoRoom},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clevertap.SplitWebhook([]byte(test.body), withinLimit)
			assert.ErrorIs(t, err, test.want)
		})
	}
	_, err := clevertap.SplitWebhook([]byte(nested(200)), withinLimit)
	assert.NoError(t, err)
}

// FuzzSplitWebhook checks that a call is taken apart or refused, whatever it is, and that nothing is lost or invented:
// the bodies together hold the profiles of the call, in order, and each all the rest of it.
func FuzzSplitWebhook(f *testing.F) {
	for _, seed := range []string{
		`{"targetId":1,"key_values":{"k":"v"},"profiles":[{"a":1},{"b":[2.50]}]}`,
		`{"profiles":{"Identity":"a"},"targetId":"x"}`, `{"is_test":true,"profiles":[]}`, `{"custom":1}`,
		`{"\u0070rofiles":[1]}`, ` { "profiles" : [ { } , "]" ] } `, `{"profiles":null}`, `[`, `{"":{"profiles":[]},"a":-1e5}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		call, err := clevertap.SplitWebhook(body, withinLimit)
		require.Equal(t, before, body)
		if err != nil {
			require.Empty(t, call.Bodies)
			return
		}
		rest, profiles := membersOf(t, body)
		total := 0
		for i, one := range call.Bodies {
			total += len(one)
			otherRest, profile := membersOf(t, one)
			require.Equal(t, rest, otherRest)
			if profiles != nil {
				require.Len(t, profile, 1)
				require.Equal(t, string(profiles[i]), string(profile[0]))
			}
		}
		if profiles != nil {
			require.Len(t, call.Bodies, len(profiles))
			require.LessOrEqual(t, total, webhookLimit)
		}
	})
}

// membersOf reads a body with the standard library: its profiles, and everything else. It is nil for a body without.
func membersOf(t *testing.T, body []byte) (rest map[string]json.RawMessage, profiles []json.RawMessage) {
	t.Helper()
	require.NoError(t, json.Unmarshal(body, &rest))
	raw, found := rest["profiles"]
	delete(rest, "profiles")
	if !found {
		return rest, nil
	}
	profiles = []json.RawMessage{}
	if raw[0] == '{' {
		return rest, append(profiles, raw)
	}
	require.NoError(t, json.Unmarshal(raw, &profiles))
	return rest, profiles
}

func TestWithEventNameAddsItAndNothingElse(t *testing.T) {
	for line, want := range map[string]string{
		`{"ts":20171109000015,"n":1.10}`:   `{"event_name":"A \"b\" & c","ts":20171109000015,"n":1.10}`,
		` { "a" : 1 } `:                    ` {"event_name":"A \"b\" & c", "a" : 1 } `,
		`{}`:                               `{"event_name":"A \"b\" & c"}`,
		`{ }`:                              `{"event_name":"A \"b\" & c" }`,
		`{"eventProps":{"event_name":1}}`:  `{"event_name":"A \"b\" & c","eventProps":{"event_name":1}}`,
		`{"a":"event_name"}`:               `{"event_name":"A \"b\" & c","a":"event_name"}`,
		`{"event_name":"own"}`:             `{"event_name":"own"}`,
		`{"a":1,"\u0065vent_name":"own"}`:  `{"a":1,"\u0065vent_name":"own"}`,
		`{"a":`:                            `{"a":`,
		`[1]`:                              `[1]`,
		``:                                 ``,
		`"profile.identity","ts","a","b",`: `"profile.identity","ts","a","b",`,
	} {
		assert.Equal(t, want, string(clevertap.WithEventName([]byte(line), `A "b" & c`)))
	}
}

// FuzzWithEventName checks that a line without the member gets it, and that nothing else of any line changes.
func FuzzWithEventName(f *testing.F) {
	for _, seed := range []string{`{"ts":20171109000015,"n":1.10}`, ` { } `, `{"event_name":"own"}`, `{"\u0065vent_name":1}`, `{"a":{"event_name":1}}`, `[{}]`, `{"a":`} {
		f.Add([]byte(seed), "Item \"viewed\" & <bought>")
	}
	f.Fuzz(func(t *testing.T, line []byte, name string) {
		before := bytes.Clone(line)
		out := clevertap.WithEventName(line, name)
		require.Equal(t, before, line)
		var members map[string]json.RawMessage
		if json.Unmarshal(line, &members) != nil || members == nil || members["event_name"] != nil {
			require.Equal(t, line, out)
			return
		}
		require.True(t, json.Valid(out))
		start := bytes.IndexByte(line, '{') + 1
		added := bytes.TrimSuffix(out[start:start+len(out)-len(line)], []byte(","))
		require.Equal(t, string(line), string(out[:start])+string(out[start+len(out)-len(line):]))
		var member map[string]string
		require.NoError(t, json.Unmarshal([]byte("{"+string(added)+"}"), &member))
		require.Equal(t, map[string]string{"event_name": string([]rune(name))}, member)
	})
}
