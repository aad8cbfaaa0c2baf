package clevertap

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVocabulary_HasNoNamesOrValues(t *testing.T) {
	const names = "adam angel art august autumn bill brook carol chance charity chase chip christian dale dawn dean drew earl " +
		"eve faith frank gene glen grace grant guy hope iris ivy jack jean joy june lance mark max may mercy min miles page pat " +
		"peg penny ray rich rob rose rusty sally skip sue summer trinity victor victoria violet wade will woody"
	const values = "male female divorced single widowed school college graduate yes true false india germany berlin euro dollar " +
		"january march april ios android web"
	for _, word := range strings.Fields(names + " " + values) {
		assert.NotContains(t, vocabulary, word)
	}
}

func TestVocabulary_IsKept(t *testing.T) {
	for word := range vocabulary {
		assert.Equal(t, word, cleanText(word, func(func(string) bool) {}))
	}
}
