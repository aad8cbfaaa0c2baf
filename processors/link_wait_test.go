package processors

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
)

// hungCache keeps entries. While it hangs, an Add ends when it is released, whatever the context says, and then stores its
// entry: as a server does that was stopped and goes on.
type hungCache struct {
	flakyCache
	mu   sync.Mutex
	hang chan struct{}
	adds atomic.Int32
}

func newHungCache() *hungCache {
	return &hungCache{flakyCache: flakyCache{entries: map[string][]byte{}}, hang: make(chan struct{})}
}

func (c *hungCache) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.hang)
	c.hang = nil
}

// setHang decides whether further calls hang. Those that hang already are left.
func (c *hungCache) setHang(hang chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hang = hang
}

func (c *hungCache) Add(ctx context.Context, key string, value []byte, ttl *time.Duration) error {
	c.mu.Lock()
	hang := c.hang
	c.mu.Unlock()
	c.adds.Add(1)
	if hang != nil {
		<-hang
	}
	return c.flakyCache.Add(ctx, key, value, ttl)
}

func (c *hungCache) logged(t *testing.T) (*service.Resources, *logText) {
	t.Helper()
	env := service.NewEnvironment()
	require.NoError(t, env.RegisterCache("hung", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Resources) (service.Cache, error) { return c, nil }))
	return resourcesWith(t, env, "hung: {}")
}

// identifies processes one call and returns its record and how long it took.
func identifies(t *testing.T, p *segmentToClevertap, msg *service.Message) (string, time.Duration, error) {
	t.Helper()
	began := time.Now()
	out, err := p.Process(t.Context(), msg)
	took := time.Since(began)
	if err != nil {
		return "", took, err
	}
	require.NotEmpty(t, out)
	raw, _ := out[0].AsBytes()
	return string(raw), took, nil
}

func TestIdentityCache_CallsFromSegmentHTTPWaitOnceForAHungCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newHungCache()
		mgr, log := cache.logged(t)
		p := withCache(t, mgr, "")
		other := withCache(t, mgr, "")
		began := time.Now()
		for i := range 100 {
			_, _, err := identifies(t, p, received(identifyOn("a", "u", fmt.Sprint("m", i))))
			require.ErrorContains(t, err, "identity_cache_failed")
		}
		_, _, err := identifies(t, other, received(identifyOn("a", "u", "m")))
		require.ErrorContains(t, err, "identity_cache_failed")
		assert.Equal(t, cacheMaxWait, time.Since(began), "the first one waits, the others fail at once")
		assert.EqualValues(t, 1, cache.adds.Load())

		_, took, err := identifies(t, p, received(`{"type":"track","event":"A","userId":"u","anonymousId":"a"}`))
		assert.NoError(t, err)
		assert.Zero(t, took, "a call that does not need the cache is not held up")

		cache.release()
		time.Sleep(4 * time.Second)
		record, took, err := identifies(t, p, received(identifyOn("b", "u", "m")))
		require.NoError(t, err)
		assert.True(t, isLinked(record, "b"))
		assert.Zero(t, took)
		assert.Equal(t, 1, strings.Count(log.String(), "works again"), log)
	})
}

func TestIdentityCache_LeavesTimeForTheDelivery(t *testing.T) {
	for name, test := range map[string]struct{ left, grace, want time.Duration }{
		"much is left":                     {2 * time.Second, 0, cacheMaxWait},
		"little is left":                   {200 * time.Millisecond, 0, 200 * time.Millisecond},
		"the call has queued for too long": {-time.Second, time.Millisecond, cacheMinWait},
		"so have others, and waited":       {-time.Second, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cache := newHungCache()
				mgr, _ := cache.logged(t)
				p := withCache(t, mgr, "")
				msg := received(identifyOn("a", "u", "m"))
				metadata.LimitWaiting(msg, metadata.NewWaiting(time.Now().Add(test.left), test.grace))
				_, took, err := identifies(t, p, msg)
				assert.ErrorContains(t, err, "identity_cache_failed")
				assert.Equal(t, test.want, took)
				cache.release()
			})
		})
	}
}

// A cache that answers, but slowly, holds up no request beyond what all of its calls may wait together.
func TestIdentityCache_ASlowCacheCostsARequestNoMoreThanItMayWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := &flakyCache{pause: 40 * time.Millisecond}
		p := withCache(t, cache.resources(t), "")
		waiting := metadata.NewWaiting(time.Now().Add(2*time.Second), 500*time.Millisecond)
		began, linked := time.Now(), 0
		for i := range 200 {
			msg := received(identifyOn(fmt.Sprint("a", i), fmt.Sprint("u", i), fmt.Sprint("m", i)))
			metadata.LimitWaiting(msg, waiting)
			record, _, err := identifies(t, p, msg)
			if err == nil {
				assert.True(t, isLinked(record, fmt.Sprint("a", i)))
				linked++
				continue
			}
			assert.ErrorContains(t, err, "identity_cache_failed")
		}
		assert.LessOrEqual(t, time.Since(began), 2500*time.Millisecond+cacheMinWait)
		assert.GreaterOrEqual(t, linked, 50, "those for which there was time")
	})
}

