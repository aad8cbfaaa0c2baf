package clevertaptest

import (
	"crypto/subtle"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
)

// Server is a stand-in for CleverTap's API. It is an http.Handler and safe for concurrent use.
type Server struct {
	opts      Options
	discarded map[string]bool
	uploads   gate
	others    gate

	// mu guards everything below. Decoding and checking of records happen outside of it.
	mu      sync.Mutex
	st      *state
	version uint64
	changed chan struct{} // closed at the next change; nil while nobody waits
	faults  Faults
	dice    *rand.Rand
	hook    func(http.ResponseWriter, *http.Request) bool
}

// New returns a server with these options. It needs no Close.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	s := &Server{
		opts: opts, discarded: map[string]bool{}, st: newState(opts), faults: opts.Faults,
		dice: rand.New(rand.NewPCG(opts.Seed, opts.Seed)),
	}
	for _, name := range opts.DiscardedEvents {
		s.discarded[eventKey(name)] = true
	}
	s.uploads.limit, s.others.limit = opts.MaxConcurrentUploads, opts.MaxConcurrentOthers
	return s
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

// endpoint is one call of the API.
type endpoint struct {
	gate   *gate
	get    bool // GET is also taken
	handle func(r *http.Request, body []byte, luck luck) answer
}

func (s *Server) endpoint(path string) (endpoint, bool) {
	switch path {
	case "/1/upload":
		return endpoint{&s.uploads, false, s.upload}, true
	case "/1/delete/profiles.json":
		return endpoint{&s.others, false, s.deleteProfiles}, true
	case "/1/events.json":
		return endpoint{&s.others, true, s.exportOf(eventExport)}, true
	case "/1/profiles.json":
		return endpoint{&s.others, true, s.exportOf(profileExport)}, true
	case "/getSchema":
		return endpoint{&s.others, true, s.schema}, true
	}
	return endpoint{}, false
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var hook func(http.ResponseWriter, *http.Request) bool
	s.update(func() {
		s.st.stats.Requests++
		hook = s.hook
	})
	if hook != nil && hook(w, r) {
		return
	}
	e, ok := s.endpoint(r.URL.Path)
	switch {
	case !ok && s.opts.UnknownPath404:
		write(w, failure(http.StatusNotFound, "Not found"))
	case !ok: // the API answers unknown paths with an empty 200
		w.WriteHeader(http.StatusOK)
	case r.Method != http.MethodPost && (!e.get || r.Method != http.MethodGet):
		write(w, failure(http.StatusMethodNotAllowed, "Method not allowed"))
	case !s.authorized(r):
		s.count(func(c *Stats) { c.Unauthorized++ })
		write(w, failure(http.StatusUnauthorized, textCredentials))
	default:
		s.call(w, r, e)
	}
}

func (s *Server) authorized(r *http.Request) bool {
	account := equal(r.Header.Get("X-CleverTap-Account-Id"), s.opts.AccountID)
	passcode := equal(r.Header.Get("X-CleverTap-Passcode"), s.opts.Passcode)
	return account && passcode
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// call runs an authorized call within the account's concurrency and under the faults in force.
func (s *Server) call(w http.ResponseWriter, r *http.Request, e endpoint) {
	luck, entered := s.enter(e.gate)
	if !entered {
		write(w, failure(http.StatusTooManyRequests, textThrottled))
		return
	}
	defer s.leave(e.gate)
	body, err := s.readBody(w, r)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		write(w, failure(http.StatusRequestEntityTooLarge, "Request too large"))
		return
	}
	if err != nil || !luck.wait(r.Context()) {
		return // the client has gone
	}
	if luck.failed != 0 {
		s.count(func(c *Stats) { c.Failed++ })
		write(w, failure(luck.failed, textServerError))
		return
	}
	reply := e.handle(r, body, luck)
	luck.write(w, r, reply)
}

func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if s.opts.MaxBodyBytes > 0 {
		r.Body = http.MaxBytesReader(w, r.Body, s.opts.MaxBodyBytes)
	}
	return io.ReadAll(r.Body)
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// touch marks a change; the caller holds mu.
func (s *Server) touch() uint64 {
	s.version++
	return s.version
}

// update changes the state and tells those who wait.
func (s *Server) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.touch()
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

func (s *Server) count(change func(*Stats)) {
	s.update(func() { change(&s.st.stats) })
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
