package mapping_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
)

// An object's members get the keys that they would get under the whole path as their name, however long it is.
func TestLongPathsAreCutLikeLongNames(t *testing.T) {
	for _, keyCase := range []mapping.KeyCase{mapping.SnakeCaseKeys, mapping.Preserve} {
		mapper := newMapper(t, func(o *mapping.Options) { o.KeyCase = keyCase })
		rapid.Check(t, func(t *rapid.T) {
			path := rapid.StringOfN(rapid.SampledFrom([]rune("aZ7é桜𐐷")), 1, 700, -1).Draw(t, "path")
			name := rapid.StringOfN(rapid.SampledFrom([]rune("aZé")), 1, 200, -1).Draw(t, "name")
			nested := mapAny(mapper, properties(map[string]any{path: map[string]int{name: 1, "other": 2}}), nil)
			flat := mapAny(mapper, properties(map[string]any{path + "_" + name: 1, path + "_other": 2}), nil)
			if len(nested.Records) != 1 || string(nested.Records[0]) != string(flat.Records[0]) || nested.Fixes != flat.Fixes {
				t.Fatalf("nested %v\nflat %v", nested, flat)
			}
		})
	}
}

func properties(members map[string]any) []byte {
	raw, err := json.Marshal(map[string]any{"type": "track", "userId": "u", "event": "E", "properties": members})
	if err != nil {
		panic(err) // maps of strings and numbers always encode
	}
	return raw
}