func TestIdentityCache_OneErrorIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := &flakyCache{}
		p := withCache(t, cache.resources(t), "")
		cache.failing.Store(true)
		go func() {
			time.Sleep(cacheShortPause / 2)
			cache.failing.Store(false)
		}()
		record, _, err := identifies(t, p, received(identifyOn("a", "u", "m")))
		require.NoError(t, err)
		assert.True(t, isLinked(record, "a"))
	})
}

// Nobody waits for calls from files and queues, so they do, and nothing is lost.
func TestIdentityCache_OtherCallsWaitUntilItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newHungCache()
		mgr, log := cache.logged(t)
		p := withCache(t, mgr, "")
		go func() {
			time.Sleep(30 * time.Second)
			cache.release()
		}()
		var calls sync.WaitGroup
		for i := range 4 {
			calls.Go(func() {
				device := fmt.Sprint("device-", i)
				record, took, err := identifies(t, p, service.NewMessage([]byte(identifyOn(device, "u", "m"))))
				assert.NoError(t, err)
				assert.True(t, isLinked(record, device))
				assert.Less(t, took, 40*time.Second)
			})
		}
		calls.Wait()
		assert.Equal(t, 1, strings.Count(log.String(), `the identity_cache \"ids\" fails`), log)
		assert.Equal(t, 1, strings.Count(log.String(), `the identity_cache \"ids\" works again`), log)
	})
}

// A directory that does not exist does not appear by waiting, so the log has to say what the pipeline waits for.
func TestIdentityCache_RemindsOfWhatIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mgr, log := resourcesWith(t, service.GlobalEnvironment(), "file: { directory: "+filepath.Join(t.TempDir(), "missing")+" }")
		p := withCache(t, mgr, "")
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		_, err := p.Process(ctx, service.NewMessage([]byte(identifyOn("a", "u", "m"))))
		assert.ErrorContains(t, err, "identity_cache_failed")
		assert.Error(t, ctx.Err(), "it gives up when the pipeline ends")
		assert.Equal(t, 3, strings.Count(log.String(), "check that it can be reached and is not full, and that the directory of a file cache exists"), log)
	})
}

// The entry of a call that gave up may come into the cache later. Nobody may be merged because of it.
func TestIdentityCache_AnAbandonedAddJoinsNobody(t *testing.T) {
	for _, config := range []string{"", "identity_max_links: 10"} {
		synctest.Test(t, func(t *testing.T) {
			cache := newHungCache()
			mgr, _ := cache.logged(t)
			p := withCache(t, mgr, config)
			_, _, err := identifies(t, p, received(identifyOn("device", "u1", "m1")))
			require.ErrorContains(t, err, "identity_cache_failed")
			cache.release()
			synctest.Wait()
			time.Sleep(4 * time.Second)
			record, _, err := identifies(t, p, received(identifyOn("device", "u2", "m2")))
			require.NoError(t, err)
			assert.False(t, isLinked(record, "device"), "the device is the first user's")
			record, _, err = identifies(t, p, received(identifyOn("device", "u1", "m1")))
			require.NoError(t, err)
			assert.True(t, isLinked(record, "device"), "the call itself comes again and links")
		})
	}
}

// It is not known whether the abandoned Add will take the last link, so nobody else gets it before it ends.
func TestIdentityMaxLinks_AnAbandonedAddStaysReserved(t *testing.T) {
	for name, fails := range map[string]bool{"and takes the link": false, "and gives it back": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cache := newHungCache()
				mgr, _ := cache.logged(t)
				p := withCache(t, mgr, "identity_max_links: 1")
				hang := cache.hang
				_, _, err := identifies(t, p, received(identifyOn("a", "u", "m1")))
				require.ErrorContains(t, err, "identity_cache_failed")

				cache.setHang(nil)
				time.Sleep(4 * time.Second)
				_, took, err := identifies(t, p, received(identifyOn("b", "u", "m2")))
				assert.ErrorContains(t, err, "identity_cache_failed")
				assert.Equal(t, cacheMaxWait, took, "it does not wait for the first one beyond its own time")

				cache.failing.Store(fails)
				close(hang)
				synctest.Wait()
				cache.failing.Store(false)
				time.Sleep(4 * time.Second)
				record, _, err := identifies(t, p, received(identifyOn("b", "u", "m2")))
				require.NoError(t, err)
				assert.Equal(t, fails, isLinked(record, "b"))
			})
		})
	}
}
