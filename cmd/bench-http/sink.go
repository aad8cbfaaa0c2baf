package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// sink is where the output of the server delivers to. It can be stopped.
type sink struct {
	*httptest.Server
	ledger *ledger

	mu   sync.Mutex // guards what follows
	open chan struct{}
}

// newSink returns one that takes what it gets.
func newSink(l *ledger) *sink {
	s := &sink{ledger: l, open: make(chan struct{})}
	close(s.open)
	s.Server = httptest.NewServer(s)
	return s
}

// stall lets everything wait that comes, until it is released.
func (s *sink) stall() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := make(chan struct{})
	s.open = open
	return sync.OnceFunc(func() { close(open) })
}

// ServeHTTP enters the calls of a request into the ledger, and only then answers.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	open := s.open
	s.mu.Unlock()
	select {
	case <-open:
	case <-r.Context().Done():
		return
	}
	s.ledger.arrive(template{raw: body, ids: findIDs(body)}.messageIDs())
}
