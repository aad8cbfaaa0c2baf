package identitycache

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExamined_Ask(t *testing.T) {
	examined := &Examined{
		Caches: Caches{
			"file":   {"file": object{}},
			"memory": {"memory": object{"compaction_interval": ""}},
			"known":  {"memory": object{"compaction_interval": ""}},
			"lru":    {"lru": object{}},
		},
		Warned: map[string]bool{"known": true, "elsewhere": true},
	}
	tests := []struct {
		rule, label  string
		by           *Examined
		warning, err string
	}{
		{"nothing is said of a cache that lasts", "file", examined, "", ""},
		{"a warning of memory", "memory", examined, "a restart empties", ""},
		{"not a second one", "known", examined, "", ""},
		{"a cache that forgets is refused", "lru", examined, "", `the cache "lru" forgets`},
		{"a warning of a cache that was not seen", "other", examined, "cannot be seen", ""},
		{"not a second one of that", "elsewhere", examined, "", ""},
		{"a warning where nothing was examined", "file", nil, "cannot be seen", ""},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			warning, err := test.by.Ask(test.label)
			if test.err == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, test.err)
			}
			if test.warning == "" {
				assert.Empty(t, warning)
			} else {
				assert.Contains(t, warning, test.warning)
			}
		})
	}
}

func TestExamined_KnowsWhatIsInMemory(t *testing.T) {
	examined := &Examined{Caches: Caches{
		"memory": {"label": "memory", "memory": map[string]any{}},
		"lru":    {"label": "lru", "lru": map[string]any{}},
		"redis":  {"label": "redis", "redis": map[string]any{}},
		"levels": {"label": "levels", "multilevel": []any{"memory", "redis"}},
	}}
	for label, want := range map[string]bool{"memory": true, "lru": true, "redis": false, "levels": false, "unseen": false} {
		if got := examined.InMemory(label); got != want {
			t.Errorf("%s: %v", label, got)
		}
	}
	if (*Examined)(nil).InMemory("memory") {
		t.Error("nothing was examined")
	}
}
