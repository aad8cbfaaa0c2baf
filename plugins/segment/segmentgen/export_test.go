package segmentgen_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

func export(t testing.TB, seed uint64, n int) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, segmentgen.New(segmentgen.Config{Seed: seed, People: 60}).WriteExport(&out, n))
	return out.String()
}

func TestTheSameSeedGivesTheSameExport(t *testing.T) {
	assert.Equal(t, export(t, 1, 200), export(t, 1, 200))
	assert.NotEqual(t, export(t, 1, 200), export(t, 2, 200))
}

func TestExportedEventsBecomeCallsOfEveryKind(t *testing.T) {
	var parser jsontree.Parser
	mapper := mapping.NewBackMapper(mapping.DefaultBackOptions())
	types := map[segment.Type]int{}
	anonymous := 0
	for line := range strings.Lines(export(t, 1, 500)) {
		doc, err := parser.Parse([]byte(line))
		require.NoError(t, err)
		result, err := mapper.Map(doc, mapping.Origin{Zone: time.UTC})
		require.NoError(t, err)
		require.Len(t, result.Calls, 1, line)
		types[result.Calls[0].Type]++
		anonymous += count(result.Calls[0].UserID == "")
	}
	for _, typ := range []segment.Type{segment.Track, segment.Page, segment.Screen} {
		assert.Positive(t, types[typ], typ)
	}
	assert.Positive(t, anonymous)
	assert.Contains(t, export(t, 1, 500), `"event_name":"Charged"`)
}

// BenchmarkWriteExport writes 1000 records.
func BenchmarkWriteExport(b *testing.B) {
	g := segmentgen.New(segmentgen.Config{})
	b.ReportAllocs()
	for b.Loop() {
		if err := g.WriteExport(io.Discard, 1000); err != nil {
			b.Fatal(err)
		}
	}
}
