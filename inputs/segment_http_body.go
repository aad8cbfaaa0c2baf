package inputs

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

// readBody reads and unpacks a body within the limits of size, room and time. Content types are not looked at: hardly
// any SDK sends the right one.
func (h *segmentHTTPHandler) readBody(
	ctx context.Context, w http.ResponseWriter, r *http.Request, held *share, answers shAnswers,
) ([]byte, *shAnswer) {
	deadline, _ := ctx.Deadline()
	connection := http.NewResponseController(w)
	// Where it is not supported, the server's own and longer limit holds.
	_ = connection.SetReadDeadline(deadline)
	body, err := h.unpack(http.MaxBytesReader(w, r.Body, int64(h.config.maxBodyBytes)), r.Header.Get("Content-Encoding"), held)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		// From now on the server reads only to learn whether the caller is still there.
		_ = connection.SetReadDeadline(time.Time{})
		return body, nil
	case errors.As(err, &tooLarge), errors.Is(err, errTooLarge):
		return nil, answers.tooLarge
	case errors.Is(err, errNoRoom):
		return nil, answers.overload
	case errors.Is(err, errPacked):
		return nil, shPacked
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, answers.of[timedOut]
	case ctx.Err() != nil:
		return nil, answers.of[gaveUp(ctx)]
	}
	return nil, shMalformed
}

var (
	errTooLarge = errors.New("too large")
	errPacked   = errors.New("packed in a way that is not supported")
)

func (h *segmentHTTPHandler) unpack(body io.Reader, encoding string, held *share) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "", "identity":
	case "gzip":
		unpacked := gzipReaders.Get().(*gzip.Reader)
		defer gzipReaders.Put(unpacked)
		if err := unpacked.Reset(body); err != nil {
			return nil, err
		}
		body = unpacked
	default:
		return nil, errPacked
	}
	var all bytes.Buffer
	n, err := all.ReadFrom(meteredReader{io.LimitReader(body, int64(h.config.maxBodyBytes)+1), held})
	switch {
	case err != nil:
		return nil, err
	case n > int64(h.config.maxBodyBytes):
		return nil, errTooLarge
	}
	return all.Bytes(), nil
}
