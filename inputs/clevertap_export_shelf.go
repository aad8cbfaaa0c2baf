package inputs

import (
	"context"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// maxVolumes is how many values the book may take up per day before they are joined into one.
const maxVolumes = 32

// shelf is where books are stored: per day a row of numbered volumes, one for each delivered page with records of
// that day. Volumes are added, so that a torn one costs no other.
type shelf struct {
	store exportStore
	scope string
	// volumes counts those of the days that were loaded.
	volumes map[day]int
}

func newShelf(store exportStore, scope string) *shelf {
	return &shelf{store: store, scope: scope, volumes: map[day]int{}}
}

// load reads all volumes of a day in order. A torn one belongs to a page whose checkpoint was not written.
func (s *shelf) load(ctx context.Context, d day, use func([]clevertap.Key)) error {
	for n := 0; ; n++ {
		raw, err := s.store.get(ctx, bookKey(s.scope, d, n))
		if err != nil {
			return err
		}
		if raw == nil {
			s.volumes[d] = n
			return nil
		}
		if keys, whole := unseal(raw); whole {
			use(keys)
		}
	}
}

func (s *shelf) add(ctx context.Context, d day, keys []clevertap.Key) error {
	if err := s.store.set(ctx, bookKey(s.scope, d, s.volumes[d]), seal(keys)); err != nil {
		return err
	}
	s.volumes[d]++
	return nil
}

// join replaces the volumes of a day by one. At every moment all entries are there, some of them twice: behind the last
// volume, then in the first, before the others go from the back.
func (s *shelf) join(ctx context.Context, d day) error {
	if s.volumes[d] <= maxVolumes {
		return nil
	}
	var all []clevertap.Key
	if err := s.load(ctx, d, func(keys []clevertap.Key) { all = append(all, keys...) }); err != nil {
		return err
	}
	if err := s.add(ctx, d, all); err != nil {
		return err
	}
	if err := s.store.set(ctx, bookKey(s.scope, d, 0), seal(all)); err != nil {
		return err
	}
	for ; s.volumes[d] > 1; s.volumes[d]-- {
		if err := s.store.remove(ctx, bookKey(s.scope, d, s.volumes[d]-1)); err != nil {
			return err
		}
	}
	return nil
}

// clear removes a day, from the back, so that what is left after an interruption is found again.
func (s *shelf) clear(ctx context.Context, d day) error {
	if err := s.load(ctx, d, func([]clevertap.Key) {}); err != nil {
		return err
	}
	for n := s.volumes[d] - 1; n >= 0; n-- {
		if err := s.store.remove(ctx, bookKey(s.scope, d, n)); err != nil {
			return err
		}
	}
	delete(s.volumes, d)
	return nil
}
