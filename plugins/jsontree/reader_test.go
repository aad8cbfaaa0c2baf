package jsontree_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// The reader takes eight bytes at once, so what ends a text must be found at each of eight places, whatever stands around.
func TestEveryByteAtEveryPlaceOfAText(t *testing.T) {
	var parser jsontree.Parser
	for _, around := range []string{"a", "é", " ", "!", "\x7f", "桜"} {
		for place := range 18 {
			for c := range 256 {
				text := strings.Repeat(around, place) + string([]byte{byte(c)}) + strings.Repeat(around, 9)
				raw := []byte(`["` + text + `"]`)
				v, err := parser.Parse(raw)
				require.Equal(t, json.Valid(raw), err == nil, "%q", raw)
				for _, element := range v.Elements() {
					require.Equal(t, text, element.Text())
				}
			}
		}
	}
}

func TestEveryByteAfterABackslash(t *testing.T) {
	var parser jsontree.Parser
	for c := range 256 {
		raw := []byte(`["a\` + string([]byte{byte(c)}) + `0041b"]`)
		_, err := parser.Parse(raw)
		assert.Equal(t, json.Valid(raw), err == nil, "%q", raw)
	}
}

// A document may be cut anywhere, and what the parser read before must not make up for the rest.
func TestCutDocuments(t *testing.T) {
	whole := []byte(`{"a":[1.5e+3,-0,"é\u00e9\ud83d\ude00\n",true,false,null,{"":{}},[]]}`)
	var parser jsontree.Parser
	for end := range whole {
		_, err := parser.Parse(whole)
		require.NoError(t, err)
		_, err = parser.Parse(whole[:end])
		assert.Error(t, err, "%s", whole[:end])
	}
}

func TestNestingUpToTheLimit(t *testing.T) {
	var parser jsontree.Parser
	for depth, valid := range map[int]bool{299: true, 300: false} {
		_, err := parser.Parse([]byte(strings.Repeat("[", depth) + strings.Repeat("]", depth)))
		assert.Equal(t, valid, err == nil, "%d levels", depth)
	}
}

func TestTheDocumentStaysAsItIs(t *testing.T) {
	raw := []byte(`{"a\n":"\u00e9\\"}`)
	before := bytes.Clone(raw)
	var parser jsontree.Parser
	_, err := parser.Parse(raw)
	require.NoError(t, err)
	assert.Equal(t, before, raw)
}

// FuzzReader checks that the reader and encoding/json agree on what is JSON, and on everything in it; that what it writes
// is JSON again; and that plain texts are those that may stand in JSON as they are.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{"type":"track","properties":{"a":[1,2.50,-0.0e-7,{"b":null}],"a":true}}`, ` [ "" , false ] `, `"\ud83d\ude00"`,
		`["\ud800","\udc00\u0041","\ud83d\ud83d\ude00","\uD83D\q"]`, "[\"\xff\xfe\", \"é\\t\xff\"]", `{"\u0061":1,"a":2}`,
		`[01]`, `[1.]`, `[-]`, `[1e]`, `[.5]`, `[+1]`, `[NaN]`, `[Infinity]`, `[nul]`, "[\"\x00\"]", `{"a":1,}`, `[1 2]`, `{1:2}`,
		"{\"a\x01\":1}", "\xef\xbb\xbf{}", "{}\x00", `[tru`, `["\u12`, `["\`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var parser jsontree.Parser
		v, err := parser.Parse(raw)
		if err != nil && strings.Contains(err.Error(), "deeper") {
			return
		}
		if json.Valid(raw) != (err == nil) {
			t.Fatalf("%q: %v", raw, err)
		}
		if err != nil {
			return
		}
		want := tokensOf(t, raw)
		if got := walked(t, nil, v); fmt.Sprint(want) != fmt.Sprint(got) {
			t.Fatalf("%q holds\n%v, read as\n%v", raw, want, got)
		}
		written := v.AppendJSON(nil)
		var compact bytes.Buffer
		if err := json.Compact(&compact, written); err != nil || !bytes.Equal(compact.Bytes(), written) {
			t.Fatalf("%q became %q, which is not compact: %v", raw, written, err)
		}
		if v.UTF8() && fmt.Sprint(tokensOf(t, written)) != fmt.Sprint(want) {
			t.Fatalf("%q became %q", raw, written)
		}
		again, err := parser.Parse(written)
		if err != nil || !bytes.Equal(again.AppendJSON(nil), written) {
			t.Fatalf("%q became %q, and then something else: %v", raw, written, err)
		}
	})
}

// tokensOf is what encoding/json finds in a document, in order.
func tokensOf(t *testing.T, raw []byte) (tokens []string) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return tokens
		}
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, fmt.Sprintf("%T %v", token, token))
	}
}

// walked is the same of a value. Broken bytes of texts are replaced one by one, as encoding/json does.
func walked(t *testing.T, tokens []string, v jsontree.Value) []string {
	count := 0
	switch v.Kind() {
	case jsontree.Object:
		tokens = append(tokens, "json.Delim {")
		for name, member := range v.Members() {
			if v.Resolve(member.Ref()) != member {
				t.Fatalf("%q is not found again by its ref", name)
			}
			tokens = walked(t, append(tokens, "string "+string([]rune(name))), member)
			count++
		}
		tokens = append(tokens, "json.Delim }")
	case jsontree.Array:
		tokens = append(tokens, "json.Delim [")
		for i, element := range v.Elements() {
			if i != count {
				t.Fatalf("element %d is numbered %d", count, i)
			}
			tokens = walked(t, tokens, element)
			count++
		}
		tokens = append(tokens, "json.Delim ]")
	case jsontree.String:
		if quoted := `"` + v.Text() + `"`; v.Plain() && quoted != string(jsontree.AppendString(nil, v.Text())) {
			t.Fatalf("%q is not plain", v.Text())
		} else if v.Plain() != (v.Quoted() == quoted) {
			t.Fatalf("%q stands in the document as %q", v.Text(), v.Quoted())
		}
		return append(tokens, "string "+string([]rune(v.Text())))
	case jsontree.Number:
		return append(tokens, "json.Number "+v.Literal())
	case jsontree.Bool:
		if v.True() == v.False() || v.Literal() != fmt.Sprint(v.True()) {
			t.Fatalf("%q is neither true nor false", v.Literal())
		}
		return append(tokens, "bool "+v.Literal())
	default:
		return append(tokens, "<nil> <nil>")
	}
	if count != v.Len() {
		t.Fatalf("holds %d, says %d", count, v.Len())
	}
	return tokens
}
