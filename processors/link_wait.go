package processors

import (
	"context"
	"errors"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/breaker"
	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
)

const (
	// cacheBound is how long an operation on the identity cache may take where nobody waits for the call. Clients of caches
	// have retries of their own.
	cacheBound = 5 * time.Second
	// cachePause is the time between two attempts of a call that waits for the cache.
	cachePause = 250 * time.Millisecond

	// A call whose sender waits gives the cache cacheMaxWait for all attempts together, less if the time that its receiver
	// leaves for waiting ends before, but never less than cacheMinWait: a cache that works must not look like one that fails.
	// When the calls of a request have used up their time, the rest fail at once.
	cacheMaxWait    = 500 * time.Millisecond
	cacheMinWait    = 100 * time.Millisecond
	cacheShortPause = 20 * time.Millisecond
)

// cacheBreakerKey finds the breaker of a cache among the engine's resources. All processors with one identity cache share
// it: what one of them finds out, the others need not.
type cacheBreakerKey string

func cacheBreaker(mgr *service.Resources, cache string, inMemory bool) *breaker.Breaker {
	log := mgr.Logger()
	failing := mgr.Metrics().NewGauge("segment_to_clevertap_identity_cache_failing")
	fresh := breaker.New(breaker.Settings{
		Inline: inMemory,
		// The cache's own error is left out: it may hold its address or the key.
		Failing: func() {
			log.Warnf("segment_to_clevertap: the %s %q fails: identify and alias calls that need it wait until it works, and those from "+
				"segment_http fail with %s; check that it can be reached and is not full, and that the directory of a file cache exists",
				stcFieldIdentityCache, cache, cacheFailed)
		},
		Working: func() { log.Infof("segment_to_clevertap: the %s %q works again", stcFieldIdentityCache, cache) },
		Open: func(open bool) {
			if failing.Set(0); open {
				failing.Set(1)
			}
		},
	})
	shared, found := mgr.GetOrSetGeneric(cacheBreakerKey(cache), fresh)
	if !found {
		failing.Set(0)
	}
	return shared.(*breaker.Breaker)
}

// ask asks the cache until it answers. A call from a receiver, whose sender waits, gives up in time for the delivery, and at
// once while the cache is known to fail. Any other call waits for as long as the context lasts.
func (l *linkCache) ask(ctx context.Context, origin metadata.Origin, key string, value []byte) (found, error) {
	question := func(ctx context.Context) (found, error) { return l.addOrGet(ctx, key, value) }
	if origin.Received() {
		return l.askInTime(ctx, origin.Waiting(), question)
	}
	answer, err := breaker.Do(ctx, l.breaker, cacheBound, question)
	if err == nil {
		return answer, nil
	}
	l.waiting.Incr(1)
	defer l.waiting.Decr(1)
	for err != nil && pause(ctx, cachePause) {
		answer, err = breaker.Do(ctx, l.breaker, cacheBound, question)
	}
	return answer, err
}

// askFor asks until the time is over or the cache is known to fail.
func (l *linkCache) askFor(ctx context.Context, wait time.Duration, question func(context.Context) (found, error)) (found, error) {
	end := time.Now().Add(wait)
	for {
		answer, err := breaker.Do(ctx, l.breaker, time.Until(end), question)
		if err == nil || errors.Is(err, breaker.ErrNotAsked) || time.Until(end) <= 2*cacheShortPause || !pause(ctx, cacheShortPause) {
			return answer, err
		}
	}
}

var errTimeIsUp = errors.New("the calls of the request have waited for the cache as long as they may")

// askInTime asks within the time that the request of a call leaves.
func (l *linkCache) askInTime(ctx context.Context, w *metadata.Waiting, question func(context.Context) (found, error)) (answer found, err error) {
	if w == nil {
		return l.askFor(ctx, cacheMaxWait, question) // a mapping has removed the note
	}
	began := time.Now()
	left := w.Left(began)
	if left <= 0 {
		return answer, errTimeIsUp
	}
	defer func() { w.Spend(began, time.Now()) }()
	return l.askFor(ctx, min(max(left, cacheMinWait), cacheMaxWait), question)
}

// pause is false if the context ends before the time is over.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
