package segmenttest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

func send(ctx context.Context, url string) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/track", strings.NewReader(track))
	if err != nil {
		return 0, "", err
	}
	r.SetBasicAuth(segmenttest.DefaultWriteKey, "")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw), err
}

func TestErrorsOnOrder(t *testing.T) {
	for _, test := range []struct {
		faults segmenttest.Faults
		status int
	}{
		{segmenttest.Faults{ErrorRate: 1}, 500},
		{segmenttest.Faults{ErrorRate: 1, ErrorStatus: 503}, 503},
		{segmenttest.Faults{ThrottleRate: 1, RetryAfter: 7}, 429},
	} {
		s := newServer(segmenttest.Options{})
		s.SetFaults(test.faults)
		assert.Equal(t, test.faults, s.Faults())
		w := httptest.NewRecorder()
		s.ServeHTTP(w, request("/v1/track", track))
		assert.Equal(t, test.status, w.Code)
		assert.Empty(t, s.Calls())
		if test.status == 429 {
			assert.Equal(t, "7", w.Header().Get("Retry-After"))
			assert.Equal(t, "7", w.Header().Get("X-RateLimit-Reset"))
		}
		s.SetFaults(segmenttest.Faults{})
		taken(t, s, "/v1/track", track)
	}
}

func TestCutRepliesAreProcessed(t *testing.T) {
	s := newServer(segmenttest.Options{Faults: segmenttest.Faults{CutRate: 1}})
	server := httptest.NewServer(s)
	defer server.Close()
	_, body, err := send(t.Context(), server.URL)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, success[:len(success)/2], body)
	assert.Len(t, s.Calls(), 1)
}

func TestSlowRepliesAreWhole(t *testing.T) {
	server := httptest.NewServer(newServer(segmenttest.Options{Faults: segmenttest.Faults{Drip: time.Millisecond}}))
	defer server.Close()
	_, body, err := send(t.Context(), server.URL)
	require.NoError(t, err)
	assert.Equal(t, success, body)
}

func TestBlackHolesSwallow(t *testing.T) {
	s := newServer(segmenttest.Options{Faults: segmenttest.Faults{BlackHoleRate: 1}})
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, _, err := send(ctx, server.URL)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Empty(t, s.Calls())
}

func TestParallelRequestsAndConnections(t *testing.T) {
	s := newServer(segmenttest.Options{Faults: segmenttest.Faults{Latency: 300 * time.Millisecond, MaxConcurrent: 3}})
	server := httptest.NewServer(s)
	defer server.Close()
	var requests sync.WaitGroup
	for range 5 {
		requests.Go(func() { _, _, _ = send(t.Context(), server.URL) })
	}
	requests.Wait()
	stats := s.Stats()
	assert.GreaterOrEqual(t, stats.MaxInFlight, 4)
	assert.GreaterOrEqual(t, stats.Connections, int64(4))
	assert.EqualValues(t, 2, stats.Throttled)
}

func TestInterceptAnswersFirst(t *testing.T) {
	s := newServer(segmenttest.Options{})
	s.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusTeapot)
		return true
	})
	status, _ := do(t, s, request("/v1/track", track))
	assert.Equal(t, http.StatusTeapot, status)
	s.Intercept(nil)
	taken(t, s, "/v1/track", track)
	assert.EqualValues(t, 2, s.Stats().Requests)
}
