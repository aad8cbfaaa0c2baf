package jsontree_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

func TestQuotedIsForPlainStringsOnly(t *testing.T) {
	var parser jsontree.Parser
	v, err := parser.Parse([]byte("[\"früh\",\"\",\"a\\nb\",\"\xff\",1,true,null,[\"a\"],{\"a\":\"b\"}]"))
	require.NoError(t, err)
	for i, element := range v.Elements() {
		want := ""
		if i < 2 {
			want = []string{`"früh"`, `""`}[i]
		}
		assert.Equal(t, want, element.Quoted(), i)
	}
	assert.Empty(t, v.Get("absent").Quoted())
}

func TestUTF8IsAskedOfEachValueByItself(t *testing.T) {
	var parser jsontree.Parser
	v, err := parser.Parse([]byte("{\"a\":[\"é\",1],\"b\":[{\"\xff\":1}],\"c\":\"\\n\xc3\",\"d\":\"\\ud800\"}"))
	require.NoError(t, err)
	assert.False(t, v.UTF8())
	for name, want := range map[string]bool{"a": true, "b": false, "c": false, "d": true, "absent": true} {
		assert.Equal(t, want, v.Get(name).UTF8(), name)
	}
	for i, element := range v.Get("b").Elements() {
		assert.False(t, element.UTF8(), i)
	}
}

// FuzzUTF8 checks that a document is UTF-8 for the parser if and only if its bytes are. Escapes, which the parser has
// resolved by then, must neither mend what is broken around them nor break anything.
func FuzzUTF8(f *testing.F) {
	for _, seed := range []string{`{"a":"\ud800"}`, "[\"\xe2\x82\\u00ac\", \"\xc3\\n\xa9\"]", "\"é\"", "{\"\xff\":1}", "[\"\\\"\xf0\x9f\x98\\\\\"]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var parser jsontree.Parser
		if v, err := parser.Parse(raw); err == nil {
			require.Equal(t, utf8.Valid(raw), v.UTF8(), "%q", raw)
		}
	})
}
