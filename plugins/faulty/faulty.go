// Package faulty breaks HTTP replies on order, for the stand-ins of both services.
package faulty

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// Pause waits for d; false when the client has gone meanwhile.
func Pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Cut sends half of the body and closes the connection. Write sends the head of the reply with the first part of its
// body.
func Cut(w http.ResponseWriter, body []byte, write func(part []byte)) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler) // closes the connection, which is the fault that was ordered
}

// Drip sends the body in about eight parts with a pause before each but the first.
func Drip(w http.ResponseWriter, r *http.Request, pause time.Duration, body []byte, write func(part []byte)) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	size := min(len(body), max(1, len(body)/8))
	write(body[:size])
	for rest := body[size:]; len(rest) > 0 && Pause(r.Context(), pause); {
		_ = http.NewResponseController(w).Flush()
		n := min(size, len(rest))
		_, _ = w.Write(rest[:n])
		rest = rest[n:]
	}
}
