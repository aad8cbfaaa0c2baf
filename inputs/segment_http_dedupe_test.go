package inputs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func TestDedupeRemembersAfterTheAcknowledgementOnly(t *testing.T) {
	cache := newTestCache()
	in, call := listenSegmentHTTP(t, "dedupe_cache: ids\ntimeout: 10s\nwebhook_secret: S", cache)
	far := run(t, in)

	far.fail(errors.New("no"))
	assert.Equal(t, 503, call.postTo(t, "/v1/batch", twoCalls).status)
	assert.Empty(t, cache.keys(""))

	far.fail(nil)
	assert.Equal(t, 200, call.postTo(t, "/v1/batch", twoCalls).status)
	assert.Len(t, far.rest(), 2, "a call that failed is new")
	assert.Len(t, cache.keys(""), 2)

	assert.Equal(t, `{"success":true}`, call.postTo(t, "/v1/batch", twoCalls).body)
	assert.Empty(t, far.rest())
	assert.Equal(t, 200, call.postTo(t, "/v1/batch", `{"batch":[{"type":"page","userId":"u","messageId":"m2"},{"type":"page","userId":"u","messageId":"m3"}]}`).status)
	assert.Len(t, far.rest(), 1, "of a batch that is known in part, the rest")
	assert.Equal(t, 200, call.postTo(t, "/v1/batch", `{"batch":[{"type":"page","userId":"u","messageId":"m4"},{"type":"page","userId":"u","messageId":"m4"}]}`).status)
	assert.Len(t, far.rest(), 1, "twice in one request")
	for range 2 {
		assert.Equal(t, 200, call.postTo(t, "/v1/page", onePage).status)
		assert.Len(t, far.rest(), 1, "calls without an id are all new")
	}
}

// The memory of a body is used for other bodies while its calls are under way.
func TestDedupe_KeepsTheWriteKeyOfABody(t *testing.T) {
	const keyed = `{"writeKey":"KEY","type":"page","userId":"u1","messageId":"m1"}`
	const other = `{"padding":"xxxxxxxxx","type":"page","userId":"u2","writeKey":"KEY"}`
	in, call := listenSegmentHTTP(t, "write_keys: [KEY]\ndedupe_cache: ids\ntimeout: 10s", newTestCache())
	first := call.later(t, request{path: "/v1/page", body: keyed})
	_, ackFirst := readOne(t, in)
	for range 8 {
		next := call.later(t, request{path: "/v1/page", body: other})
		_, ack := readOne(t, in)
		require.NoError(t, ack(t.Context(), nil))
		assert.Equal(t, 200, (<-next).status)
	}
	require.NoError(t, ackFirst(t.Context(), nil))
	assert.Equal(t, 200, (<-first).status)
	assert.Empty(t, in.handler.dedupe.flights)
	assert.Equal(t, 200, call.postTo(t, "/v1/page", keyed).status, "the pipeline does not read it again")
}

// A caller lost patience and comes again while its first attempt is under way.
func TestDedupeWaitsForTheFirstAttempt(t *testing.T) {
	for name, test := range map[string]struct {
		outcome error
		status  int
	}{
		"which is delivered": {nil, 200},
		"which fails":        {errors.New("no"), 503},
	} {
		t.Run(name, func(t *testing.T) {
			in, call := listenSegmentHTTP(t, "dedupe_cache: ids\ntimeout: 10s", newTestCache())
			first := call.later(t, request{path: "/v1/batch", body: twoCalls})
			batch, ack := readOne(t, in)
			require.Len(t, batch, 2)
			second := call.later(t, request{path: "/v1/batch", body: twoCalls})
			select {
			case got := <-second:
				t.Fatalf("answered before the first attempt was: %v", got)
			case <-time.After(50 * time.Millisecond):
			}
			require.NoError(t, ack(t.Context(), test.outcome))
			assert.Equal(t, test.status, (<-first).status)
			assert.Equal(t, test.status, (<-second).status)
			assert.Empty(t, in.handler.dedupe.flights)
		})
	}
}

func TestDedupeRemembersWhatIsAcknowledgedAfterTheCallerLeft(t *testing.T) {
	in, call := listenSegmentHTTP(t, "dedupe_cache: ids\ntimeout: 50ms", newTestCache())
	first := call.later(t, request{path: "/v1/batch", body: twoCalls})
	_, ack := readOne(t, in)
	assert.Equal(t, 503, (<-first).status)
	assert.Equal(t, 503, call.postTo(t, "/v1/batch", twoCalls).status, "still under way")
	require.NoError(t, ack(t.Context(), nil))
	assert.Equal(t, 200, call.postTo(t, "/v1/batch", twoCalls).status)
}

