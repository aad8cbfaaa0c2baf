package segmenttest

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// Server is a stand-in for the Tracking API. It is an http.Handler and safe for concurrent use.
type Server struct {
	opts Options

	// mu guards everything below. Decoding and checking of calls happen outside of it.
	mu      sync.Mutex
	st      *state
	running int
	version uint64
	changed chan struct{} // closed at the next change; nil while nobody waits
	faults  Faults
	dice    *rand.Rand
	hook    func(http.ResponseWriter, *http.Request) bool
}

// New returns a server with these options. It needs no Close.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	return &Server{opts: opts, st: newState(opts), faults: opts.Faults, dice: rand.New(rand.NewPCG(opts.Seed, opts.Seed))}
}

// Intercept sets a hook that sees every request first; when it returns true it has answered. nil removes it.
func (s *Server) Intercept(hook func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// Reset forgets all data and counters; options and faults stay.
func (s *Server) Reset() {
	s.update(func() { s.st = newState(s.opts) })
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var hook func(http.ResponseWriter, *http.Request) bool
	s.update(func() {
		s.st.stats.Requests++
		s.st.connected(r.RemoteAddr)
		hook = s.hook
	})
	if hook != nil && hook(w, r) {
		return
	}
	name, versioned := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/"), "/v1/")
	route, known := segment.Routes[name]
	switch {
	case !versioned || !known:
		write(w, unknownRoute)
	case r.Method != http.MethodPost:
		s.count(func(c *Stats) { c.Malformed++ })
		write(w, malformed)
	default:
		s.call(w, r, route)
	}
}

// call runs a request under the faults in force.
func (s *Server) call(w http.ResponseWriter, r *http.Request, route segment.Type) {
	luck := s.enter()
	defer s.leave()
	if luck.throttled {
		luck.throttle(w)
		return
	}
	body, problem := readBody(r)
	if !luck.wait(r.Context()) {
		return // the client has gone
	}
	if luck.failed != 0 {
		s.update(func() { s.st.stats.Failed++ })
		write(w, failed(luck.failed, "internal_error", "an error was ordered"))
		return
	}
	luck.write(w, r, s.handle(r, route, body, problem))
}

func (s *Server) count(change func(*Stats)) {
	s.update(func() { change(&s.st.stats) })
}

// update changes the state and tells those who wait.
func (s *Server) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.version++
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// Changed returns a channel that is closed at the next change of anything that can be inspected.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}
