package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
)

// httpSource is an SDK on a server: it sends calls to segment_http, some in a request, one request after the other, and
// sends a request again until it is answered 200.
type httpSource struct {
	address string
	people  int
	books   *ledger.Ledger

	ctx   context.Context
	leave context.CancelFunc

	mu      sync.Mutex
	waiting []int // calls that were not answered yet, in order
	sending sync.Mutex
}

const (
	httpBatch    = 20
	httpPatience = 5 * time.Second // longer than the bridge takes to answer
	httpPause    = 50 * time.Millisecond
)

func newHTTPSource(people int, books *ledger.Ledger) (*httpSource, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &httpSource{address: address, people: people, books: books}
	s.ctx, s.leave = context.WithCancel(context.Background())
	return s, nil
}

func (s *httpSource) example() string { return "sdks_to_clevertap.yaml" }

func (s *httpSource) settings() []string {
	return []string{"ADDRESS=" + s.address, "SEGMENT_WRITE_KEY=TEST-WRITE-KEY", "pipeline.threads=1"}
}

// publish returns at once: the calls are sent when there is somebody to send them to.
func (s *httpSource) publish(_ context.Context, from, to int) error {
	s.mu.Lock()
	s.waiting = append(s.waiting, upTo(from, to)...)
	s.mu.Unlock()
	go s.send()
	return nil
}

func (s *httpSource) send() {
	s.sending.Lock() // one request after the other
	defer s.sending.Unlock()
	for s.ctx.Err() == nil {
		numbers := s.next()
		if len(numbers) == 0 {
			return
		}
		for !s.post(numbers) {
			// Whatever became of it, it comes again.
			s.books.GivenAgain(numbers...)
			select {
			case <-time.After(httpPause):
			case <-s.ctx.Done():
				return
			}
		}
		s.mu.Lock()
		s.waiting = s.waiting[len(numbers):]
		s.mu.Unlock()
	}
}

func (s *httpSource) next() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int(nil), s.waiting[:min(httpBatch, len(s.waiting))]...)
}

// post sends a request once and tells whether it was answered 200.
func (s *httpSource) post(numbers []int) bool {
	batch := make([]json.RawMessage, len(numbers))
	for i, n := range numbers {
		batch[i] = call(n, s.people)
	}
	body, err := json.Marshal(map[string]any{"batch": batch})
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(s.ctx, httpPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/v1/batch", bytes.NewReader(body))
	if err != nil {
		return false
	}
	request.SetBasicAuth("TEST-WRITE-KEY", "")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil && response.StatusCode == http.StatusOK
}

// unacknowledged is empty: what was not answered is entered into the books when it is sent again.
func (s *httpSource) unacknowledged(context.Context) ([]int, error) { return nil, nil }

func (s *httpSource) done(context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false, errors.New("the sender was stopped")
	}
	return len(s.waiting) == 0, nil
}

func (s *httpSource) close() { s.leave() }
