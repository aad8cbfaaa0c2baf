package segmentgen_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

func seed(t *testing.T, s uint64, n int) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, segmentgen.New(segmentgen.Config{Seed: s, People: 40}).WriteSeed(&out, n))
	return out.String()
}

func TestTheSameSeedGivesTheSameEvents(t *testing.T) {
	assert.Equal(t, seed(t, 1, 200), seed(t, 1, 200))
	assert.NotEqual(t, seed(t, 1, 200), seed(t, 2, 200))
}

func TestSeedsAreTakenAndVaried(t *testing.T) {
	text := seed(t, 1, 300)
	require.NoError(t, clevertaptest.New(clevertaptest.Options{}).Seed(strings.NewReader(text)))
	var anonymous, profiles, twice, large int
	names := map[string]bool{}
	previous := ""
	for line := range strings.Lines(text) {
		var r struct {
			Type, Identity, EvtName string
			TS                      int64
		}
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		at := time.Unix(r.TS, 0).UTC()
		require.Equal(t, "2026-03", at.Format("2006-01"))
		names[r.EvtName] = true
		anonymous += count(r.Identity == "")
		profiles += count(r.Type == "profile")
		twice += count(line == previous)
		large += count(len(line) > 32<<10)
		previous = line
	}
	for _, name := range []string{"App Launched", "App Installed", "UTM Visited", "App Screen Viewed", "Web Page Viewed", "Charged", "お気に入り追加"} {
		assert.True(t, names[name], name)
	}
	assert.Positive(t, anonymous)
	assert.Positive(t, profiles)
	assert.Positive(t, twice)
	assert.GreaterOrEqual(t, large, 3)
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}
