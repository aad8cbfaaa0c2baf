package inputs

import "sync/atomic"

// allowance bounds the bytes of what was taken in and has not been acknowledged.
type allowance struct {
	limit int64
	used  atomic.Int64
}

func newAllowance(limit int) *allowance { return &allowance{limit: int64(limit)} }

// share is what one request holds of an allowance. It is not safe for concurrent use, but give may come later from
// another goroutine.
type share struct {
	of   *allowance
	held int64
}

// take is false when there is not so much left.
func (s *share) take(n int) bool {
	if s.of.used.Add(int64(n)) > s.of.limit {
		s.of.used.Add(int64(-n))
		return false
	}
	s.held += int64(n)
	return true
}

// give returns everything.
func (s *share) give() {
	s.of.used.Add(-s.held)
	s.held = 0
}
