package main

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

var floodCalls = flag.Int("faults.calls", 20_000, "how many calls go through the three processes")

// Three processes share the partitions of a source; one after the other is killed and comes back, while a tenth of the
// requests fails.
func TestThreeProcessesLoseNothingWhileTheyDieAndJoin(t *testing.T) {
	testenv.Program(t, "scale-out", "redis-server", "valkey-server")
	for _, c := range []struct {
		source     string
		partitions int
		killEvery  time.Duration
	}{
		{"redis_streams", 6, 2 * time.Second},
		{"nats_jetstream", 3, 2 * time.Second},
		{"kafka", 6, 8 * time.Second}, // each move of the partitions takes seconds
	} {
		t.Run(c.source, func(t *testing.T) {
			t.Parallel()
			f := flood{
				source: c.source, partitions: c.partitions, calls: *floodCalls, people: 1009, processes: 3,
				killEvery: c.killEvery, pause: 300 * time.Millisecond, trouble: 0.1, limit: 2 * time.Minute,
				settings: []string{
					clevertapOutput + "max_in_flight=" + inFlight(c.source), clevertapOutput + "timeout=2s",
					clevertapOutput + "batching.count=200", clevertapOutput + "batching.period=100ms",
				},
			}
			result, err := testLab.flood(f)
			result.print(testWriter{t}, f)
			require.NoError(t, err, result.logs)
			assert.NoError(t, result.report.Lossless())
			assert.NoError(t, result.report.Ordered())
			assert.Positive(t, result.kills)
			for _, bytes := range result.memory {
				assert.Less(t, bytes, int64(200e6), "memory of a process")
			}
		})
	}
}

// testWriter shows a report in the log of a test.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Helper()
	w.t.Logf("%s", p)
	return len(p), nil
}
