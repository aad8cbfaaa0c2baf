package outputs

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// course is what becomes of one record, and how long after it was sent.
type course struct {
	record string
	takes  time.Duration
	fate   string // accepted, rejected, lost or unauthorized
}

// plan is a batch and, if it is to be interrupted, when.
type plan struct {
	courses   []course
	interrupt time.Duration
}

// written is when the write of a batch has returned, and when it had nothing more to do: the fate of its records was
// known, and its own requests were done.
type written struct{ returned, done time.Duration }

// stage plays plans on a queue in virtual time.
type stage struct {
	queue   *clevertapQueue
	start   time.Time
	mu      sync.Mutex
	of      map[*clevertapDelivery]int
	plans   []plan
	results []written
	open    []int // records whose fate is not decided
}

// perform writes the batches, each when the one before has joined, at most so many at once. It returns when all have,
// and nothing of them is left.
func perform(t *testing.T, inFlight int, plans ...plan) (results []written) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{
			queue: newClevertapQueue(), start: time.Now(), of: map[*clevertapDelivery]int{}, plans: plans,
			results: make([]written, len(plans)), open: make([]int, len(plans)),
		}
		slots := make(chan struct{}, inFlight)
		for i := range plans {
			slots <- struct{}{}
			go func() {
				s.write(i)
				<-slots
			}()
			synctest.Wait()
		}
		for range inFlight {
			slots <- struct{}{}
		}
		requireForgotten(t, s.queue)
		results = s.results
	})
	return results
}

// write does what WriteBatch does.
func (s *stage) write(i int) {
	ctx := context.Background()
	if s.plans[i].interrupt > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadline(ctx, s.start.Add(s.plans[i].interrupt))
		defer stop()
	}
	turn, done := s.queue.enter(ctx, nil)
	delivery := newClevertapDelivery(batchOf(records(s.plans[i])...))
	s.mu.Lock()
	s.of[delivery], s.open[i] = i, delivery.undecided
	s.mu.Unlock()
	s.busy(i, 0)
	s.queue.join(turn, done, delivery)
	for request := s.queue.next(ctx, delivery); request != nil; request = s.queue.next(ctx, delivery) {
		s.deliver(ctx, request)
		s.busy(i, 0)
	}
	s.queue.returns(delivery)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results[i].returned = time.Since(s.start)
	if s.open[i] > 0 { // they were lost with the interruption
		s.results[i].done = max(s.results[i].done, s.plans[i].interrupt)
	}
}

// busy notes that a batch had something to do until now, and how many of its records were decided.
func (s *stage) busy(i, decided int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results[i].done = time.Since(s.start)
	s.open[i] -= decided
}

// deliver decides the records of a request one after the other, as an answer and those to later attempts do.
func (s *stage) deliver(ctx context.Context, r *clevertapRequest) {
	begun := time.Now()
	all := slices.Clone(r.items)
	items := s.queue.sendable(slices.Clone(all))
	for _, item := range all {
		if !slices.Contains(items, item) {
			s.busy(s.batch(item), 1)
		}
	}
	slices.SortStableFunc(items, func(a, b *clevertapItem) int { return int(s.course(a).takes - s.course(b).takes) })
	why := newClevertapFailure("server_error", "503")
	for i, item := range items {
		if sleep(ctx, time.Until(begun.Add(s.course(item).takes))) != nil {
			for _, item := range items[i:] {
				s.busy(s.batch(item), 1)
			}
			s.queue.stop(r.owner, items[i:], failureFrom(ctx.Err()))
			return
		}
		s.busy(s.batch(item), 1)
		switch s.course(item).fate {
		case "accepted":
			s.queue.accept([]*clevertapItem{item})
		case "rejected":
			s.queue.reject(item, why)
		case "lost":
			s.queue.lose([]*clevertapItem{item}, why)
		case "unauthorized":
			s.queue.stop(r.owner, items[i:], why)
			return
		}
	}
}

func (s *stage) course(item *clevertapItem) course { return s.plans[s.batch(item)].courses[item.index] }

func (s *stage) batch(item *clevertapItem) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[item.delivery]
}

func records(p plan) []string {
	list := make([]string, len(p.courses))
	for i, c := range p.courses {
		list[i] = c.record
	}
	return list
}
