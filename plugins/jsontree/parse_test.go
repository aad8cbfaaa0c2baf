package jsontree

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAReleasedParserHoldsNothingOfALargeDocument(t *testing.T) {
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
				p.Release()
			}
			assert.NotZero(t, cap(p.reader.buf), "a small one's memory stays")
			_, err := p.Parse([]byte(large))
			require.NoError(t, err)
			_, err = p.Parse([]byte(`[`))
			require.Error(t, err)
			p.Release()
			assert.Zero(t, p)
		})
	}
}
