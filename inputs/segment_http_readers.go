package inputs

import (
	"bytes"
	"sync"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// shReaderLife is how many values a reader reads before it is let go. Its memory never shrinks: it grows with the
// largest body and, place by place, with the largest object that any body had there.
const shReaderLife = 1 << 18

const (
	// shParsing bounds how much more memory parsing may take than the largest body. Real calls take about a quarter.
	shParsing = 32
	// shParsedValue is about what a value takes in the parser's memory, with what growing leaves behind.
	shParsedValue = 160
	// shIDCopies is how many copies of an id there are beside the content.
	shIDCopies = 2
	// shCallBytes is about what a call takes in memory besides its content.
	shCallBytes = 1536
)

// callReader holds the memory that it takes to read the calls of a body.
type callReader struct {
	parser segment.Parser
	call   segment.Call // one call of the body
	passed []byte       // the same as it is passed on
	read   int          // values so far, at most
}

// callReaders keeps readers from one request to the next.
type callReaders struct{ pool sync.Pool }

func (p *callReaders) take() *callReader {
	if kept, ok := p.pool.Get().(*callReader); ok {
		return kept
	}
	return new(callReader)
}

// give takes a reader back that has read so many values.
func (p *callReaders) give(r *callReader, values int) {
	if r.read += values; r.read > shReaderLife {
		return
	}
	if cap(r.passed) > 2*segment.MaxCallBytes {
		r.passed = nil
	}
	p.pool.Put(r)
}

// read turns a body into messages of at most so many bytes, within what is left of the allowance. What parsing takes is counted beforehand: a
// body of nothing but `1,` takes eighty times its size.
func (h *segmentHTTPHandler) read(body []byte, limit int, held *share, in intake) (*received, *shAnswer) {
	if in.verify != nil {
		if answer := in.verify(body); answer != nil {
			return nil, answer
		}
		held.prove()
	}
	values := countValues(body)
	parsing := &share{of: h.allowance, stranger: held.stranger}
	defer parsing.give()
	switch cost := 2*len(body) + values*shParsedValue; {
	case cost > shParsing*h.config.maxBodyBytes:
		return nil, in.answers.tooLarge
	case !parsing.take(cost):
		return nil, in.answers.overload
	}
	reader := h.readers.take()
	calls, answer := h.readCalls(reader, body, limit, in)
	h.readers.give(reader, values)
	parsing.give()
	held.give() // the calls hold nothing of the body
	held.prove()
	if answer == nil && !held.take(calls.memory()) {
		return nil, in.answers.overload
	}
	return calls, answer
}

// countValues is how many values a body holds at most.
func countValues(body []byte) int {
	values := 1
	for _, before := range []byte{',', '[', '{'} {
		values += bytes.Count(body, []byte{before})
	}
	return values
}
