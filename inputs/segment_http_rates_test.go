package inputs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRateLimits(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	limits := newRateLimits(10, []secretHash{newSecret("WEB"), newSecret("APP")}, now)
	pass := func(d time.Duration) { at = at.Add(d) }

	t.Run("a burst of one second", func(t *testing.T) {
		for range 10 {
			assert.True(t, limits.allow("WEB", 1))
		}
		assert.False(t, limits.allow("WEB", 1))
		assert.True(t, limits.exhausted("WEB"))
	})
	t.Run("each key by itself", func(t *testing.T) {
		assert.False(t, limits.exhausted("APP"))
		assert.True(t, limits.allow("APP", 10))
	})
	t.Run("the limit per second", func(t *testing.T) {
		pass(500 * time.Millisecond)
		assert.False(t, limits.allow("WEB", 6), "all of a request's calls or none")
		assert.True(t, limits.allow("WEB", 5))
		assert.True(t, limits.exhausted("WEB"))
	})
	t.Run("a request without calls counts as one", func(t *testing.T) {
		pass(time.Second)
		for range 10 {
			assert.True(t, limits.allow("WEB", 0))
		}
		assert.False(t, limits.allow("WEB", 0))
	})
	t.Run("a request of more calls than the limit needs a quiet second, and is paid for", func(t *testing.T) {
		pass(900 * time.Millisecond)
		assert.False(t, limits.allow("WEB", 35))
		pass(100 * time.Millisecond)
		assert.True(t, limits.allow("WEB", 35))
		pass(2500 * time.Millisecond)
		assert.True(t, limits.exhausted("WEB"))
		pass(100 * time.Millisecond)
		assert.False(t, limits.exhausted("WEB"))
	})
	t.Run("the wait behind a request is bounded, however many calls it holds", func(t *testing.T) {
		pass(10 * time.Second)
		assert.True(t, limits.allow("WEB", 90_000))
		pass(3900 * time.Millisecond)
		assert.True(t, limits.exhausted("WEB"))
		pass(200 * time.Millisecond)
		assert.False(t, limits.exhausted("WEB"))
	})
	t.Run("0 is no limit", func(t *testing.T) {
		none := newRateLimits(0, nil, now)
		assert.True(t, none.allow("ANY", 1<<20))
		assert.False(t, none.exhausted("ANY"))
	})
	t.Run("where any key is taken, all share one limit", func(t *testing.T) {
		open := newRateLimits(1, nil, now)
		assert.True(t, open.allow("ONE", 1))
		assert.False(t, open.allow("ANOTHER", 1))
	})
}

func TestSegmentHTTPRateLimit(t *testing.T) {
	in, call := listenSegmentHTTP(t, "write_keys: [KEY, OTHER]\nwebhook_secret: S\nrate_limit: 2", nil)
	far := run(t, in)
	in.handler.rates.now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	for name, key := range map[string]request{
		"in the header": {path: "/v1/batch", body: twoCalls, header: basic("KEY:")},
		"in the body":   {path: "/v1/batch", body: `{"writeKey":"OTHER",` + twoCalls[1:]},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, 200, call.send(t, key).status)
			assert.Len(t, far.rest(), 2)
			limited := call.send(t, key)
			assert.Equal(t, 429, limited.status)
			assert.Contains(t, limited.body, "rate_limited")
			assert.NotEmpty(t, limited.header.Get("Retry-After"))
			assert.Empty(t, far.rest())
		})
	}
	for range 5 {
		assert.Equal(t, 200, call.hook(t, onePage[:len(onePage)-1]+`,"type":"page"}`, "S").status, "webhooks have no limit")
	}
}

func TestSegmentHTTPRateLimit_MustNotBeNegative(t *testing.T) {
	_, err := parseSegmentHTTP(t, "rate_limit: -1", nil)
	require.ErrorContains(t, err, "rate_limit must not be negative")
}
