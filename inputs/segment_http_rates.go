package inputs

import (
	"time"

	"golang.org/x/time/rate"
)

// rateLimits bounds the calls per second of each write key. Where any key is taken all share one limit: a stranger can
// invent as many as they like. A nil one bounds nothing.
type rateLimits struct {
	now   func() time.Time
	keys  map[secretHash]*rate.Limiter
	other *rate.Limiter // nil where only the keys above are taken
}

// newRateLimits returns nil for a limit of 0.
func newRateLimits(perSecond int, keys []secretHash, now func() time.Time) *rateLimits {
	if perSecond == 0 {
		return nil
	}
	limiter := func() *rate.Limiter { return rate.NewLimiter(rate.Limit(perSecond), perSecond) }
	limits := &rateLimits{now: now, keys: map[secretHash]*rate.Limiter{}}
	for _, key := range keys {
		limits.keys[key] = limiter()
	}
	if len(keys) == 0 {
		limits.other = limiter()
	}
	return limits
}

func (l *rateLimits) of(key string) *rate.Limiter {
	if l.other != nil {
		return l.other
	}
	return l.keys[newSecret(key)]
}

// exhausted reports, before a body is read, whether not even one call of a valid key would be allowed.
func (l *rateLimits) exhausted(key string) bool {
	return l != nil && l.of(key).TokensAt(l.now()) < 1
}

// rateDebt bounds what a request of more calls than the limit costs those behind it, in seconds: a small body can hold very
// many of what need not even be calls.
const rateDebt = 5

// allow is asked with a key that may send. It counts the calls of a request, at least one, all or none. A request of more
// calls than the limit is allowed after a quiet second, and those that follow wait for its calls, for some seconds at most.
func (l *rateLimits) allow(key string, calls int) bool {
	if l == nil {
		return true
	}
	limiter := l.of(key)
	now, burst := l.now(), limiter.Burst()
	if !limiter.AllowN(now, min(max(calls, 1), burst)) {
		return false
	}
	for calls = min(calls, rateDebt*burst) - burst; calls > 0; calls -= burst {
		limiter.ReserveN(now, min(calls, burst))
	}
	return true
}
