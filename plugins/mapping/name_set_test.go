package mapping

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestANameSetIsASet(t *testing.T) {
	var set nameSet
	rapid.Check(t, func(t *rapid.T) {
		set.reset()
		known := map[string]bool{}
		for _, name := range rapid.SliceOfN(rapid.StringMatching(`[ab]{0,7}`), 0, 4*manyNames).Draw(t, "names") {
			if set.add(name) == known[name] {
				t.Fatalf("%q was known: %v", name, known[name])
			}
			known[name] = true
		}
	})
}

// The quick look never rules out a name that is the same without regard to case, not even those with a Kelvin sign.
func TestMayFoldRulesOutNoEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.StringMatching(`[A-Za-z_ ]{1,12}`).Draw(t, "wanted")
		name := strings.Map(func(r rune) rune {
			for range rapid.IntRange(0, 2).Draw(t, "fold") {
				r = unicode.SimpleFold(r)
			}
			return r
		}, wanted)
		if strings.EqualFold(name, wanted) && !mayFold(name, wanted) {
			t.Fatalf("%q is %q", name, wanted)
		}
	})
}
