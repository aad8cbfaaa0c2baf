package clevertaptest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Faults are troubles to order. Rates are probabilities from 0 to 1, diced per request or record with the seed of the
// options; the zero value is a healthy service.
type Faults struct {
	// Latency delays every call before anything is processed.
	Latency time.Duration
	// ErrorRate answers calls 500, nothing processed. ErrorStatus is another status to answer.
	ErrorRate   float64
	ErrorStatus int
	// ThrottleRate answers calls 429 whatever the load.
	ThrottleRate float64
	// MaxConcurrent lowers the number of parallel calls before a 429; 0 leaves the account's.
	MaxConcurrent int
	// PartialRate refuses records that are in order with 555, the one code worth a retry.
	PartialRate float64
	// CutRate processes the call and then closes the connection in the middle of the reply.
	CutRate float64
	// BlackHoleRate takes the call, processes nothing and never answers.
	BlackHoleRate float64
	// Drip sends the reply in eight pieces with this pause between them.
	Drip time.Duration
}

// Faults returns the faults in force.
func (s *Server) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// SetFaults replaces the faults in force, from the next call on.
func (s *Server) SetFaults(f Faults) {
	s.update(func() { s.faults = f })
}

// luck is what the dice have decided for one call.
type luck struct {
	latency, drip  time.Duration
	failed         int
	cut, blackHole bool
	partialRate    float64
}

func (f Faults) roll(dice *rand.Rand) luck {
	l := luck{latency: f.Latency, drip: f.Drip, partialRate: f.PartialRate}
	if hit(dice, f.ErrorRate) {
		l.failed = f.ErrorStatus
		orInt(&l.failed, http.StatusInternalServerError)
	}
	l.cut = hit(dice, f.CutRate)
	l.blackHole = hit(dice, f.BlackHoleRate)
	return l
}

func hit(dice *rand.Rand, rate float64) bool { return rate > 0 && dice.Float64() < rate }

// gate counts the calls that run in parallel. The server's mutex guards it.
type gate struct {
	limit, running int
}

// enter lets a call in, or counts it as throttled.
func (s *Server) enter(g *gate) (l luck, ok bool) {
	s.update(func() {
		limit := g.limit
		if s.faults.MaxConcurrent > 0 {
			limit = min(limit, s.faults.MaxConcurrent)
		}
		if g.running >= limit || hit(s.dice, s.faults.ThrottleRate) {
			s.st.stats.Throttled++
			return
		}
		g.running++
		s.st.stats.MaxInFlight = max(s.st.stats.MaxInFlight, s.uploads.running+s.others.running)
		l, ok = s.faults.roll(s.dice), true
	})
	return l, ok
}

func (s *Server) leave(g *gate) {
	s.update(func() { g.running-- })
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
