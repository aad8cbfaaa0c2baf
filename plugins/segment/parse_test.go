package segment_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func TestParseFindsTheCalls(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string // the calls, merged with their envelope
	}{
		{"a call", `{"type":"track"}`, []string{`{"type":"track"}`}},
		{"an array", `[{"a":1},{"b":2}]`, []string{`{"a":1}`, `{"b":2}`}},
		{"an envelope", `{"batch":[{"a":1}],"writeKey":"k"}`, []string{`{"a":1}`}},
		{"white space around", " \n{\"a\" : 1}\t", []string{`{"a":1}`}},
		{"an envelope's context joins the call's, which wins",
			`{"batch":[{"context":{"ip":"1","os":{"name":"a"}}}],"context":{"ip":"2","os":{"name":"b","version":"1"},"locale":"de"}}`,
			[]string{`{"context":{"ip":"1","os":{"name":"a"},"locale":"de"}}`}},
		{"an envelope's integrations join the call's",
			`{"batch":[{"integrations":{"All":true}},{}],"integrations":{"All":false,"CleverTap":false}}`,
			[]string{`{"integrations":{"All":true,"CleverTap":false}}`, `{"integrations":{"All":false,"CleverTap":false}}`}},
		{"an envelope's sentAt stands in",
			`{"batch":[{"sentAt":"a"},{"sentAt":null},{}],"sentAt":"b"}`,
			[]string{`{"sentAt":"a"}`, `{"sentAt":"b"}`, `{"sentAt":"b"}`}},
		{"nothing else of the envelope", `{"batch":[{"a":1}],"messageId":"m","userId":"u","timestamp":"t"}`, []string{`{"a":1}`}},
		{"a context that is null gives way", `{"batch":[{"context":null}],"context":{"a":1}}`, []string{`{"context":{"a":1}}`}},
		{"a call may have a member named batch", `{"type":"track","batch":[]}`, []string{`{"type":"track","batch":[]}`}},
		{"elements that are no calls are kept", `[1,"x"]`, []string{`1`, `"x"`}},
		{"numbers keep every digit", `[{"n":12345678901234567890,"m":1.50}]`, []string{`{"n":12345678901234567890,"m":1.50}`}},
		{"escapes stay what they mean", `[{"\u0061":"\u00e9\n\u0000\"\ud83d\ude00"}]`, []string{`{"a":"é\n\u0000\"😀"}`}},
		{"half a pair is no character", `[{"a":"x\ud83d","b":"\ude00\u0041","c":"\ud83d\u0041"}]`, []string{`{"a":"x�","b":"�A","c":"�A"}`}},
		{"bytes that are no UTF-8 are replaced", "[{\"a\":\"\xff\"}]", []string{`{"a":"�"}`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var parser segment.Parser
			doc, err := parser.Parse([]byte(test.in))
			require.NoError(t, err)
			require.Equal(t, len(test.want), doc.Calls())
			for i, want := range test.want {
				assert.Equal(t, want, string(doc.AppendCall(nil, i)))
			}
		})
	}
}

func TestParseRefusesWhatHoldsNoCalls(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", "", "invalid_json: syntax error at byte 0"},
		{"half a call", `{"type":"track"`, "invalid_json: syntax error at byte 15"},
		{"two calls", `{"a":1}{"b":2}`, "invalid_json: syntax error at byte 8"},
		{"an invalid number", `{"a":1.2.3}`, "invalid_json: syntax error at byte 9"},
		{"NaN", `{"a":NaN}`, "invalid_json: syntax error at byte 6"},
		{"a trailing comma", `{"a":1,}`, "invalid_json: syntax error at byte 8"},
		{"a bad escape", `{"a":"\q"}`, "invalid_json: syntax error at byte 8"},
		{"a raw line break in a text", "{\"a\":\"\n\"}", "invalid_json: syntax error at byte 7"},
		{"a number alone", "5", "invalid_json: a call must be a JSON object"},
		{"null", "null", "invalid_json: a call must be a JSON object"},
		{"a batch that is no list", `{"batch":{}}`, "invalid_json: batch: must be an array of calls"},
		{"an empty envelope", `{"batch":[]}`, "empty_batch: batch: holds no calls"},
		{"an empty array", `[]`, "empty_batch: batch: holds no calls"},
		{"nesting without end", strings.Repeat("[", 100_000), "invalid_json: is nested deeper than 299 levels"},
		{"nesting that ends", strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000), "invalid_json: is nested deeper than 299 levels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var parser segment.Parser
			_, err := parser.Parse([]byte(test.in))
			assert.EqualError(t, err, test.want)
		})
	}
}

func TestBracketsInTextAreNoNesting(t *testing.T) {
	var parser segment.Parser
	_, err := parser.Parse([]byte(`{"a":"` + strings.Repeat(`[{\"`, 1000) + `"}`))
	assert.NoError(t, err)
}

// FuzzParse checks that whatever the bytes are, the parser answers with calls that are valid JSON again, or with an
// error; that encoding/json agrees on what is JSON; and that a second parse of the answer says the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"type":"track","userId":"u","event":"E","properties":{"a":[1,2.50,{"b":null}]}}`,
		`{"batch":[{"type":"identify","userId":5,"traits":{"a":"\ud83d\ude00"}}],"context":{"ip":"::1"},"sentAt":"x"}`,
		`[{"type":"page"},{"type":"alias"},3,"x",null]`, `{"a":1.2.3}`, `{"a":"\ud800"}`, "\xff", "[[[[", `{"":{"":""}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var parser segment.Parser
		doc, err := parser.Parse(raw)
		if err != nil {
			return
		}
		if !json.Valid(raw) && !strings.ContainsFunc(string(raw), func(r rune) bool { return r < ' ' }) {
			t.Fatalf("accepted what is no JSON: %q", raw)
		}
		for i := range doc.Calls() {
			call := doc.AppendCall(nil, i)
			if !json.Valid(call) {
				t.Fatalf("not valid JSON: %q", call)
			}
			decoded, err := doc.Call(i)
			if err == nil {
				_ = decoded.Validate()
				_, _ = decoded.Unix()
			}
		}
	})
}
