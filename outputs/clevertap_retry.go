package outputs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// maxRetryAfter caps how long CleverTap can ask one request to wait.
const maxRetryAfter = time.Minute

// clevertapRetry is the budget of one request. It is not for concurrent use.
type clevertapRetry struct {
	backoff backoff.ExponentialBackOff
	used    int
	max     int
}

func newClevertapRetry(policy backoff.ExponentialBackOff, limit int) *clevertapRetry {
	r := &clevertapRetry{backoff: policy, max: limit}
	r.backoff.Reset()
	return r
}

// delay returns how long to wait before the next attempt, false when there is none left.
func (r *clevertapRetry) delay(cause error) (time.Duration, bool) {
	if r.used >= r.max {
		return 0, false
	}
	wait := r.backoff.NextBackOff()
	if wait == backoff.Stop {
		return 0, false
	}
	r.used++
	var asked *clevertap.Error
	if errors.As(cause, &asked) {
		wait = max(wait, min(asked.RetryAfter, maxRetryAfter))
	}
	return wait, true
}

// exhausted is the failure of a request that was tried as often as allowed.
func (r *clevertapRetry) exhausted(cause error) *clevertapFailure {
	failure := failureFrom(cause)
	failure.text += fmt.Sprintf(" (attempts: %d)", r.used+1)
	return failure
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
