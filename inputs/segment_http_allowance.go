package inputs

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
)

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

var errNoRoom = errors.New("no room")

// meteredReader takes what it reads from an allowance, and fails with errNoRoom when nothing is left.
type meteredReader struct {
	io.Reader
	share *share
}

func (r meteredReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if !r.share.take(n) {
		return 0, errNoRoom
	}
	return n, err
}

const (
	// shParsing bounds how much more memory parsing may take than the largest body. Real calls take about a quarter.
	shParsing = 24
	// shParsedValue is about what a value takes in the parser's memory, with what growing leaves behind.
	shParsedValue = 160
	// shCallBytes is about what a call takes in memory besides its content.
	shCallBytes = 1536
)

// read turns a body into messages, within what is left of the allowance.
func (h *segmentHTTPHandler) read(body []byte, held *share, in intake) (*received, *shAnswer) {
	if answer := in.verify(body); answer != nil {
		return nil, answer
	}
	parsing := &share{of: h.allowance}
	switch cost := parsingCost(body); {
	case cost > shParsing*h.config.maxBodyBytes:
		return nil, in.answers.tooLarge
	case !parsing.take(cost):
		return nil, in.answers.overload
	}
	calls, answer := h.readCalls(body, in)
	parsing.give()
	if answer == nil && !held.take(calls.size+len(calls.batch)*shCallBytes) {
		return nil, in.answers.overload
	}
	return calls, answer
}

// parsingCost bounds the memory that parsing a body takes. A body of nothing but `1,` takes eighty times its
// size.
func parsingCost(body []byte) int {
	values := 1
	for _, before := range []byte{',', '[', '{'} {
		values += bytes.Count(body, []byte{before})
	}
	return 2*len(body) + values*shParsedValue
}
