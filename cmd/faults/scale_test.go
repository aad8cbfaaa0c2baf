package main

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
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
	}{
		{"redis_streams", 6},
		{"nats_jetstream", 3},
		{"kafka", 6},
	} {
		t.Run(c.source, func(t *testing.T) {
			t.Parallel()
			f := flood{
				source: c.source, partitions: c.partitions, calls: *floodCalls, people: 1009, processes: 3,
				killEvery: 2 * time.Second, pause: 300 * time.Millisecond, trouble: 0.1, limit: 2 * time.Minute,
				settings: []string{
					clevertapOutput + "max_in_flight=" + parallel, clevertapOutput + "timeout=2s",
					clevertapOutput + "batching.count=200", clevertapOutput + "batching.period=100ms",
				},
			}
			for _, bytes := range survived(t, f).memory {
				assert.Less(t, bytes, int64(200e6), "memory of a process")
			}
		})
	}
}

// A group takes partitions from processes that work and gives them to one that joins. Those finish what they have under way
// while the new owner begins at the last commit, so that repeats and their order are nobody's to promise, and someone may
// have an old value until the next call: see "Kafka" in docs/guarantees.md.
func TestAProcessThatJoinsAKafkaGroupLosesNothing(t *testing.T) {
	testenv.Program(t, "scale-out", "redis-server", "valkey-server")
	t.Parallel()
	const calls, people, processes, joins = 5_000, 1009, 3, 2
	const next = calls + 2*people // of two calls in a row of a person, one reaches CleverTap
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	books := ledger.New(next, people)
	s, err := testLab.open(ctx, "kafka", fmt.Sprintf("join-%d", time.Now().UnixNano()), 6, people, books)
	require.NoError(t, err)
	defer s.close()
	team, err := testLab.newFleet(ctx, s, books, processes)
	require.NoError(t, err)
	defer team.discard()
	members := func(n int) func() (bool, error) {
		return func() (bool, error) { return s.(sharer).shared(ctx, n) }
	}

	for p := range joins {
		require.NoError(t, team.start(p))
	}
	require.NoError(t, until(ctx, "two have all partitions", time.Minute, members(joins)), team.logs())
	require.NoError(t, s.publish(ctx, 0, calls/2))
	require.NoError(t, team.start(joins))
	published := calls / 2
	require.NoError(t, until(ctx, "the third has some, while there is work", time.Minute, func() (bool, error) {
		more := min(published+10, calls)
		if err := s.publish(ctx, published, more); err != nil {
			return false, err
		}
		published = more
		return members(processes)()
	}), team.logs())
	require.NoError(t, s.publish(ctx, published, calls))
	require.NoError(t, until(ctx, "everything has arrived, also by an old owner", time.Minute, func() (bool, error) {
		done, err := s.done(ctx)
		return done && team.target.quiet() > 2*time.Second, err
	}), team.logs())
	require.NoError(t, s.publish(ctx, calls, next))

	require.NoError(t, team.finish(time.Minute), team.logs())
	report := books.Report()
	t.Logf("\n%s", report)
	assert.Empty(t, report.Lost)
	assert.Empty(t, report.Stale, "people who have an old message after their next call")
	assert.Zero(t, report.Strangers)
}

// Records that CleverTap refuses for now keep their batches waiting while later ones could be acknowledged; then the
// process is killed. Redis knows message by message what it has heard of.
func TestNobodyEndsWithAnOldValueAfterACrashAmidRetries(t *testing.T) {
	testenv.Program(t, "crash amid retries", "redis-server", "valkey-server")
	f := flood{
		source: "redis_streams", partitions: 4, calls: *floodCalls, people: 101, processes: 2,
		killEvery: 900 * time.Millisecond, pause: 200 * time.Millisecond, latency: 20 * time.Millisecond, partial: 0.003, limit: 2 * time.Minute,
		settings: []string{
			clevertapOutput + "max_in_flight=" + parallel, clevertapOutput + "max_retries=1000",
			clevertapOutput + "batching.count=100", clevertapOutput + "batching.period=100ms",
			"input.sequence.inputs.1.redis_streams.commit_period=100ms",
		},
	}
	survived(t, f)
}

// survived plays a flood in which processes die, and demands that nothing is lost and everybody's order kept.
func survived(t *testing.T, f flood) flooded {
	t.Helper()
	result, err := testLab.flood(f)
	result.print(testWriter{t}, f)
	require.NoError(t, err, result.logs)
	assert.NoError(t, result.report.Lossless())
	assert.NoError(t, result.report.Ordered())
	assert.Positive(t, result.kills)
	return result
}

// testWriter shows a report in the log of a test.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Helper()
	w.t.Logf("%s", p)
	return len(p), nil
}
