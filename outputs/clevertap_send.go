package outputs

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// clevertapSender sends the requests of batches, trying again what may still succeed. It is safe for concurrent use.
type clevertapSender struct {
	client     *clevertap.Client
	dryRun     bool
	maxRetries int
	backoff    backoff.ExponentialBackOff
	// access waits for the rate limit.
	access  func(context.Context) error
	metrics clevertapMetrics
	outage  *outage
	queue   *clevertapQueue
	// deleting holds a token while a delete is under way: CleverTap throttles parallel ones.
	deleting chan struct{}
}

// deliver sends one request until the fate of all its records is known.
func (s *clevertapSender) deliver(ctx context.Context, r *clevertapRequest) {
	r.items = s.queue.sendable(r.items)
	if s.dryRun && r.route.deletes() {
		// CleverTap has no dry run for deletes.
		s.queue.accept(r.items)
		return
	}
	budget := newRetry(s.backoff, s.maxRetries)
	for len(r.items) > 0 {
		rejections, err := s.attempt(ctx, r)
		if s.splits(ctx, r, err) {
			return
		}
		var again []*clevertapItem
		if again, err = s.settle(r, rejections, err); len(again) == 0 {
			return
		}
		r.items = s.await(ctx, r.owner, budget, again, err)
	}
}

// attempt sends one request once, when the rate limit allows it.
func (s *clevertapSender) attempt(ctx context.Context, r *clevertapRequest) (rejections []clevertap.Rejection, err error) {
	if r.route.deletes() {
		select {
		case s.deleting <- struct{}{}:
			defer func() { <-s.deleting }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err = s.access(ctx); err != nil {
		return nil, err
	}
	start := time.Now()
	if r.route.deletes() {
		by, ids := deleteIDs(r)
		err = s.client.Delete(ctx, by, ids)
	} else {
		rejections, err = s.client.Upload(ctx, recordsOf(r.items))
	}
	s.metrics.request(time.Since(start), err)
	s.watch(err)
	return rejections, err
}

func (s *clevertapSender) watch(err error) {
	var failed *clevertap.Error
	switch {
	case err == nil:
		s.outage.worked()
	case errors.As(err, &failed) && failed.Transient():
		s.outage.failed(string(failed.Reason))
	}
}

// splits halves a request that was refused for something in it, until what is refused stands alone.
func (s *clevertapSender) splits(ctx context.Context, r *clevertapRequest, err error) bool {
	var refused *clevertap.Error
	if !errors.As(err, &refused) || !refused.NeedsSplit() || len(r.items) < 2 {
		return false
	}
	half := len(r.items) / 2
	s.deliver(ctx, &clevertapRequest{r.owner, r.route, r.items[:half]})
	s.deliver(ctx, &clevertapRequest{r.owner, r.route, r.items[half:]})
	return true
}

// settle enters the outcome of an attempt into the books. It returns what to send again, and why.
func (s *clevertapSender) settle(r *clevertapRequest, rejections []clevertap.Rejection, err error) ([]*clevertapItem, error) {
	var failed *clevertap.Error
	switch {
	case err == nil:
		return s.settleRecords(r.items, rejections)
	case !errors.As(err, &failed) || failed.Unauthorized():
		s.queue.stop(r.owner, r.items, failureFrom(err))
	case failed.Transient():
		return r.items, err
	case failed.NeedsSplit():
		s.metrics.rejection(clevertap.Code(max(failed.Code, failed.Status)))
		s.queue.reject(r.items[0], failureFrom(err))
	default:
		s.queue.lose(r.items, failureFrom(err))
	}
	return nil, nil
}

// settleRecords tells apart the records that were accepted, those that were refused for good, and those to send again.
func (s *clevertapSender) settleRecords(items []*clevertapItem, rejections []clevertap.Rejection) (again []*clevertapItem, cause error) {
	accepted := items
	if len(rejections) > 0 {
		accepted, again, cause = s.settleRejections(items, rejections)
	}
	s.metrics.accepted(accepted)
	s.queue.accept(accepted)
	return again, cause
}

func (s *clevertapSender) settleRejections(items []*clevertapItem, rejections []clevertap.Rejection) (accepted, again []*clevertapItem, cause error) {
	refused := make(map[int]*clevertap.Rejection, len(rejections))
	for i := range rejections {
		refused[rejections[i].Position] = &rejections[i]
	}
	for position, item := range items {
		rejection := refused[position]
		switch {
		case rejection == nil:
			accepted = append(accepted, item)
		case rejection.Code.Retryable():
			again, cause = append(again, item), rejection
		default:
			s.metrics.rejection(rejection.Code)
			s.queue.reject(item, failureFrom(rejection))
		}
	}
	return accepted, again, cause
}

// await waits for the next attempt and returns what to send in it: nothing, when there is none.
func (s *clevertapSender) await(ctx context.Context, owner *clevertapDelivery, budget *retry, again []*clevertapItem, cause error) []*clevertapItem {
	wait, left := budget.delay(askedToWait(cause))
	if !left {
		s.queue.lose(again, budget.exhausted(failureFrom(cause)))
		return nil
	}
	if err := sleep(ctx, wait); err != nil {
		s.queue.stop(owner, again, failureFrom(err))
		return nil
	}
	s.metrics.retry(cause)
	return again
}

// askedToWait is how long CleverTap asks to be left alone.
func askedToWait(cause error) time.Duration {
	var asked *clevertap.Error
	if errors.As(cause, &asked) {
		return asked.RetryAfter
	}
	return 0
}

func recordsOf(items []*clevertapItem) []clevertap.Record {
	records := make([]clevertap.Record, len(items))
	for i, item := range items {
		records[i] = item.record
	}
	return records
}

func deleteIDs(r *clevertapRequest) (clevertap.DeleteBy, []string) {
	by := clevertap.DeleteByIdentity
	if r.route == routeDeleteObjectID {
		by = clevertap.DeleteByObjectID
	}
	ids := make([]string, len(r.items))
	for i, item := range r.items {
		// A delete has one of them only.
		ids[i] = cmp.Or(item.record.Identity, item.record.ObjectID)
	}
	return by, ids
}
