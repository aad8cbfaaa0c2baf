package outputs

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/segmentio/analytics-go/v3"

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// never is longer than any write takes.
const never = 24 * time.Hour

// segmentDelivery keeps the books of one batch.
type segmentDelivery struct {
	failedMessages
	// stop is why nothing more can be sent.
	stop *failure
}

// segmentSender sends the calls of batches through analytics-go. It is safe for concurrent use.
//
// The library queues and sends the calls of one request and tells the outcome of each. What it would do to them on the
// way is kept from it: it sees stand-ins, and segmentTransport puts the calls in their place and does all retrying.
type segmentSender struct {
	source     fields.SegmentConfig
	http       *http.Transport
	maxRetries int
	backoff    backoff.ExponentialBackOff
	// access waits for the rate limit.
	access  func(context.Context) error
	metrics segmentMetrics
	outage  *outage
}

// deliver sends one request until the fate of all its calls is in the books.
func (s *segmentSender) deliver(ctx context.Context, d *segmentDelivery, calls []segmentCall) {
	if d.stop != nil {
		for i := range calls {
			d.reject(calls[i].index, d.stop)
		}
		return
	}
	var halves []segmentCall
	for i, trouble := range s.send(ctx, calls) {
		switch {
		case trouble == nil:
			s.metrics.accepted(calls[i].kind)
		case trouble.splits && len(calls) > 1:
			halves = append(halves, calls[i])
		case trouble.splits || trouble.invalid:
			s.reject(d, calls[i].index, trouble.failure)
		default:
			d.reject(calls[i].index, trouble.failure)
			if trouble.stops {
				d.stop = trouble.failure
			}
		}
	}
	// The call at fault will stand alone in the end, and the others arrive without it.
	if half := len(halves) / 2; half > 0 {
		s.deliver(ctx, d, halves[:half])
		s.deliver(ctx, d, halves[half:])
	} else if len(halves) > 0 {
		s.deliver(ctx, d, halves)
	}
}

// reject fails a call that will never be taken.
func (s *segmentSender) reject(d *segmentDelivery, index int, why *failure) {
	s.metrics.rejected.Incr(1, why.reason)
	d.reject(index, why)
}

// send gives the calls of one request to a client of the library, and returns the outcome of each: nil when Segment has
// accepted it.
//
// A client serves one request and is closed after it: closing sends at once, waits for all outcomes, and ends the
// library's own retries after the first attempt, which is the transport's last.
// https://github.com/segmentio/analytics-go/blob/v3.3.0/analytics.go
func (s *segmentSender) send(ctx context.Context, calls []segmentCall) []*segmentTrouble {
	outcomes := newSegmentOutcomes(len(calls))
	client, err := analytics.NewWithConfig(s.source.WriteKey, analytics.Config{
		Endpoint:   s.source.Endpoint,
		Transport:  &segmentTransport{ctx: ctx, sender: s, calls: calls, outcomes: outcomes},
		Callback:   outcomes,
		Logger:     segmentSilence{},
		BatchSize:  len(calls),
		Interval:   never,
		RetryAfter: func(int) time.Duration { return never },
	})
	if err != nil {
		return outcomes.list
	}
	for i := range calls {
		if err := client.Enqueue(calls[i].message(i)); err != nil {
			outcomes.settle(i, segmentRefused(err))
		}
	}
	// Its error only tells that it was closed before.
	_ = client.Close()
	return outcomes.list
}

// segmentRefused is what the library finds wrong with a call. Its text would quote the value.
func segmentRefused(err error) *segmentTrouble {
	var field analytics.FieldError
	if errors.As(err, &field) {
		return &segmentTrouble{failure: newSegmentFailure(string(segment.IDRequired), field.Type+"."+field.Name+" is missing"), invalid: true}
	}
	return segmentUntold()
}

// segmentUntold is the outcome of a call that the library has told nothing about.
func segmentUntold() *segmentTrouble {
	return &segmentTrouble{failure: newSegmentFailure(reasonUnclearReply, "the outcome of the call is not known")}
}

// segmentOutcomes receives the library's callbacks, from its goroutines.
type segmentOutcomes struct {
	mu   sync.Mutex
	list []*segmentTrouble
	// found holds what the transport knows of a failure. The library's error would lose it: after ten seconds it says
	// that its own time is over, whatever the transport has returned.
	found map[int]*segmentTrouble
}

func newSegmentOutcomes(n int) *segmentOutcomes {
	o := &segmentOutcomes{list: make([]*segmentTrouble, n), found: map[int]*segmentTrouble{}}
	for i := range o.list {
		o.list[i] = segmentUntold()
	}
	return o
}

// note remembers why a request will fail.
func (o *segmentOutcomes) note(positions []int, trouble *segmentTrouble) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, i := range positions {
		o.found[i] = trouble
	}
}

func (o *segmentOutcomes) settle(position int, trouble *segmentTrouble) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if position >= 0 && position < len(o.list) {
		o.list[position] = trouble
	}
}

// Success is called for a call that Segment has accepted.
func (o *segmentOutcomes) Success(m analytics.Message) {
	if position, err := positionOf(m); err == nil {
		o.settle(position, nil)
	}
}

// Failure is called for a call that was given up.
func (o *segmentOutcomes) Failure(m analytics.Message, _ error) {
	position, err := positionOf(m)
	if err != nil {
		return
	}
	o.mu.Lock()
	trouble := o.found[position]
	o.mu.Unlock()
	if trouble == nil {
		trouble = segmentUntold()
	}
	o.settle(position, trouble)
}

// segmentSilence drops what the library logs: failures are returned, and not logged as well.
type segmentSilence struct{}

func (segmentSilence) Logf(string, ...any)   {}
func (segmentSilence) Errorf(string, ...any) {}
