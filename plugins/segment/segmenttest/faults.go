package segmenttest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/faulty"
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
	return faulty.Pause(ctx, l.latency)
}

func (l luck) write(w http.ResponseWriter, r *http.Request, a answer) {
	part := func(body []byte) { write(w, answer{a.status, body}) }
	switch {
	case l.cut:
		faulty.Cut(w, a.body, part)
	case l.drip > 0:
		faulty.Drip(w, r, l.drip, a.body, part)
	default:
		write(w, a)
	}
}
