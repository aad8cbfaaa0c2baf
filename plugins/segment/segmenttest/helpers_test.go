package segmenttest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

const success = `{"success":true}`

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newServer(opts segmenttest.Options) *segmenttest.Server {
	if opts.Now == nil {
		opts.Now = func() time.Time { return noon }
	}
	return segmenttest.New(opts)
}

func request(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.SetBasicAuth(segmenttest.DefaultWriteKey, "")
	return r
}

func do(t *testing.T, s http.Handler, r *http.Request) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.Code, string(body)
}

// taken posts a body that must be answered with a success.
func taken(t *testing.T, s http.Handler, path, body string) {
	t.Helper()
	status, reply := do(t, s, request(path, body))
	require.Equal(t, http.StatusOK, status, reply)
	require.Equal(t, success, reply)
}

func batch(calls ...string) string { return `{"batch":[` + strings.Join(calls, ",") + `]}` }

const track = `{"type":"track","userId":"u","event":"E"}`