func TestDedupeForgetsWhatThePipelineNeverTook(t *testing.T) {
	in, call := listenSegmentHTTP(t, "dedupe_cache: ids\ntimeout: 50ms", newTestCache())
	assert.Equal(t, 503, call.postTo(t, "/v1/batch", twoCalls).status)
	assert.Empty(t, in.handler.dedupe.flights)
	far := run(t, in)
	assert.Equal(t, 200, call.postTo(t, "/v1/batch", twoCalls).status)
	assert.Len(t, far.rest(), 2)
}

func TestDedupeDeliversWhileTheCacheFails(t *testing.T) {
	cache := newTestCache()
	in, call := listenSegmentHTTP(t, "dedupe_cache: ids\ntimeout: 10s", cache)
	far := run(t, in)
	cache.fail = func(op, _ string) error { return errors.New("the cache is away: " + op) }
	for range 2 {
		assert.Equal(t, 200, call.postTo(t, "/v1/batch", twoCalls).status)
		assert.Len(t, far.rest(), 2, "twice is better than never")
	}
	cache.fail = nil
	for _, want := range []int{2, 0} {
		assert.Equal(t, 200, call.postTo(t, "/v1/batch", twoCalls).status)
		assert.Len(t, far.rest(), want)
	}
}

func TestDedupeKeysFitEveryCache(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := func(name string) callID {
			return callID{route: rapid.String().Draw(t, name), source: rapid.String().Draw(t, name),
				trust: segment.Trust(rapid.IntRange(0, 3).Draw(t, name)), messageID: rapid.String().Draw(t, name)}
		}
		a, b := id("a"), id("b")
		assert.Regexp(t, "^[0-9a-f]{32}$", dedupeKey(a), "no id names a file elsewhere")
		assert.Equal(t, a == b, dedupeKey(a) == dedupeKey(b))
	})
}

// A cache that takes a millisecond for each id must not use up the time of a large request.
func TestDedupe_AsksASlowCacheInParallel(t *testing.T) {
	var asked, at, most atomic.Int64
	each(500, func(int) {
		most.Store(max(most.Load(), at.Add(1)))
		time.Sleep(time.Millisecond)
		asked.Add(1)
		at.Add(-1)
	})
	assert.EqualValues(t, 500, asked.Load())
	assert.Greater(t, most.Load(), int64(4))
	assert.LessOrEqual(t, most.Load(), int64(dedupeParallel))

	seen := make([]int, 1000)
	each(len(seen), func(i int) { seen[i]++ })
	assert.NotContains(t, seen, 0)
	each(0, func(int) { t.Fatal("there is nothing") })
}

// Callers send overlapping batches at once and again until they hear 200; the pipeline refuses every third.
func TestDedupeDeliversEachCallOnce(t *testing.T) {
	in, call := listenSegmentHTTP(t, "dedupe_cache: ids\ntimeout: 10s", newTestCache())
	far := &pipeline{}
	attempts := 0
	ctx, stop := contextFor(t, time.Minute)
	var reading, callers sync.WaitGroup
	reading.Go(func() {
		for {
			batch, ack, err := in.ReadBatch(ctx)
			if err != nil {
				return
			}
			if attempts++; attempts%3 == 0 {
				_ = ack(ctx, errors.New("no"))
				continue
			}
			_ = ack(ctx, far.take(t, batch))
		}
	})
	for caller := range 16 {
		callers.Go(func() {
			for n := range 20 {
				body := fmt.Sprintf(`{"batch":[{"type":"page","userId":"u","messageId":"%d"},{"type":"page","userId":"u","messageId":"%d"}]}`, n, n+caller%4)
				for call.send(t, request{path: "/v1/b", body: body, header: http.Header{}}).status != 200 {
				}
			}
		})
	}
	callers.Wait()
	stop()
	reading.Wait()
	seen := map[any]int{}
	for _, got := range far.rest() {
		seen[got["messageId"]]++
	}
	assert.Len(t, seen, 23)
	for id, times := range seen {
		assert.Equal(t, 1, times, id)
	}
	assert.Empty(t, in.handler.dedupe.flights)
}

