package inputs

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/breaker"
)

// dedupe keeps calls from being delivered twice. An id is put into the cache when its call has been acknowledged, not
// before: an id that is known stands for a call that was delivered. In between, the ids under way are kept here, so
// that a caller who gave up and sent the call again waits for the first attempt in place of making a second. They are known
// also while the cache fails.
type dedupe struct {
	cache accessCache
	// A cache that is full can still be read, so writes have a breaker of their own.
	reads, writes *breaker.Breaker
	ttl           time.Duration
	bound         time.Duration // for the look-ups of a request together, and again for its writes

	errors, unasked *service.MetricCounter // of calls

	mu      sync.Mutex // guards flights; never held while the cache is asked
	flights map[string]*flight
}

// flight is a call under way, or one that was delivered and whose id the cache does not have yet.
type flight struct {
	landed    chan struct{}
	delivered bool // read it after landed is closed
}

func newDedupe(c segmentHTTPConfig, cache accessCache, log *service.Logger, metrics segmentHTTPMetrics) *dedupe {
	d := &dedupe{
		cache: cache, ttl: c.dedupeTTL, bound: dedupeBound(c.timeout), flights: map[string]*flight{},
		errors: metrics.dedupeErrors, unasked: metrics.dedupeUnasked,
		reads: dedupeBreaker(c, log, "the dedupe_cache fails: until it works again, calls that come twice are delivered twice; "+
			"check that it can be reached and that it answers in time"),
		writes: dedupeBreaker(c, log, "the dedupe_cache fails to store ids: until it works again, calls that are delivered now are delivered "+
			"again if they come again; check that it can be reached, that it answers in time, and that it is not full"),
	}
	d.errors.Incr(0) // an alert on its increase needs it to exist before
	d.unasked.Incr(0)
	return d
}

func dedupeBreaker(c segmentHTTPConfig, log *service.Logger, failing string) *breaker.Breaker {
	return breaker.New(breaker.Settings{
		Inline:  c.dedupeInMemory,
		Failing: func() { log.Warn("segment_http: " + failing) },
		Working: func() { log.Info("segment_http: the dedupe_cache works again") },
	})
}

const (
	// dedupeLeastBound is what the writes of a request's last batches get in any case: a cache that works must not look like
	// one that fails.
	dedupeLeastBound = 50 * time.Millisecond

	dedupeMinBound = 200 * time.Millisecond
	dedupeMaxBound = 500 * time.Millisecond
	// dedupeStoreBound is for the writes of a request that go on when it was answered.
	dedupeStoreBound = 10 * time.Second
)

// dedupeBound leaves most of the timeout for the delivery, also when the cache takes all it may.
func dedupeBound(timeout time.Duration) time.Duration {
	return min(max(timeout/8, min(timeout/4, dedupeMinBound)), dedupeMaxBound)
}

// dedupeKey fits every cache: an id may hold anything, the name of a file among it. The parts are hashed each with its
// length, so that no id of one level is that of another.
func dedupeKey(id callID) string {
	hash := sha256.New()
	for _, part := range [...]string{id.route, id.source, id.trust.String(), id.messageID} {
		_ = binary.Write(hash, binary.BigEndian, uint64(len(part)))
		_, _ = io.WriteString(hash, part)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// claim is what one request found out about its calls.
type claim struct {
	own     map[string]*flight // by key; guarded by dedupe.mu
	waitFor []*flight
	// writing is what is left of the bound for the writes of the request, in nanoseconds: they come batch by batch.
	writing atomic.Int64
}

// claim tells which of these ids this request is to deliver. Of the others it waits for those under way.
func (d *dedupe) claim(ctx context.Context, ids []callID) (fresh []bool, c *claim) {
	fresh, c = make([]bool, len(ids)), &claim{own: map[string]*flight{}}
	c.writing.Store(int64(d.bound))
	keys := make([]string, len(ids))
	d.mu.Lock()
	for i, id := range ids {
		keys[i] = dedupeKey(id)
		if other, under := d.flights[keys[i]]; !under {
			c.own[keys[i]] = &flight{landed: make(chan struct{})}
			d.flights[keys[i]] = c.own[keys[i]]
			fresh[i] = true
		} else if c.own[keys[i]] == nil {
			c.waitFor = append(c.waitFor, other)
		}
	}
	d.mu.Unlock()
	claimed := false
	defer func() {
		if !claimed { // the cache panics; the request fails, and its calls must not be waited for for ever
			d.land(c, false, slices.Collect(maps.Keys(c.own))...)
		}
	}()
	d.settleKnown(ctx, c, keys, fresh)
	claimed = true
	return fresh, c
}

// settleKnown asks the cache for the fresh ones of these keys. Those that it knows are fresh no longer.
func (d *dedupe) settleKnown(ctx context.Context, c *claim, keys []string, fresh []bool) {
	asked := make([]string, 0, len(keys))
	for i, key := range keys {
		if fresh[i] {
			asked = append(asked, key)
		}
	}
	found, next := d.known(ctx, asked), 0
	for i := range keys {
		if !fresh[i] {
			continue
		}
		if found[next].Load() {
			fresh[i] = false
			d.land(c, true, keys[i])
		}
		next++
	}
}

const (
	// dedupeFast is how long the look-ups of a request may take one after the other: those in memory take less. A cache on
	// the network gets the rest in parallel, or a large batch would use up the time of all of them.
	dedupeFast     = time.Millisecond
	dedupeParallel = 16
)

// each calls an operation for 0 to n-1, in parallel where that takes long.
func each(n int, operate func(i int)) {
	began := time.Now()
	for i := range n {
		if n-i > 1 && time.Since(began) > dedupeFast {
			inParallel(i, n, operate)
			return
		}
		operate(i)
	}
}

func inParallel(from, to int, operate func(i int)) {
	var next atomic.Int64
	next.Store(int64(from))
	var workers sync.WaitGroup
	for range min(dedupeParallel, to-from) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < to; i = int(next.Add(1)) - 1 {
				operate(i)
			}
		})
	}
	workers.Wait()
}

