package outputs

import (
	"context"
	"sync"
	"time"
)

// clevertapQueue keeps the order of the records that share an id, over all batches that are written at the same time.
//
// Each id has a line of the records that carry it and are not decided yet, in the order of the batches and,
// within a batch, of its messages. A record that is put into a request stays in its lines until its fate is known;
// what stands behind it goes into the same request or waits. Records only ever wait for earlier ones, and the first of
// all waits for none, so there is always one that moves. The writes of batches that share an id return in their order,
// too, so that a source hears of the earlier one first. Ids are forgotten with the last batch that had them.
//
// The mutex also guards the deliveries from when they have joined. It is not held while anything is sent.
type clevertapQueue struct {
	mu    sync.Mutex
	lines map[string]*clevertapLine
	spare []*clevertapLine
	// joined is closed when the latest batch stands in its lines.
	joined   chan struct{}
	arrivals clevertapArrivals
	handOver time.Duration
}

func newClevertapQueue() *clevertapQueue {
	q := &clevertapQueue{
		lines: map[string]*clevertapLine{}, joined: make(chan struct{}), arrivals: newClevertapArrivals(), handOver: clevertapHandOver,
	}
	close(q.joined)
	return q
}

// enter fixes a batch's place in the order, before its records are read: a large one takes longer to read than a small
// one behind it. A batch with numbers waits until those below have entered. It has to join with what is returned.
func (q *clevertapQueue) enter(ctx context.Context, numbers []uint64) (turn <-chan struct{}, joined chan<- struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(numbers) > 0 {
		q.awaitArrivals(ctx, numbers[0])
	}
	for _, number := range numbers {
		q.arrivals.arrive(number)
	}
	next := make(chan struct{})
	turn, q.joined = q.joined, next
	return turn, next
}

// awaitArrivals gives the mutex back while it waits.
func (q *clevertapQueue) awaitArrivals(ctx context.Context, number uint64) {
	arrived := q.arrivals.before(number)
	if arrived == nil {
		return
	}
	q.mu.Unlock()
	patience, cancel := context.WithTimeout(ctx, sequencePatience)
	defer cancel()
	select {
	case <-arrived:
	case <-patience.Done():
	}
	q.mu.Lock()
	q.arrivals.skip(number)
}

// join puts the records of a batch into their lines, when the batches before it have.
func (q *clevertapQueue) join(turn <-chan struct{}, joined chan<- struct{}, d *clevertapDelivery) {
	<-turn
	defer close(joined)
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, item := range d.waiting {
		for _, id := range item.record.IDs {
			q.line(item, id)
		}
	}
}

// next returns what the write of a batch is to send next, and waits until there is something. It returns nil when the
// write may return.
func (q *clevertapQueue) next(ctx context.Context, d *clevertapDelivery) *clevertapRequest {
	for {
		request, done := q.take(d)
		if request != nil || done {
			return request
		}
		select {
		case <-d.news:
		case <-ctx.Done():
			q.stop(d, nil, failureFrom(ctx.Err()))
			// What is on its way with another batch cannot be called back.
			ctx = context.WithoutCancel(ctx)
		}
	}
}

// take makes a request of records that may be sent now: those of the first one's route.
func (q *clevertapQueue) take(d *clevertapDelivery) (request *clevertapRequest, done bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	request = &clevertapRequest{owner: d}
	rest := d.waiting[:0]
	for i, item := range d.waiting {
		if request.full() {
			rest = append(rest, d.waiting[i:]...)
			break
		}
		if item.request == nil && !request.add(item) {
			rest = append(rest, item)
		}
	}
	clear(d.waiting[len(rest):])
	d.waiting = rest
	if len(request.items) == 0 {
		return nil, d.mayReturn()
	}
	request.takeAlong()
	return request, false
}

// sendable fails the items that may not be sent any more, each by the books of its batch, and returns the others.
func (q *clevertapQueue) sendable(items []*clevertapItem) []*clevertapItem {
	q.mu.Lock()
	defer q.mu.Unlock()
	rest := items[:0]
	for _, item := range items {
		if why := item.delivery.obstacle(item); why != nil {
			q.giveUp(item, why)
			continue
		}
		rest = append(rest, item)
	}
	return rest
}

// accept closes the books on delivered items.
func (q *clevertapQueue) accept(items []*clevertapItem) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, item := range items {
		q.leave(item)
	}
}

// reject fails an item that will never be taken. What follows it may go on.
func (q *clevertapQueue) reject(item *clevertapItem, why *failure) {
	q.mu.Lock()
	defer q.mu.Unlock()
	item.delivery.reject(item.index, why)
	q.leave(item)
}

// lose fails items which may or may not arrive later, in a retry by somebody else.
func (q *clevertapQueue) lose(items []*clevertapItem, why *failure) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, item := range items {
		q.giveUp(item, why)
	}
}

// stop ends a batch: the items are lost, and what it has not sent yet will not be.
func (q *clevertapQueue) stop(d *clevertapDelivery, items []*clevertapItem, why *failure) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d.stop = why
	for _, item := range items {
		q.giveUp(item, why)
	}
	for _, item := range d.waiting {
		if item.request == nil {
			q.giveUp(item, why)
		}
	}
	d.waiting = nil
}

func (q *clevertapQueue) giveUp(item *clevertapItem, why *failure) {
	item.delivery.lose(item, why)
	q.leave(item)
}
