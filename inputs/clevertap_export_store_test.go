package inputs

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

func storeOn(c *testCache) exportStore {
	return exportStore{prefix: "p", access: func(_ context.Context, use func(service.Cache) error) error { return use(c) }}
}

func TestATornCheckpointLeavesTheOneBefore(t *testing.T) {
	cache := newTestCache()
	store := storeOn(cache)
	_, found, err := store.checkpoint(t.Context(), "s")
	require.NoError(t, err)
	assert.False(t, found)
	c := checkpoint{Version: checkpointVersion, Next: 20260301}
	require.NoError(t, store.saveCheckpoint(t.Context(), "s", &c))
	c.Next = 20260302
	require.NoError(t, store.saveCheckpoint(t.Context(), "s", &c))
	got, found, err := store.checkpoint(t.Context(), "s")
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, c, got)

	for range 2 {
		cache.tear = func(string) bool { return true }
		later := c
		later.Next = 20260303
		require.Error(t, store.saveCheckpoint(t.Context(), "s", &later))
		cache.tear = nil
		got, found, err = store.checkpoint(t.Context(), "s")
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, c, got)
	}
	for _, key := range cache.keys("") {
		cache.values[key] = []byte("{")
	}
	_, _, err = store.checkpoint(t.Context(), "s")
	assert.ErrorContains(t, err, "both of its copies are unreadable")
}

func TestACheckpointOfAnotherVersionIsRefused(t *testing.T) {
	cache := newTestCache()
	cache.values[slotKey("s", 0)] = []byte(`{"version":2}`)
	_, _, err := storeOn(cache).checkpoint(t.Context(), "s")
	assert.ErrorContains(t, err, "checkpoint_unusable: it has version 2")
}

func TestSealedListsAreToldFromBrokenOnes(t *testing.T) {
	for _, keys := range [][]clevertap.Key{{}, {{1}}, {{1}, {2}, {3}}} {
		sealed := seal(keys)
		got, whole := unseal(sealed)
		assert.True(t, whole)
		assert.Equal(t, keys, got)
		for size := range len(sealed) {
			_, whole = unseal(sealed[:size])
			assert.False(t, whole, size)
		}
	}
}

// compact is interrupted before each of its writes; whatever is left must still be the whole seen set.
func TestJoiningVolumesLosesNothingWhenInterrupted(t *testing.T) {
	for stop := 0; ; stop++ {
		cache := newTestCache()
		s := newSeenLog(storeOn(cache), "s")
		require.NoError(t, s.load(t.Context(), 20260301, nil))
		for i := range byte(maxSegments + 1) {
			require.NoError(t, s.add(t.Context(), 20260301, []clevertap.Key{{i}}))
		}
		left := stop
		cache.fail = func(op, _ string) error {
			if op != "get" {
				if left--; left < 0 {
					return errors.New("killed")
				}
			}
			return nil
		}
		err := s.compact(t.Context(), 20260301)
		cache.fail = nil
		b := newSeenSet(false)
		again := newSeenLog(storeOn(cache), "s")
		require.NoError(t, again.load(t.Context(), 20260301, b.load))
		require.Len(t, b.delivered, maxSegments+1, stop)
		if err == nil {
			assert.Equal(t, 1, again.segments[20260301])
			require.NoError(t, again.drop(t.Context(), 20260301))
			assert.Empty(t, cache.keys(""))
			return
		}
	}
}

func TestManyPollsTakeFewValues(t *testing.T) {
	x := newExportTest(t, "UTC")
	r := x.events("event_names: [Bought]\npoll_interval: 1ms\n")
	for i := range 100 {
		x.seed(bought("a", i, x.clock.Now()))
		batch, ack, err := r.read(t.Context())
		require.NoError(t, err)
		require.Len(t, batch, 1)
		require.NoError(t, ack(t.Context(), nil))
		x.clock.turn(time.Minute)
	}
	assert.LessOrEqual(t, len(x.cache.keys("20260310_")), maxSegments)
	assert.Empty(t, x.rest(x.events("event_names: [Bought]\n")))
}

func TestAMissingPageOfTheWalkMeansReadingAgain(t *testing.T) {
	x := newExportTest(t, "UTC", append(manyBought(100), manyBought(50)...)...)
	r := x.events("event_names: [Bought]\nbatch_size: 23\n")
	var seen []string
	for range 3 {
		batch, ack, err := r.read(t.Context())
		require.NoError(t, err)
		require.NoError(t, ack(t.Context(), nil))
		seen = append(seen, texts(batch)...)
	}
	keys := x.cache.keys("_walk_1")
	require.Len(t, keys, 1)
	require.True(t, strings.HasSuffix(keys[0], "_walk_1"))
	require.NoError(t, x.cache.Delete(t.Context(), keys[0]))
	seen = append(seen, texts(x.rest(x.events("event_names: [Bought]\nbatch_size: 23\n"))...)...)
	assert.Len(t, seen, 150)
	assert.Len(t, unique(seen), 150)
}
