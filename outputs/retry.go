package outputs

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// maxRetryAfter caps how long a service can ask one request to wait.
const maxRetryAfter = time.Minute

// retry is the budget of one request. It is not for concurrent use.
type retry struct {
	backoff backoff.ExponentialBackOff
	used    int
	max     int
}

func newRetry(policy backoff.ExponentialBackOff, limit int) *retry {
	r := &retry{backoff: policy, max: limit}
	r.backoff.Reset()
	return r
}

// delay returns how long to wait before the next attempt, false when there is none left. Asked is how long the service
// wants to be left alone.
func (r *retry) delay(asked time.Duration) (time.Duration, bool) {
	if r.used >= r.max {
		return 0, false
	}
	wait := r.backoff.NextBackOff()
	if wait == backoff.Stop {
		return 0, false
	}
	r.used++
	return max(wait, min(asked, maxRetryAfter)), true
}

// exhausted tells in a failure that the request was tried as often as allowed.
func (r *retry) exhausted(f *failure) *failure {
	f.text += fmt.Sprintf(" (attempts: %d)", r.used+1)
	return f
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
