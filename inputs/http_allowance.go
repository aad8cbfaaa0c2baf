package inputs

import "sync/atomic"

const (
	// allowanceKept is the part of an allowance, one in so many, that only small shares may use: a few large requests do
	// not turn away all others.
	allowanceKept = 4
	// allowanceSmall is the largest small share, one in so many of the allowance. That is 512 KB of 64 MB, which some
	// twenty calls of an app need.
	allowanceSmall = 128
	// allowanceStrangers is the part of an allowance, one in so many, that may be held for senders who have not shown a
	// key or a signature yet.
	allowanceStrangers = 4
)

// allowance bounds the bytes of what was taken in and has not been acknowledged.
type allowance struct {
	limit int64
	used  atomic.Int64
	// strangers is their part; nil in the part itself.
	strangers *allowance
}

// newAllowance returns one of so many bytes, or of more, so that a request of the largest size always has room.
func newAllowance(limit, largest int) *allowance {
	strangers := max(limit/allowanceStrangers, roomFor(largest))
	return &allowance{limit: int64(max(limit, strangers)), strangers: &allowance{limit: int64(strangers)}}
}

// roomFor is the least allowance of which a large share may be so many bytes.
func roomFor(largest int) int {
	return (largest*allowanceKept + allowanceKept - 2) / (allowanceKept - 1)
}

// add is false when there is not so much left for somebody who holds that many bytes already.
func (a *allowance) add(held, n int64) bool {
	limit := a.limit
	if held+n > limit/allowanceSmall {
		limit -= limit / allowanceKept
	}
	if a.used.Add(n) > limit {
		a.used.Add(-n)
		return false
	}
	return true
}

// share is what one request holds of an allowance. It is not safe for concurrent use, but give may come later from
// another goroutine.
type share struct {
	of *allowance
	// stranger is true until the sender has shown a key or a signature.
	stranger bool
	held     int64
	passedOn bool
}

// take is false when there is not so much left.
func (s *share) take(n int) bool {
	if s.stranger && !s.of.strangers.add(s.held, int64(n)) {
		return false
	}
	if !s.of.add(s.held, int64(n)) {
		if s.stranger {
			s.of.strangers.used.Add(int64(-n))
		}
		return false
	}
	s.held += int64(n)
	return true
}

// prove notes that the sender is no stranger.
func (s *share) prove() {
	if s.stranger {
		s.of.strangers.used.Add(-s.held)
		s.stranger = false
	}
}

// give returns everything.
func (s *share) give() {
	if s.stranger {
		s.of.strangers.used.Add(-s.held)
	}
	s.of.used.Add(-s.held)
	s.held = 0
}

// passOn leaves it to whoever acknowledges the request to give the share.
func (s *share) passOn() { s.passedOn = true }

// end gives the share unless it was passed on. To be deferred, since a panic must not keep it.
func (s *share) end() {
	if !s.passedOn {
		s.give()
	}
}
