package jsontree_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// What is nested is copied as a whole where it stands as it would be written. The fuzz test of the reader compares the rest.
func TestWhatIsNestedIsWrittenCompact(t *testing.T) {
	for document, want := range map[string]string{
		`{}`:  `{}`,
		`[ ]`: `[]`,
		`{"":"","a":[1,-2.50e+3,true,null,{"b":{}}],"c":"é"}`: `{"":"","a":[1,-2.50e+3,true,null,{"b":{}}],"c":"é"}`,
		`{"a":{"b":1} }`:            `{"a":{"b":1}}`,
		`{"a" :{"b":[1,2]}}`:        `{"a":{"b":[1,2]}}`,
		"{\"a\":[1,\n2]}":           `{"a":[1,2]}`,
		`{"a":["\u0041\/"],"b":{}}`: `{"a":["A/"],"b":{}}`,
		`{"\u0061":1}`:              `{"a":1}`,
		"[\"\xff\"]":                `["` + "\ufffd" + `"]`,
	} {
		var p jsontree.Parser
		v, err := p.Parse([]byte(document))
		require.NoError(t, err, document)
		require.Equal(t, "x"+want, string(v.AppendJSON([]byte("x"))), document)
	}
}

// AppendString looks at eight bytes at once, so each byte must be found at each place, in texts of each length.
func TestEveryByteAtEveryPlaceOfAString(t *testing.T) {
	for length := range 20 {
		for place := range length {
			for c := range 128 {
				text := strings.Repeat("a", place) + string(rune(c)) + strings.Repeat("é", length-place-1)
				var back string
				require.NoError(t, json.Unmarshal(jsontree.AppendString(nil, text), &back), "%q", text)
				require.Equal(t, text, back)
				require.NoError(t, json.Unmarshal(jsontree.AppendString(nil, []byte(text)), &back), "%q", text)
				require.Equal(t, text, back)
			}
		}
	}
}
