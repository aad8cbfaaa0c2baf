package inputs

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// exportGates holds per account the requests that may still start: the cap is the account's, however many components
// of this process export from it. https://developer.clevertap.com/docs/api-request-limit
var exportGates sync.Map

func exportGate(account string) chan struct{} {
	gate, _ := exportGates.LoadOrStore(account, make(chan struct{}, clevertap.MaxConcurrentOthers))
	return gate.(chan struct{})
}

// exportPace is how long to wait, and how often.
type exportPace struct {
	// progress is the first and the longest wait for a page that is being prepared, patience their sum.
	progress, maxProgress, patience time.Duration
	// throttled is the wait after "throttled" (code 1); CleverTap's own tool waits as long.
	// https://github.com/CleverTap/clevertap-csv-download
	throttled time.Duration
	// retry and maxRetry are those after any other failure that may pass, of which there may be `retries` in a row.
	retry, maxRetry time.Duration
	retries         int
	// again is the wait before what could not be read is tried again, by an input that reads once.
	again time.Duration
}

var defaultExportPace = exportPace{
	progress: 250 * time.Millisecond, maxProgress: 5 * time.Second, patience: 20 * time.Minute,
	throttled: 30 * time.Second,
	retry:     500 * time.Millisecond, maxRetry: 30 * time.Second, retries: 8,
	again: 5 * time.Second,
}

// codeThrottled is the code of a throttled export.
const codeThrottled = 1

// exportRequester sends the requests of exports, and waits where the same request may succeed later.
type exportRequester struct {
	client  *clevertap.Client
	gate    chan struct{}
	pace    exportPace
	log     *service.Logger
	metrics exportMetrics
}

// try sends a request until it succeeds, fails for good, or has failed too often.
func (q *exportRequester) try(ctx context.Context, what string, send func(context.Context) error) error {
	waited, failures := time.Duration(0), 0
	for progress := q.pace.progress; ; {
		err := q.once(ctx, send)
		var failed *clevertap.Error
		if err == nil || !errors.As(err, &failed) || !failed.Transient() {
			return err
		}
		wait := progress
		if failed.Reason == clevertap.ReasonInProgress {
			if waited >= q.pace.patience {
				return err
			}
			waited += wait
			progress = min(2*progress, q.pace.maxProgress)
		} else {
			if failures++; failures > q.pace.retries {
				return err
			}
			wait = q.pace.after(failed, failures)
			q.log.Debugf("Trying again to %s in %v: %v", what, wait, err)
		}
		q.metrics.retry(failed.Reason)
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// once sends a request when fewer than three are under way.
func (q *exportRequester) once(ctx context.Context, send func(context.Context) error) error {
	select {
	case q.gate <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-q.gate }()
	start := time.Now()
	err := send(ctx)
	q.metrics.request(time.Since(start), err)
	return err
}

// after is the wait behind a number of failures in a row.
func (p exportPace) after(failed *clevertap.Error, failures int) time.Duration {
	if failed.Reason == clevertap.ReasonThrottled && failed.Code == codeThrottled {
		return p.throttled
	}
	return max(p.backoff(failures), min(failed.RetryAfter, p.maxRetry))
}

func (p exportPace) backoff(failures int) time.Duration {
	wait := p.retry
	for range failures - 1 {
		wait = min(2*wait, p.maxRetry)
	}
	return wait
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

func reasonIs(err error, reasons ...clevertap.Reason) bool {
	actual, known := clevertap.ReasonOf(err)
	for _, reason := range reasons {
		if known && actual == reason {
			return true
		}
	}
	return false
}
