package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

const (
	streamOwner = "owner" // the reader in the example
	giveAgain   = "processor_resources.0.redis_script."
)

// readerLeft is what a process has left behind on a stream of ten entries, of which it had read eight.
type readerLeft struct {
	name string
	// acknowledged are the places of those that Redis has heard of.
	acknowledged []int
	// idle is how long before the process asked for the last time it was given the entry in place 2, and times how often.
	idle  time.Duration
	times int
	// down is for how long it has been away.
	down     time.Duration
	settings []string
	// skipped are the places of those that do not come again.
	skipped []int
}

// What scale/redis_to_clevertap.yaml gives its reader again at its start.
func TestAReaderIsGivenAgainAllBehindTheFirstThatRedisHasNotHeardOf(t *testing.T) {
	testenv.Program(t, "give again", "redis-server", "valkey-server")
	allButTwo := []int{0, 1, 3, 4, 5, 6, 7}
	for i, left := range []readerLeft{
		{name: "nothing is pending", acknowledged: upTo(0, 8), skipped: upTo(0, 8)},
		{name: "nothing was acknowledged"},
		{name: "what was acknowledged behind a gap comes again", acknowledged: []int{0, 1, 3, 5, 7}, skipped: []int{0, 1}},
		{
			name: "an entry that the reader had for minutes is a gap", acknowledged: allButTwo,
			idle: 4 * time.Minute, times: 1, skipped: []int{0, 1},
		},
		{
			name: "an entry from long before comes alone", acknowledged: allButTwo,
			idle: 10 * time.Minute, times: 1, skipped: allButTwo,
		},
		{
			name: "an entry from long before does not hide a gap", acknowledged: []int{0, 1, 3, 4, 6, 7},
			idle: 10 * time.Minute, times: 1, skipped: []int{0, 1, 3, 4},
		},
		{
			name: "an entry that came again before comes alone", acknowledged: allButTwo,
			times: 2, skipped: allButTwo,
		},
		{
			name: "what is long before is told from the end of the process, not from now", acknowledged: allButTwo,
			down: 2 * time.Second, settings: []string{giveAgain + `args_mapping=root = "` + consumerGroup + ` ` + streamOwner + ` 1000".split(" ")`},
			skipped: []int{0, 1},
		},
	} {
		t.Run(left.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s, books := tenEntries(t, ctx, fmt.Sprintf("again-%d", i))
			left.leave(t, ctx, s)

			team := startOne(t, ctx, s, books, left.settings...)
			require.NoError(t, team.finish(30*time.Second), team.logs())
			report := books.Report()
			assert.Equal(t, left.skipped, report.Lost)
			assert.Zero(t, report.Repeats)
		})
	}
}

// A stream that cannot be looked at, here since its key holds something else, keeps the process from reading the others.
func TestNothingIsReadBeforeWhatIsPendingWasGivenAgain(t *testing.T) {
	testenv.Program(t, "give again", "redis-server", "valkey-server")
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, books := tenEntries(t, ctx, "again-later")
	const broken = "again-later:broken"
	s.streams = append(s.streams, broken)
	require.NoError(t, s.server.client.Set(ctx, broken, "not a stream", 0).Err())

	team := startOne(t, ctx, s, books)
	require.NoError(t, until(ctx, "the script has failed for seconds", 30*time.Second, func() (bool, error) {
		return strings.Count(team.logs(), "script failed") >= 6, nil
	}), team.logs())
	assert.Zero(t, books.Ended())

	require.NoError(t, s.server.client.Del(ctx, broken).Err())
	require.NoError(t, team.finish(30*time.Second), team.logs())
	assert.NoError(t, books.Report().Lossless())
}

// tenEntries is a stream with a call of each of ten people.
func tenEntries(t *testing.T, ctx context.Context, name string) (*redisSource, *ledger.Ledger) {
	t.Helper()
	const calls = 10
	server, err := testLab.redis()
	require.NoError(t, err)
	s := newRedisSource(server, name, 1, calls)
	t.Cleanup(s.close)
	require.NoError(t, s.publish(ctx, 0, calls))
	return s, ledger.New(calls, calls)
}

// startOne starts a single process on all streams of the source.
func startOne(t *testing.T, ctx context.Context, s *redisSource, books *ledger.Ledger, settings ...string) *fleet {
	t.Helper()
	team, err := testLab.newFleet(ctx, s, books, 1, settings...)
	require.NoError(t, err)
	t.Cleanup(team.discard)
	require.NoError(t, team.start(0))
	return team
}

// leave reads and acknowledges as the process did.
func (l readerLeft) leave(t *testing.T, ctx context.Context, s *redisSource) {
	t.Helper()
	stream, client := s.streams[0], s.server.client
	require.NoError(t, client.XGroupCreate(ctx, stream, consumerGroup, "0").Err())
	read, err := client.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: consumerGroup, Consumer: streamOwner, Streams: []string{stream, ">"}, Count: 8,
	}).Result()
	require.NoError(t, err)
	entries := read[0].Messages
	if l.times > 0 {
		require.NoError(t, client.Do(ctx, "XCLAIM", stream, consumerGroup, streamOwner, 0, entries[2].ID,
			"IDLE", l.idle.Milliseconds(), "RETRYCOUNT", l.times, "JUSTID").Err())
	}
	for _, place := range l.acknowledged {
		require.NoError(t, client.XAck(ctx, stream, consumerGroup, entries[place].ID).Err())
	}
	time.Sleep(l.down)
}
