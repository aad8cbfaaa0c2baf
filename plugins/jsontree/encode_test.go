package jsontree_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

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
