package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// tap stands between an SDK and segment_http, changes nothing and notes what passes.
type tap struct {
	URL string

	mu        sync.Mutex
	exchanges []exchange
}

// exchange is a request and the status of its answer.
type exchange struct {
	method, path string
	messageIDs   []string
	status       int
}

func newTap(t *testing.T, address string) *tap {
	tap := &tap{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: address})
			r.Out.Host = r.In.Host
		},
		Transport: tap,
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	tap.URL = server.URL
	return tap
}

// RoundTrip hands a request on.
func (p *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	seen := exchange{method: r.Method, path: r.URL.Path, messageIDs: messageIDs(body)}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		seen.status = response.StatusCode
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exchanges = append(p.exchanges, seen)
	return response, err
}

// messageIDs reads those of a batch, or that of the call which stands alone.
func messageIDs(body []byte) (ids []string) {
	type call struct{ MessageID string }
	var request struct {
		call
		Batch []call
	}
	_ = json.Unmarshal(body, &request) // preflights and requests for settings have none
	for _, c := range append(request.Batch, request.call) {
		if c.MessageID != "" && (len(request.Batch) == 0 || c != request.call) { // Go's SDK gives its batches an id, too
			ids = append(ids, c.MessageID)
		}
	}
	return ids
}

// requests returns what has passed with this method.
func (p *tap) requests(method string) []exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.exchanges), func(e exchange) bool { return e.method != method })
}

// routes returns the paths to which was posted, each once and sorted.
func (p *tap) routes() []string {
	paths := map[string]bool{}
	for _, e := range p.requests(http.MethodPost) {
		paths[e.path] = true
	}
	return slices.Sorted(maps.Keys(paths))
}

// refused counts the requests that were told to come again.
func (p *tap) refused() (n int) {
	for _, e := range p.requests(http.MethodPost) {
		if e.status != http.StatusOK {
			n++
		}
	}
	return n
}

// answers are how each call was answered, by its message id: one status for every time it came.
func (p *tap) answers() map[string][]int {
	statuses := map[string][]int{}
	for _, e := range p.requests(http.MethodPost) {
		for _, id := range e.messageIDs {
			statuses[id] = append(statuses[id], e.status)
		}
	}
	return statuses
}

// delivered counts the calls that were answered with a success.
func (p *tap) delivered() (n int) {
	for _, all := range p.answers() {
		if slices.Contains(all, http.StatusOK) {
			n++
		}
	}
	return n
}

// assertDelivered checks that each call of an SDK was answered with a success, in the end and only once: it gave up
// none and repeated none that was delivered.
func (p *tap) assertDelivered(t *testing.T, calls int) {
	t.Helper()
	statuses := p.answers()
	assert.Len(t, statuses, calls)
	for id, all := range statuses {
		assert.Equal(t, len(all)-1, slices.Index(all, http.StatusOK), "%s: %v", id, all)
	}
}
