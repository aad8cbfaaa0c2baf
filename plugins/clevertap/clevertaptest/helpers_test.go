package clevertaptest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newServer(opts clevertaptest.Options) *clevertaptest.Server {
	if opts.Now == nil {
		opts.Now = func() time.Time { return noon }
	}
	return clevertaptest.New(opts)
}

type reply struct {
	Status      string
	Processed   int
	Error       string
	Code        int
	Unprocessed []struct {
		Status string
		Code   int
		Error  string
		Record json.RawMessage
	}
}

func request(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("X-CleverTap-Account-Id", clevertaptest.DefaultAccountID)
	r.Header.Set("X-CleverTap-Passcode", clevertaptest.DefaultPasscode)
	return r
}

func post(t *testing.T, s http.Handler, path, body string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request(path, body))
	got, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.Code, string(got)
}

// upload sends records and returns the reply, which must be a 200.
func upload(t *testing.T, s http.Handler, records ...string) reply {
	t.Helper()
	status, body := post(t, s, "/1/upload", envelope(records...))
	require.Equal(t, http.StatusOK, status, body)
	var r reply
	require.NoError(t, json.Unmarshal([]byte(body), &r), body)
	return r
}

func envelope(records ...string) string { return `{"d":[` + strings.Join(records, ",") + `]}` }

func accepted(t *testing.T, s http.Handler, records ...string) {
	t.Helper()
	r := upload(t, s, records...)
	require.Empty(t, r.Unprocessed)
	require.Equal(t, "success", r.Status)
	require.Equal(t, len(records), r.Processed)
}

func profileOf(identity, data string) string {
	return fmt.Sprintf(`{"type":"profile","identity":%q,"profileData":%s}`, identity, data)
}

func eventOf(identity, name, data string) string {
	return fmt.Sprintf(`{"type":"event","identity":%q,"evtName":%q,"evtData":%s}`, identity, name, data)
}

func profile(t *testing.T, s *clevertaptest.Server, id string) clevertaptest.Profile {
	t.Helper()
	p, ok := s.Profile(id)
	require.True(t, ok, "no profile %s", id)
	return p
}