// A body that comes slowly leaves less time; the cache gets no more than that.
func TestDedupeAsksTheCacheNoLongerThanTheRequestMayTake(t *testing.T) {
	var asked time.Time
	cache := func(ctx context.Context, _ func(service.Cache)) error {
		asked, _ = ctx.Deadline()
		return nil
	}
	config := segmentHTTPConfig{httpConfig: httpConfig{maxRequests: 1, timeout: time.Hour}, dedupeCache: "ids", dedupeTTL: time.Minute}
	handler := newSegmentHTTPHandler(config, cache, nil, nil, time.Now)
	until := newPatience(10 * time.Millisecond)
	calls := &received{batch: service.MessageBatch{service.NewMessage(nil)}, ids: []callID{{messageID: "m1"}}}
	answer := handler.deliver(until, calls, &share{of: handler.allowance}, trackingAnswers)
	assert.Equal(t, trackingAnswers.of[timedOut], answer)
	assert.False(t, asked.IsZero())
	assert.False(t, asked.After(until.deadline))
}

// hungCache answers nobody until it is released, whatever the context says: as a client does whose server was stopped.
type hungCache struct {
	*testCache
	release    chan struct{}
	gets, sets atomic.Int64
}

func newHungCache() *hungCache {
	return &hungCache{testCache: newTestCache(), release: make(chan struct{})}
}

func (c *hungCache) Get(ctx context.Context, key string) ([]byte, error) {
	c.gets.Add(1)
	<-c.release
	return c.testCache.Get(ctx, key)
}

func (c *hungCache) Set(ctx context.Context, key string, value []byte, ttl *time.Duration) error {
	c.sets.Add(1)
	<-c.release
	return c.testCache.Set(ctx, key, value, ttl)
}

// dedupeTest is a handler with a pipeline that acknowledges at once, in a bubble of its own time.
type dedupeTest struct {
	*testing.T
	handler   *segmentHTTPHandler
	delivered atomic.Int64
}

func newDedupeTest(t *testing.T, cache service.Cache) *dedupeTest {
	t.Helper()
	access := func(_ context.Context, use func(service.Cache)) error {
		use(cache)
		return nil
	}
	config := segmentHTTPConfig{httpConfig: httpConfig{maxRequests: 100, timeout: 4 * time.Second}, dedupeCache: "ids", dedupeTTL: time.Minute}
	d := &dedupeTest{T: t, handler: newSegmentHTTPHandler(config, access, nil, nil, time.Now)}
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		for {
			select {
			case p := <-d.handler.handover.parcels:
				if p.take() {
					d.delivered.Add(int64(len(p.batch)))
					_ = p.ack(context.Background(), nil)
				}
			case <-done:
				return
			}
		}
	}()
	return d
}

// post sends calls with these ids and returns the status and how long it took.
func (d *dedupeTest) post(ids ...string) (int, time.Duration) {
	began, calls := time.Now(), &received{}
	for _, id := range ids {
		calls.add(service.NewMessage(nil), callID{messageID: id})
	}
	until := newPatience(d.handler.config.timeout)
	defer until.timer.Stop()
	answer := d.handler.deliver(until, calls, &share{of: d.handler.allowance}, trackingAnswers)
	return answer.status, time.Since(began)
}

func hundredIDs() []string {
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = fmt.Sprint("m", i)
	}
	return ids
}

func TestDedupe_AHungCacheCostsALittleOfTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newHungCache()
		d := newDedupeTest(t, cache)
		var first sync.WaitGroup
		for i := range 20 {
			first.Go(func() {
				status, took := d.post(fmt.Sprint("a", i), fmt.Sprint("b", i))
				assert.Equal(t, 200, status)
				assert.LessOrEqual(t, took, time.Second, "timeout/8 for the look-ups and timeout/8 for the writes")
			})
		}
		first.Wait()
		asked := cache.gets.Load() + cache.sets.Load()
		for i := range 20 {
			status, took := d.post(fmt.Sprint("c", i), fmt.Sprint("d", i))
			assert.Equal(t, 200, status)
			assert.Zero(t, took, "it is left alone")
		}
		assert.Equal(t, asked, cache.gets.Load()+cache.sets.Load())
		assert.EqualValues(t, 80, d.delivered.Load())
		close(cache.release)
		synctest.Wait()
		assert.Empty(t, d.handler.dedupe.flights)
	})
}

func TestDedupe_ALargeRequestAsksAHungCacheAFewTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newHungCache()
		d := newDedupeTest(t, cache)
		status, took := d.post(hundredIDs()...)
		assert.Equal(t, 200, status)
		assert.LessOrEqual(t, took, time.Second)
		close(cache.release)
		synctest.Wait()
		assert.LessOrEqual(t, cache.gets.Load(), int64(dedupeParallel), "those after the deadline are not begun")
		assert.EqualValues(t, 100, d.delivered.Load())
	})
}

func TestDedupe_AsksAgainWhenTheCacheWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newHungCache()
		d := newDedupeTest(t, cache)
		status, _ := d.post("m1")
		assert.Equal(t, 200, status)
		close(cache.release)
		time.Sleep(4 * time.Second)
		for range 2 {
			status, _ = d.post("m2")
			assert.Equal(t, 200, status)
			assert.EqualValues(t, 2, d.delivered.Load())
		}
	})
}

