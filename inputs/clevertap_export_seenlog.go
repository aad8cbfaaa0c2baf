package inputs

import (
	"context"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// maxSegments is how many values the seen set may take up per day before they are compacted into one.
const maxSegments = 32

// seenLog is where seen sets are stored: per day a row of numbered segments, one for each delivered page with records of
// that day. Segments are added, so that a torn one costs no other.
type seenLog struct {
	store exportStore
	scope string
	// segments counts those of the days that were loaded.
	segments map[day]int
}

func newSeenLog(store exportStore, scope string) *seenLog {
	return &seenLog{store: store, scope: scope, segments: map[day]int{}}
}

// load reads all segments of a day in order. A torn one belongs to a page whose checkpoint was not written.
func (s *seenLog) load(ctx context.Context, d day, use func([]clevertap.Key)) error {
	for n := 0; ; n++ {
		raw, err := s.store.get(ctx, seenKey(s.scope, d, n))
		if err != nil {
			return err
		}
		if raw == nil {
			s.segments[d] = n
			return nil
		}
		if keys, whole := unseal(raw); whole {
			use(keys)
		}
	}
}

func (s *seenLog) add(ctx context.Context, d day, keys []clevertap.Key) error {
	if err := s.store.set(ctx, seenKey(s.scope, d, s.segments[d]), seal(keys)); err != nil {
		return err
	}
	s.segments[d]++
	return nil
}

// compact replaces the segments of a day by one. At every moment all entries are there, some of them twice: behind the last
// segment, then in the first, before the others go from the back.
func (s *seenLog) compact(ctx context.Context, d day) error {
	if s.segments[d] <= maxSegments {
		return nil
	}
	var all []clevertap.Key
	if err := s.load(ctx, d, func(keys []clevertap.Key) { all = append(all, keys...) }); err != nil {
		return err
	}
	if err := s.add(ctx, d, all); err != nil {
		return err
	}
	if err := s.store.set(ctx, seenKey(s.scope, d, 0), seal(all)); err != nil {
		return err
	}
	for ; s.segments[d] > 1; s.segments[d]-- {
		if err := s.store.remove(ctx, seenKey(s.scope, d, s.segments[d]-1)); err != nil {
			return err
		}
	}
	return nil
}

// drop removes a day, from the back, so that what is left after an interruption is found again.
func (s *seenLog) drop(ctx context.Context, d day) error {
	if err := s.load(ctx, d, func([]clevertap.Key) {}); err != nil {
		return err
	}
	for n := s.segments[d] - 1; n >= 0; n-- {
		if err := s.store.remove(ctx, seenKey(s.scope, d, n)); err != nil {
			return err
		}
	}
	delete(s.segments, d)
	return nil
}
