package segmenttest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Faults are troubles to order. Rates are probabilities from 0 to 1, diced per request with the seed of the options; the
// zero value is a healthy service.
type Faults struct {
	// Latency delays every request before anything is processed.
	Latency time.Duration `json:"latency"`
	// ErrorRate answers requests 500, nothing processed. ErrorStatus is another status to answer.
	ErrorRate   float64 `json:"errorRate"`
	ErrorStatus int     `json:"errorStatus"`
	// ThrottleRate answers requests 429, nothing processed; so does a request that is more than MaxConcurrent (0 = no
	// limit). RetryAfter is how many seconds the answer asks to wait.
	ThrottleRate  float64 `json:"throttleRate"`
	MaxConcurrent int     `json:"maxConcurrent"`
	RetryAfter    int     `json:"retryAfter"`
	// CutRate processes the request and then closes the connection in the middle of the reply.
	CutRate float64 `json:"cutRate"`
	// BlackHoleRate takes the request, processes nothing and never answers.
	BlackHoleRate float64 `json:"blackHoleRate"`
	// Drip sends the reply in eight pieces with this pause between them.
	Drip time.Duration `json:"drip"`
}

// Faults returns the faults in force.
func (s *Server) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// SetFaults replaces the faults in force, from the next request on.
func (s *Server) SetFaults(f Faults) {
	s.update(func() { s.faults = f })
}

// luck is what the dice have decided for one request.
type luck struct {
	latency, drip  time.Duration
	failed         int
	throttled      bool
	retryAfter     int
	cut, blackHole bool
}

func (f Faults) roll(dice *rand.Rand) luck {
	l := luck{latency: f.Latency, drip: f.Drip, retryAfter: f.RetryAfter}
	l.throttled = hit(dice, f.ThrottleRate)
	if hit(dice, f.ErrorRate) {
		l.failed = f.ErrorStatus
		orInt(&l.failed, http.StatusInternalServerError)
	}
	l.cut = hit(dice, f.CutRate)
	l.blackHole = hit(dice, f.BlackHoleRate)
	return l
}

func hit(dice *rand.Rand, rate float64) bool { return rate > 0 && dice.Float64() < rate }

// enter counts a request in and throws the dice for it.
func (s *Server) enter() (l luck) {
	s.update(func() {
		s.running++
		s.st.stats.MaxInFlight = max(s.st.stats.MaxInFlight, s.running)
		l = s.faults.roll(s.dice)
		if limit := s.faults.MaxConcurrent; limit > 0 && s.running > limit {
			l.throttled = true
		}
		if l.throttled {
			s.st.stats.Throttled++
		}
	})
	return l
}

func (s *Server) leave() {
	s.update(func() { s.running-- })
}

// throttle answers 429. Both headers are in seconds to wait.
// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#rate-limits
func (l luck) throttle(w http.ResponseWriter) {
	seconds := strconv.Itoa(l.retryAfter)
	w.Header().Set("Retry-After", seconds)
	w.Header().Set("X-RateLimit-Reset", seconds)
	write(w, throttled)
}

// wait lets the latency pass; false when the client has gone meanwhile.
func (l luck) wait(ctx context.Context) bool {
	if l.blackHole {
		<-ctx.Done()
		return false
	}
	return pause(ctx, l.latency)
}

func pause(ctx context.Context, d time.Duration) bool {
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

func (l luck) write(w http.ResponseWriter, r *http.Request, a answer) {
	if !l.cut && l.drip <= 0 {
		write(w, a)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	control := http.NewResponseController(w)
	if l.cut {
		write(w, answer{a.status, a.body[:len(a.body)/2]})
		_ = control.Flush()
		panic(http.ErrAbortHandler) // closes the connection, which is the fault that was ordered
	}
	size := max(1, len(a.body)/8)
	write(w, answer{a.status, a.body[:size]})
	for rest := a.body[size:]; len(rest) > 0 && pause(r.Context(), l.drip); {
		_ = control.Flush()
		n := min(size, len(rest))
		_, _ = w.Write(rest[:n])
		rest = rest[n:]
	}
}
