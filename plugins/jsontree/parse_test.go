package jsontree

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAParserGivesBackWhatALargeDocumentTook(t *testing.T) {
	for name, large := range map[string]string{
		"of text":   `["` + strings.Repeat("a", maxKeptBytes) + `"]`,
		"of values": `[` + strings.Repeat("1,", maxKeptNodes) + `1]`,
	} {
		t.Run(name, func(t *testing.T) {
			var p Parser
			for _, document := range []string{large, `["small"]`} {
				v, err := p.Parse([]byte(document))
				require.NoError(t, err)
				assert.Equal(t, document, string(v.AppendJSON(nil)))
			}
			assert.LessOrEqual(t, cap(p.reader.buf), maxKeptBytes)
			assert.LessOrEqual(t, cap(p.reader.nodes), maxKeptNodes)
		})
	}
}
