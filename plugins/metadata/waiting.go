package metadata

import (
	"sync/atomic"
	"time"
)

// Waiting is how long components may have the calls of one request wait, all of them together. It is safe for concurrent
// use.
type Waiting struct {
	until time.Time
	grace atomic.Int64 // nanoseconds
}

// NewWaiting returns a Waiting that lasts until then, and leaves enough time for the delivery. What has queued for longer
// may still take the grace together, so that it can ask a cache that answers at once.
func NewWaiting(until time.Time, grace time.Duration) *Waiting {
	w := &Waiting{until: until}
	w.grace.Store(int64(grace))
	return w
}

// Left is how long a call may wait now; not positive if it may not.
func (w *Waiting) Left(now time.Time) time.Duration {
	if left := w.until.Sub(now); left > 0 {
		return left
	}
	return time.Duration(w.grace.Load())
}

// Spend takes what a call has waited after the end off the grace.
func (w *Waiting) Spend(from, to time.Time) {
	if from.Before(w.until) {
		from = w.until
	}
	if late := to.Sub(from); late > 0 {
		w.grace.Add(-int64(late))
	}
}