// What is under way is known here, whatever the cache does.
func TestDedupe_KnowsCallsUnderWayWhileTheCacheHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newHungCache()
		d := newDedupeTest(t, cache)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				status, _ := d.post("m1")
				assert.Equal(t, 200, status)
			})
		}
		both.Wait()
		assert.EqualValues(t, 1, d.delivered.Load())
		close(cache.release)
		synctest.Wait()
	})
}

func TestDedupe_LeavesACacheAloneThatFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache, asked := newTestCache(), 0
		cache.fail = func(string, string) error {
			asked++
			return errors.New("the cache is away")
		}
		d := newDedupeTest(t, cache)
		for range 10 {
			status, took := d.post(hundredIDs()...)
			assert.Equal(t, 200, status)
			assert.Zero(t, took)
		}
		assert.EqualValues(t, 1000, d.delivered.Load())
		assert.LessOrEqual(t, asked, 2*3*dedupeGiveUp, "three rows of errors are enough, for reads and for writes")
		cache.fail = nil
		time.Sleep(4 * time.Second)
		_, _ = d.post("m1")
		_, _ = d.post("m1")
		assert.EqualValues(t, 1001, d.delivered.Load())
	})
}

// slowCache takes a while for everything, more than a large request has.
type slowCache struct{ *testCache }

func (c slowCache) Set(ctx context.Context, key string, value []byte, ttl *time.Duration) error {
	time.Sleep(100 * time.Millisecond)
	return c.testCache.Set(ctx, key, value, ttl)
}

// The ids of a large request are known here until the cache has them all, and what is slow is not left alone.
func TestDedupe_KnowsWhatASlowCacheHasYetToStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDedupeTest(t, slowCache{newTestCache()})
		ids := append(hundredIDs(), "x1", "x2", "x3")
		for range 3 {
			status, took := d.post(ids...)
			assert.Equal(t, 200, status)
			assert.LessOrEqual(t, took, dedupeMaxBound)
			assert.EqualValues(t, len(ids), d.delivered.Load())
		}
		time.Sleep(dedupeStoreBound)
		synctest.Wait()
		assert.Empty(t, d.handler.dedupe.flights)
		_, _ = d.post(ids...)
		assert.EqualValues(t, len(ids), d.delivered.Load(), "now the cache knows them")
	})
}

func TestDedupe_AFullCacheIsStillRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newTestCache()
		d := newDedupeTest(t, cache)
		_, _ = d.post("m1")
		cache.fail = func(op, _ string) error {
			if op == "set" {
				return errors.New("the cache is full")
			}
			return nil
		}
		for i := range 10 {
			_, _ = d.post(fmt.Sprint("new", i))
			_, _ = d.post("m1")
		}
		assert.EqualValues(t, 11, d.delivered.Load(), "m1 is known")
	})
}

func TestDedupe_SomeErrorsCostNoMoreThanTheirCalls(t *testing.T) {
	cache := newTestCache()
	d := newDedupeTest(t, cache)
	_, _ = d.post(hundredIDs()...)
	bad := dedupeKey(callID{messageID: "m7"})
	cache.fail = func(_, key string) error {
		if key == bad {
			return errors.New("a bad entry")
		}
		return nil
	}
	for i := range 10 {
		_, _ = d.post(hundredIDs()...)
		assert.EqualValues(t, 101+i, d.delivered.Load())
	}
}

func TestDedupeBound_IsASmallPartOfTheTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		100 * time.Millisecond: 25 * time.Millisecond,
		time.Second:            200 * time.Millisecond,
		2 * time.Second:        250 * time.Millisecond,
		4 * time.Second:        500 * time.Millisecond,
		time.Minute:            500 * time.Millisecond,
	} {
		assert.Equal(t, want, dedupeBound(timeout), timeout)
	}
}

// A panic of the cache fails its request, and no later one waits for its calls.
func TestDedupe_APanicOfTheCacheLeavesNothingUnderWay(t *testing.T) {
	d := newDedupe(segmentHTTPConfig{httpConfig: httpConfig{timeout: time.Second}, dedupeTTL: time.Minute, dedupeInMemory: true},
		func(context.Context, func(service.Cache)) error { panic("a faulty cache") }, nil, newSegmentHTTPMetrics(nil))
	assert.Panics(t, func() { d.claim(t.Context(), []callID{{messageID: "m1"}, {messageID: "m2"}}) })
	assert.Empty(t, d.flights)
}
