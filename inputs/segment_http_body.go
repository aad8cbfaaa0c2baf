package inputs

import (
	"bytes"
	"errors"
	"os"
	"slices"
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
	case errors.Is(err, errGrowth):
		return nil, answers.growth
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
	errGrowth = errors.New("unpacks to more than it may")
	errPacked = errors.New("packed in a way that is not supported")
)

func (h *segmentHTTPHandler) unpack(x *exchange, held *share) ([]byte, error) {
	packing := strings.ToLower(x.header("Content-Encoding"))
	if !slices.Contains([]string{"", "identity", "gzip"}, packing) {
		return nil, errPacked
	}
	sent, err := readWithin(x.body(h.config.maxBodyBytes), h.config.maxBodyBytes, x.announced(), held)
	if err != nil || packing != "gzip" {
		return sent, err
	}
	return h.gunzip(sent, held)
}

// gunzip unpacks a body that has come whole: unpacking takes 40 KB, which slow senders would hold on to.
func (h *segmentHTTPHandler) gunzip(sent []byte, held *share) ([]byte, error) {
	unpacked := gzipReaders.Get().(*gzip.Reader)
	defer gzipReaders.Put(unpacked)
	if err := unpacked.Reset(bytes.NewReader(sent)); err != nil {
		return nil, err
	}
	limit := min(h.config.maxBodyBytes, mayBecome(len(sent)))
	body, err := readWithin(unpacked, limit, shPacks*len(sent), held)
	if errors.Is(err, errTooLarge) && limit < h.config.maxBodyBytes {
		return nil, errGrowth
	}
	return body, err
}

// shPacks is how much smaller calls become by gzip, about.
const shPacks = 8
