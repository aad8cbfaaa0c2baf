package inputs

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

// readBody reads and unpacks a body within the limits of size, room and time. Content types are not looked at: hardly
// any SDK sends the right one.
func (h *segmentHTTPHandler) readBody(x *exchange, held *share, answers shAnswers) ([]byte, *shAnswer) {
	body, err := h.unpack(x, held)
	switch {
	case err == nil:
		return body, nil
	case isTooLarge(err):
		return nil, answers.tooLarge
	case errors.Is(err, errNoRoom):
		return nil, answers.overload
	case errors.Is(err, errPacked):
		return nil, shPacked
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, answers.of[timedOut]
	}
	return nil, shMalformed
}

var (
	errTooLarge = errors.New("too large")
	errNoRoom   = errors.New("no room")
	errPacked   = errors.New("packed in a way that is not supported")
)

func isTooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok || errors.Is(err, errTooLarge)
}

func (h *segmentHTTPHandler) unpack(x *exchange, held *share) ([]byte, error) {
	body := x.body(h.config.maxBodyBytes)
	// A sender may announce anything.
	first := min(x.announced(), h.config.maxBodyBytes)
	whole := first
	switch strings.ToLower(x.header("Content-Encoding")) {
	case "", "identity":
	case "gzip":
		first, whole = shCallPacks*first, shBatchPacks*whole
		unpacked := gzipReaders.Get().(*gzip.Reader)
		defer gzipReaders.Put(unpacked)
		if err := unpacked.Reset(body); err != nil {
			return nil, err
		}
		body = unpacked
	default:
		return nil, errPacked
	}
	return readWithin(body, h.config.maxBodyBytes, first, whole, held)
}

const (
	// shFirstRead is the most room that a body gets before any of it has come.
	shFirstRead = 16 << 10
	shLeastRead = 512

	// shCallPacks and shBatchPacks are how much smaller a call and a batch of calls become by gzip, about.
	shCallPacks  = 3
	shBatchPacks = 10
)

// readWithin reads a body of at most so many bytes. The room for it is taken from the share: a little at first, then,
// when that is full, as much as the whole should need. Numbers that are not positive say nothing.
func readWithin(body io.Reader, limit, first, whole int, held *share) ([]byte, error) {
	var all []byte
	// The last byte is for reading the end.
	next := max(shLeastRead, min(first+1, shFirstRead))
	room := min(whole, limit) + 1
	for {
		if len(all) == cap(all) {
			if !held.take(next - cap(all)) {
				return nil, errNoRoom
			}
			all = append(make([]byte, 0, next), all...)
			next = max(room, 2*next)
		}
		n, err := body.Read(all[len(all):cap(all)])
		all = all[:len(all)+n]
		switch {
		case len(all) > limit:
			return nil, errTooLarge
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, err
		}
	}
}
