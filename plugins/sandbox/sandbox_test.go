package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/sandbox"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

type update struct {
	Cursor    string
	Reset     bool
	CleverTap clevertaptest.View
	Segment   segmenttest.View
}

func do(t *testing.T, s http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:8095"
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func upload(t *testing.T, s http.Handler, records ...string) {
	t.Helper()
	w := do(t, s, http.MethodPost, "/1/upload", `{"d":[`+strings.Join(records, ",")+`]}`,
		"X-CleverTap-Account-Id", "TEST-ACCOUNT", "X-CleverTap-Passcode", "TEST-PASSCODE", "Host", "sandbox:8095")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
}

func event(identity, name string) string {
	return fmt.Sprintf(`{"type":"event","identity":%q,"evtName":%q,"evtData":{"n":1}}`, identity, name)
}

func get[T any](t *testing.T, s http.Handler, target string) (v T) {
	t.Helper()
	w := do(t, s, http.MethodGet, target, "")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	return v
}

func TestPageIsSelfContained(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	w := do(t, s, http.MethodGet, "/", "")
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Header().Get("Content-Type"), "text/html")
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
	for name, kind := range map[string]string{
		"style.css": "text/css", "app.js": "javascript", "calls.js": "javascript", "counters.js": "javascript",
		"data.js": "javascript", "dom.js": "javascript", "faults.js": "javascript", "list.js": "javascript",
		"people.js": "javascript", "rows.js": "javascript", "settings.js": "javascript",
	} {
		w := do(t, s, http.MethodGet, "/sandbox/web/"+name, "")
		require.Equal(t, http.StatusOK, w.Code, name)
		require.Contains(t, w.Header().Get("Content-Type"), kind)
		require.NotContains(t, w.Body.String(), "innerHTML", "data must never become markup")
		require.NotContains(t, w.Body.String(), "https://")
	}
	for _, path := range []string{"/sandbox/web/", "/sandbox/web/none.js", "/sandbox/none", "/favicon.ico"} {
		require.Equal(t, http.StatusNotFound, do(t, s, http.MethodGet, path, "").Code, path)
	}
	require.Empty(t, do(t, s, http.MethodPost, "/1/unknown", "").Body.String(), "other paths are the API's")
}

func TestStateCatchesUp(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	upload(t, s, event("ann", "First"), event("bob", "Second"), `{"type":"x"}`)
	all := get[update](t, s, "/sandbox/state")
	require.True(t, all.Reset)
	require.Len(t, all.CleverTap.Events, 2)
	require.Len(t, all.CleverTap.Profiles, 2)
	require.Len(t, all.CleverTap.Rejections, 1)
	require.EqualValues(t, 3, all.CleverTap.Stats.Records)

	none := get[update](t, s, "/sandbox/state?since="+url.QueryEscape(all.Cursor))
	require.False(t, none.Reset)
	require.Empty(t, none.CleverTap.Events)
	require.Empty(t, none.CleverTap.Profiles)

	upload(t, s, event("bob", "Third"))
	next := get[update](t, s, "/sandbox/state?since="+url.QueryEscape(none.Cursor))
	require.Len(t, next.CleverTap.Events, 1)
	require.Equal(t, "Third", next.CleverTap.Events[0].Name)
	require.Len(t, next.CleverTap.Profiles, 1)

	require.Equal(t, http.StatusNoContent, do(t, s, http.MethodPost, "/sandbox/reset", "").Code)
	again := get[update](t, s, "/sandbox/state?since="+url.QueryEscape(next.Cursor))
	require.True(t, again.Reset)
	require.Empty(t, again.CleverTap.Events)
	require.True(t, get[update](t, s, "/sandbox/state?since=nonsense").Reset)
}

func TestLongListsComeInPages(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	records := make([]string, 1000)
	for i := range records {
		records[i] = event(fmt.Sprint("u", i), "Many")
	}
	upload(t, s, records...)
	first := get[update](t, s, "/sandbox/state?limit=100000")
	require.Len(t, first.CleverTap.Events, 300)
	require.Len(t, first.CleverTap.Profiles, 300)
	oldest := first.CleverTap.Events[0].Seq
	older := get[[]clevertaptest.Event](t, s, fmt.Sprintf("/sandbox/state?limit=50&before=%d", oldest))
	require.Len(t, older, 50)
	require.Equal(t, oldest-1, older[49].Seq)
}