// known asks the cache. A call that it does not answer for counts as new: twice is better than never.
func (d *dedupe) known(ctx context.Context, keys []string) []atomic.Bool {
	found := make([]atomic.Bool, len(keys))
	if len(keys) == 0 {
		return found
	}
	d.ask(ctx, d.reads, d.bound, len(keys), func(ctx context.Context, cache service.Cache, i int) error {
		_, err := cache.Get(ctx, keys[i])
		if errors.Is(err, service.ErrKeyNotFound) {
			return nil
		}
		found[i].Store(err == nil)
		return err
	}, nil)
	return found
}

// settle ends what a request had claimed of these calls. Ids are remembered before those who wait are told, and before
// later requests can claim them again. The cache may take longer than the bound to store them all: until then they are
// known here.
func (d *dedupe) settle(ctx context.Context, c *claim, ids []callID, delivered bool) {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = dedupeKey(id)
	}
	if !delivered {
		d.land(c, false, keys...)
		return
	}
	flights, began := d.owned(c, keys), time.Now()
	bound := max(time.Duration(c.writing.Load()), dedupeLeastBound)
	d.ask(context.WithoutCancel(ctx), d.writes, bound, len(keys), func(ctx context.Context, cache service.Cache, i int) error {
		return cache.Set(ctx, keys[i], []byte{'1'}, &d.ttl)
	}, func() { d.forget(keys, flights) })
	c.writing.Add(-int64(time.Since(began)))
	for _, f := range flights {
		f.delivered = true
		close(f.landed)
	}
}

// owned are the flights that a request has claimed.
func (d *dedupe) owned(c *claim, keys []string) []*flight {
	d.mu.Lock()
	defer d.mu.Unlock()
	flights := make([]*flight, len(keys))
	for i, key := range keys {
		flights[i] = c.own[key]
		delete(c.own, key)
	}
	return flights
}

// forget has later requests ask the cache for these keys.
func (d *dedupe) forget(keys []string, flights []*flight) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, key := range keys {
		if d.flights[key] == flights[i] {
			delete(d.flights, key)
		}
	}
}

func (d *dedupe) land(c *claim, delivered bool, keys ...string) {
	flights := d.owned(c, keys)
	d.forget(keys, flights)
	for _, f := range flights {
		f.delivered = delivered
		close(f.landed)
	}
}

// dedupeGiveUp is after how many errors in a row the rest of a request's operations are left.
const dedupeGiveUp = 3

var errDedupeFails = errors.New("the cache fails")

// operation is one of those that a request asks of the cache, by its number.
type operation func(ctx context.Context, cache service.Cache, i int) error

// ask has the cache do n operations, as many as it does in time, and counts the others. With ended they go on behind the
// bound, and ended is called, maybe twice, when none of them runs any longer.
func (d *dedupe) ask(ctx context.Context, through *breaker.Breaker, bound time.Duration, n int, operate operation, ended func()) {
	var answered atomic.Int64
	var began atomic.Bool
	_, err := breaker.Do(ctx, through, bound, func(ctx context.Context) (none struct{}, failed error) {
		began.Store(true)
		if ended != nil {
			defer ended()
			longer, done := context.WithTimeout(context.WithoutCancel(ctx), dedupeStoreBound)
			defer done()
			ctx = longer
		}
		access := d.cache(ctx, func(cache service.Cache) {
			failed = operateAll(ctx, n, &answered, through, func(i int) error { return operate(ctx, cache, i) })
		})
		return none, errors.Join(access, failed)
	})
	if ended != nil && !began.Load() {
		ended()
	}
	if errors.Is(err, breaker.ErrNotAsked) {
		d.unasked.Incr(int64(n))
	} else if failed := int64(n) - answered.Load(); failed > 0 {
		d.errors.Incr(failed)
	}
}

// operateAll calls an operation for 0 to n-1. It fails if no operation succeeds, and stops when several in a row fail.
func operateAll(ctx context.Context, n int, answered *atomic.Int64, through *breaker.Breaker, operate func(i int) error) error {
	var row atomic.Int64
	each(n, func(i int) {
		switch {
		case row.Load() >= dedupeGiveUp || ctx.Err() != nil:
		case operate(i) != nil:
			row.Add(1)
		default:
			answered.Add(1)
			through.Answered()
			row.Store(0)
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if row.Load() >= dedupeGiveUp || answered.Load() == 0 {
		return errDedupeFails
	}
	return nil
}

// wait is delivered when everything is that other requests had under way.
func (c *claim) wait(until patience, stopped <-chan struct{}) outcome {
	for _, f := range c.waitFor {
		select {
		case <-f.landed:
			if !f.delivered {
				return refused
			}
		case <-until.timer.C:
			return timedOut
		case <-stopped:
			return stopping
		}
	}
	return delivered
}
