package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func exampleExport() *exported {
	return &exported{
		config: "export.yaml", seed: "seed.jsonl", read: 1200,
		dropped:   counts{"segment_origin": 900},
		delivered: counts{"track": 250, "screen": 47},
		refused:   counts{"too_large": 3},
	}
}

func TestTheReportAccountsForEvents(t *testing.T) {
	r := exampleExport()
	assert.NoError(t, r.check())
	var out strings.Builder
	r.print(&out)
	for _, want := range []string{
		"1,200 events exported", "900 segment_origin", "297 calls delivered to Segment", "47 screen", "3 too_large",
		"Every event accounted for: 297 delivered + 900 dropped on purpose + 3 in the dead letter = 1,200 exported.",
		"The same again: 0 events exported, 0 calls sent to Segment, 0 refused.",
	} {
		assert.Contains(t, out.String(), want)
	}
}

func TestTheReportAdmitsWhatIsMissingOnTheWayBack(t *testing.T) {
	r := exampleExport()
	r.delivered["track"]--
	assert.ErrorContains(t, r.check(), "1200 events exported, 1199 accounted for")
	assert.Contains(t, r.account(), "NOT accounted for")

	r = exampleExport()
	r.again.sent = 1
	assert.ErrorContains(t, r.check(), "a second export is not empty")
	assert.ErrorContains(t, (&exported{}).check(), "nothing was exported")
}

func TestRefusalsAreCountedByReason(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead_letter.jsonl")
	none, err := refusals(path)
	require.NoError(t, err)
	assert.Empty(t, none)
	require.NoError(t, os.WriteFile(path, []byte(`{"error":"segment: too_large: the call has 40000 bytes"}
{"error":"segment: too_large: the call has 50000 bytes"}
{"error":"clevertap_to_segment: missing_identity: identity: x"}
{"error":"unknown"}
`), 0o600))
	got, err := refusals(path)
	require.NoError(t, err)
	assert.Equal(t, counts{"too_large": 2, "missing_identity": 1, "unknown": 1}, got)
}

func TestOnlyWhatWasAddedCounts(t *testing.T) {
	assert.Equal(t, counts{"track": 2, "page": 1},
		counts{"track": 5, "page": 1, "screen": 3}.less(counts{"track": 3, "screen": 3}))
}
