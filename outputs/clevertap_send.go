package outputs

import (
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
	// deleting holds a token while a delete is under way: CleverTap throttles parallel ones.
	deleting chan struct{}
}

// deliver sends one request until the fate of all its records is in the books.
func (s *clevertapSender) deliver(ctx context.Context, d *clevertapDelivery, r clevertapRequest) {
	if d.stop != nil {
		d.lose(r.items, d.stop)
		return
	}
	items := d.holdBack(r.items)
	if s.dryRun && r.route.deletes() {
		// CleverTap has no dry run for deletes.
		return
	}
	budget := newRetry(s.backoff, s.maxRetries)
	for len(items) > 0 {
		rejections, err := s.attempt(ctx, r.route, items)
		if s.splits(ctx, d, clevertapRequest{r.route, items}, err) {
			return
		}
		var again []clevertapItem
		if again, err = s.settle(d, items, rejections, err); len(again) == 0 {
			return
		}
		items = s.await(ctx, d, budget, again, err)
	}
}

// attempt sends one request once, when the rate limit allows it.
func (s *clevertapSender) attempt(ctx context.Context, route clevertapRoute, items []clevertapItem) (rejections []clevertap.Rejection, err error) {
	if route.deletes() {
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
	switch route {
	case routeDeleteIdentity, routeDeleteObjectID:
		by, ids := deleteIDs(route, items)
		err = s.client.Delete(ctx, by, ids)
	default:
		rejections, err = s.client.Upload(ctx, recordsOf(items))
	}
	s.metrics.request(time.Since(start), err)
	return rejections, err
}

// splits halves a request that was refused for something in it, until what is refused stands alone.
func (s *clevertapSender) splits(ctx context.Context, d *clevertapDelivery, r clevertapRequest, err error) bool {
	var refused *clevertap.Error
	if !errors.As(err, &refused) || !refused.NeedsSplit() || len(r.items) < 2 {
		return false
	}
	half := len(r.items) / 2
	s.deliver(ctx, d, clevertapRequest{r.route, r.items[:half]})
	s.deliver(ctx, d, clevertapRequest{r.route, r.items[half:]})
	return true
}

// settle enters the outcome of an attempt into the books. It returns what to send again, and why.
func (s *clevertapSender) settle(d *clevertapDelivery, items []clevertapItem, rejections []clevertap.Rejection, err error) ([]clevertapItem, error) {
	var failed *clevertap.Error
	switch {
	case err == nil:
		return s.settleRecords(d, items, rejections)
	case !errors.As(err, &failed):
		d.stop = failureFrom(err)
		d.lose(items, d.stop)
	case failed.Transient():
		return items, err
	case failed.Unauthorized():
		d.stop = failureFrom(err)
		d.lose(items, d.stop)
	case failed.NeedsSplit():
		s.metrics.rejection(clevertap.Code(max(failed.Code, failed.Status)))
		d.reject(items[0].index, failureFrom(err))
	default:
		d.lose(items, failureFrom(err))
	}
	return nil, nil
}

// settleRecords tells apart the records that were accepted, those that were refused for good, and those to send again.
func (s *clevertapSender) settleRecords(d *clevertapDelivery, items []clevertapItem, rejections []clevertap.Rejection) (again []clevertapItem, cause error) {
	if len(rejections) == 0 {
		s.metrics.accepted(items)
		return nil, nil
	}
	refused := make(map[int]*clevertap.Rejection, len(rejections))
	for i := range rejections {
		refused[rejections[i].Position] = &rejections[i]
	}
	accepted := make([]clevertapItem, 0, len(items))
	for position, item := range items {
		rejection := refused[position]
		switch {
		case rejection == nil:
			accepted = append(accepted, item)
		case rejection.Code.Retryable():
			again, cause = append(again, item), rejection
		default:
			s.metrics.rejection(rejection.Code)
			d.reject(item.index, failureFrom(rejection))
		}
	}
	s.metrics.accepted(accepted)
	return again, cause
}

// await waits for the next attempt and returns what to send in it: nothing, when there is none.
func (s *clevertapSender) await(ctx context.Context, d *clevertapDelivery, budget *retry, again []clevertapItem, cause error) []clevertapItem {
	wait, left := budget.delay(askedToWait(cause))
	if !left {
		d.lose(again, budget.exhausted(failureFrom(cause)))
		return nil
	}
	if err := sleep(ctx, wait); err != nil {
		d.stop = failureFrom(err)
		d.lose(again, d.stop)
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

func recordsOf(items []clevertapItem) []clevertap.Record {
	records := make([]clevertap.Record, len(items))
	for i, item := range items {
		records[i] = item.record
	}
	return records
}

func deleteIDs(route clevertapRoute, items []clevertapItem) (clevertap.DeleteBy, []string) {
	ids := make([]string, len(items))
	for i, item := range items {
		if ids[i] = item.record.Identity; route == routeDeleteObjectID {
			ids[i] = item.record.ObjectID
		}
	}
	if route == routeDeleteObjectID {
		return clevertap.DeleteByObjectID, ids
	}
	return clevertap.DeleteByIdentity, ids
}