func TestProfilesAreFound(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	upload(t, s, event("ann", "First"), `{"type":"profile","identity":"ann","profileData":{"Name":"<script>alert(1)</script>"}}`)
	require.Len(t, get[[]clevertaptest.Profile](t, s, "/sandbox/profiles?q=SCRIPT"), 1)
	require.Empty(t, get[[]clevertaptest.Profile](t, s, "/sandbox/profiles?q=bob"))
	got := get[struct {
		Profile clevertaptest.Profile
		Events  []clevertaptest.Event
	}](t, s, "/sandbox/profile?id=ann")
	require.Equal(t, "<script>alert(1)</script>", got.Profile.Attributes["Name"])
	require.Len(t, got.Events, 1)
	require.Equal(t, http.StatusNotFound, do(t, s, http.MethodGet, "/sandbox/profile?id=bob", "").Code)
}

func TestFaultsFromThePage(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	w := do(t, s, http.MethodPost, "/sandbox/faults", `{"latency":"1ms","error_rate":1,"rate_limit":2}`)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{
		"latency":"1ms","drip":"0s","error_rate":1,"partial_failures":0,"lost_replies":0,"no_reply":0,"rate_limit":2,
		"segment":{"latency":"0s","drip":"0s","error_rate":0,"throttled":0,"lost_replies":0,"no_reply":0,"rate_limit":0}}`,
		w.Body.String())
	require.Equal(t, clevertaptest.Faults{Latency: time.Millisecond, ErrorRate: 1, MaxConcurrent: 2}, s.CleverTap().Faults())
	for _, body := range []string{
		`{"error_rate":1.5}`, `{"latency":"soon"}`, `{"latency":"-1s"}`, `{"rate_limit":-1}`, `{"unknown":1}`, `{`,
	} {
		require.Equal(t, http.StatusBadRequest, do(t, s, http.MethodPost, "/sandbox/faults", body).Code, body)
	}
	require.InDelta(t, 1, get[sandbox.Faults](t, s, "/sandbox/faults").ErrorRate, 0)
}

func TestOtherSitesAreKeptOut(t *testing.T) {
	s := sandbox.New(sandbox.Options{Hosts: []string{"devbox"}})
	for _, test := range []struct {
		name, method, target string
		header               []string
		status               int
	}{
		{"a foreign name that points here", "GET", "/sandbox/state", []string{"Host", "evil.example:8095"}, 403},
		{"the page under a foreign name", "GET", "/", []string{"Host", "evil.example"}, 403},
		{"localhost", "GET", "/sandbox/state", []string{"Host", "localhost:8095"}, 200},
		{"an IPv6 address", "GET", "/sandbox/state", []string{"Host", "[::1]:8095"}, 200},
		{"a name of ours", "GET", "/sandbox/state", []string{"Host", "DEVBOX:8095"}, 200},
		{"a POST from another site", "POST", "/sandbox/reset", []string{"Origin", "https://evil.example"}, 403},
		{"a POST that the browser calls cross-site", "POST", "/sandbox/reset", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a POST from the page", "POST", "/sandbox/reset", []string{"Sec-Fetch-Site", "same-origin"}, 204},
		{"a POST from a script", "POST", "/sandbox/reset", nil, 204},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.status, do(t, s, test.method, test.target, "", test.header...).Code)
		})
	}
}

func TestSettingsToPaste(t *testing.T) {
	s := sandbox.New(sandbox.Options{CleverTap: clevertaptest.Options{AccountID: "A-1"}})
	got := get[sandbox.Settings](t, s, "/sandbox/settings")
	require.Equal(t, "TEST-WRITE-KEY", got.WriteKey)
	require.Equal(t, "output:\n  clevertap:\n    url: \"http://127.0.0.1:8095\"\n    account_id: \"A-1\"\n    passcode: \"TEST-PASSCODE\"\n",
		got.YAML)
}

func TestLiveUpdates(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/sandbox/live", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	require.True(t, nextUpdate(t, lines).Reset)

	upload(t, s, event("ann", "First"))
	u := nextUpdate(t, lines)
	for len(u.CleverTap.Events) == 0 { // the count of requests changes before the data does
		u = nextUpdate(t, lines)
	}
	require.False(t, u.Reset)
	require.Equal(t, "First", u.CleverTap.Events[0].Name)

	s.Close()
	_, err = io.ReadAll(lines)
	require.NoError(t, err, "closing the sandbox ends the stream in order")
}

func nextUpdate(t *testing.T, lines *bufio.Reader) (u update) {
	t.Helper()
	for {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			require.NoError(t, json.Unmarshal([]byte(data), &u))
			return u
		}
	}
}
