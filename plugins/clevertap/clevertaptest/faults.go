package clevertaptest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/faulty"
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
