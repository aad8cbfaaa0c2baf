package inputs

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// dedupe keeps calls from being delivered twice. An id is put into the cache when its call has been acknowledged, not
// before: an id that is known stands for a call that was delivered. In between, the ids under way are kept here, so
// that a caller who lost patience and came again waits for the first attempt in place of making a second.
type dedupe struct {
	cache   accessCache
	ttl     time.Duration
	timeout time.Duration
	errors  *service.MetricCounter
	log     *service.Logger
	failing atomic.Bool

	mu      sync.Mutex // guards flights; never held while the cache is asked
	flights map[string]*flight
}

// flight is a call under way.
type flight struct {
	landed    chan struct{}
	delivered bool // read it after landed is closed
}

func newDedupe(cache accessCache, ttl, timeout time.Duration, log *service.Logger, errors *service.MetricCounter) *dedupe {
	return &dedupe{
		// For all ids of a request together: a cache that does not answer must leave time for the delivery.
		cache: cache, ttl: ttl, timeout: timeout / 4, errors: errors, log: log, flights: map[string]*flight{},
	}
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
}

// claim tells which of these ids this request is to deliver. Of the others it waits for those under way.
func (d *dedupe) claim(ctx context.Context, ids []callID) (fresh []bool, c *claim) {
	fresh, c = make([]bool, len(ids)), &claim{own: map[string]*flight{}}
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
	ctx, done := context.WithTimeout(ctx, d.timeout)
	defer done()
	each(len(ids), func(i int) {
		if fresh[i] && d.known(ctx, keys[i]) {
			fresh[i] = false
			d.land(c, keys[i], true)
		}
	})
	return fresh, c
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

// known asks the cache. When it fails the call counts as new: twice is better than never.
func (d *dedupe) known(ctx context.Context, key string) (found bool) {
	d.use(ctx, func(cache service.Cache) error {
		_, err := cache.Get(ctx, key)
		if found = err == nil; errors.Is(err, service.ErrKeyNotFound) {
			return nil
		}
		return err
	})
	return found
}

// settle ends what a request had claimed of these calls. Ids are remembered before those who wait are told, and before
// later requests can claim them again.
func (d *dedupe) settle(ctx context.Context, c *claim, ids []callID, delivered bool) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), d.timeout)
	defer done()
	each(len(ids), func(i int) {
		key := dedupeKey(ids[i])
		if delivered {
			d.use(ctx, func(cache service.Cache) error {
				return cache.Set(ctx, key, []byte{'1'}, &d.ttl)
			})
		}
		d.land(c, key, delivered)
	})
}

func (d *dedupe) land(c *claim, key string, delivered bool) {
	d.mu.Lock()
	f := c.own[key]
	delete(c.own, key)
	delete(d.flights, key)
	d.mu.Unlock()
	f.delivered = delivered
	close(f.landed)
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

// use runs one operation on the cache. Failures are counted, and logged when they begin.
func (d *dedupe) use(ctx context.Context, operation func(service.Cache) error) {
	var failed error
	if err := d.cache(ctx, func(cache service.Cache) { failed = operation(cache) }); err != nil {
		failed = err
	}
	if failed == nil {
		d.failing.Store(false)
		return
	}
	d.errors.Incr(1)
	if !d.failing.Swap(true) {
		d.log.Warn("segment_http: the dedupe_cache fails; until it works again, calls that come twice are delivered twice")
	}
}
