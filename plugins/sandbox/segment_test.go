package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/sandbox"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

func send(t *testing.T, s http.Handler, key string, calls ...string) {
	t.Helper()
	body := fmt.Sprintf(`{"writeKey":%q,"batch":[%s]}`, key, strings.Join(calls, ","))
	w := do(t, s, http.MethodPost, "/v1/batch", body, "Host", "sandbox:8095")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
}

func track(user, name string) string {
	return fmt.Sprintf(`{"type":"track","userId":%q,"event":%q,"messageId":"%[1]s-%[2]s"}`, user, name)
}

func TestSegmentCallsCatchUp(t *testing.T) {
	s := sandbox.New(sandbox.Options{WriteKey: "K-1"})
	send(t, s, "K-1", track("ann", "First"), track("ann", "First"), `{"type":"track","userId":"ann"}`)
	send(t, s, "WRONG", track("ann", "Lost"))
	upload(t, s, event("ann", "Uploaded"))
	all := get[update](t, s, "/sandbox/state")
	require.Len(t, all.Segment.Calls, 1)
	require.Equal(t, "First", all.Segment.Calls[0].Name)
	require.NotContains(t, string(all.Segment.Calls[0].Call), "K-1")
	require.Equal(t, segment.EventNotDefined, all.Segment.Rejections[0].Reason)
	require.EqualValues(t, 1, all.Segment.Stats.Duplicates)
	require.EqualValues(t, 1, all.Segment.Stats.Lost)
	require.Len(t, all.CleverTap.Events, 1)

	send(t, s, "K-1", track("bob", "Second"))
	next := get[update](t, s, "/sandbox/state?since="+url.QueryEscape(all.Cursor))
	require.False(t, next.Reset)
	require.Len(t, next.Segment.Calls, 1)
	require.Equal(t, "bob", next.Segment.Calls[0].UserID)
	require.Empty(t, next.Segment.Rejections)
	require.Empty(t, next.CleverTap.Events)

	require.Equal(t, http.StatusNoContent, do(t, s, http.MethodPost, "/sandbox/reset", "").Code)
	again := get[update](t, s, "/sandbox/state?since="+url.QueryEscape(next.Cursor))
	require.True(t, again.Reset)
	require.Empty(t, again.Segment.Calls)
	require.Zero(t, again.Segment.Stats.Calls)
}

func TestStateKeepsItsFields(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	state := get[map[string]json.RawMessage](t, s, "/sandbox/state")
	require.Len(t, state, 4)
	for _, name := range []string{"cursor", "reset", "clevertap", "segment"} {
		require.Contains(t, state, name)
	}
	require.Contains(t, string(state["segment"]), `"calls":[]`, "lists are never null")
}

func TestOlderCallsComeInPages(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	calls := make([]string, 1000)
	for i := range calls {
		calls[i] = track(fmt.Sprint("u", i), "Many")
	}
	send(t, s, segmenttest.DefaultWriteKey, calls...)
	first := get[update](t, s, "/sandbox/state?limit=100000").Segment.Calls
	require.Len(t, first, 300)
	for _, test := range []struct {
		before      int64
		first, last int64
	}{{first[0].Seq, 651, 700}, {2, 1, 1}} {
		older := get[[]segmenttest.Call](t, s, fmt.Sprintf("/sandbox/state?service=segment&limit=50&before=%d", test.before))
		require.Equal(t, test.first, older[0].Seq)
		require.Equal(t, test.last, older[len(older)-1].Seq)
	}
	require.Empty(t, get[[]segmenttest.Call](t, s, "/sandbox/state?service=segment&before=1"))
}

func TestSegmentFaultsFromThePage(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	w := do(t, s, http.MethodPost, "/sandbox/faults", `{"latency":"1ms","segment":{"error_rate":1}}`)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	w = do(t, s, http.MethodPost, "/sandbox/faults", `{"segment":{"rate_limit":3}}`)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, segmenttest.Faults{ErrorRate: 1, MaxConcurrent: 3, RetryAfter: 1}, s.Segment().Faults())
	require.Equal(t, clevertaptest.Faults{Latency: time.Millisecond}, s.CleverTap().Faults())
	w = do(t, s, http.MethodPost, "/v1/track", `{"writeKey":"TEST-WRITE-KEY","userId":"u","event":"e"}`)
	require.Equal(t, http.StatusInternalServerError, w.Code)

	for body, text := range map[string]string{
		`{"segment":{"throttled":2}}`:                  "segment.throttled: must be from 0 to 1",
		`{"segment":{"latency":"soon"}}`:               "segment.latency: must be a duration",
		`{"error_rate":0.5,"segment":{"no_reply":-1}}`: "segment.no_reply: must be from 0 to 1",
		`{"segment":{"partial_failures":1}}`:           "unknown field",
	} {
		w := do(t, s, http.MethodPost, "/sandbox/faults", body)
		require.Equal(t, http.StatusBadRequest, w.Code, body)
		require.Contains(t, w.Body.String(), text)
	}
	require.Zero(t, s.CleverTap().Faults().ErrorRate, "what is not valid changes nothing")
}

func TestExportsOfWhatWasUploaded(t *testing.T) {
	s := sandbox.New(sandbox.Options{CleverTap: clevertaptest.Options{InProgress: -1}})
	upload(t, s, event("ann", "First"))
	account := []string{"X-CleverTap-Account-Id", "TEST-ACCOUNT", "X-CleverTap-Passcode", "TEST-PASSCODE"}
	require.Contains(t, do(t, s, http.MethodGet, "/getSchema?type=events", "", account...).Body.String(), "First")
	for _, path := range []string{"/1/events.json", "/1/profiles.json"} {
		w := do(t, s, http.MethodPost, path, `{"event_name":"First","from":20200101,"to":20200102}`, account...)
		require.Contains(t, w.Body.String(), "cursor", path)
	}
}

func TestSegmentSettingsToPaste(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Kolkata")
	require.NoError(t, err)
	s := sandbox.New(sandbox.Options{CleverTap: clevertaptest.Options{TimeZone: zone}, WriteKey: "K-1"})
	got := get[sandbox.Settings](t, s, "/sandbox/settings")
	require.Equal(t, "output:\n  segment:\n    endpoint: \"http://127.0.0.1:8095\"\n    write_key: \"K-1\"\n", got.SegmentYAML)
	require.Contains(t, got.EventsYAML, "input:\n  clevertap_events:\n    url: \"http://127.0.0.1:8095\"\n")
	require.Contains(t, got.EventsYAML, "timezone: \"Asia/Kolkata\"\n")
}

func TestLiveUpdatesOfCalls(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(s)
	defer server.Close()
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/sandbox/live", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	require.True(t, nextUpdate(t, lines).Reset)

	send(t, s, segmenttest.DefaultWriteKey, track("ann", "First"))
	u := nextUpdate(t, lines)
	for len(u.Segment.Calls) == 0 { // the count of requests changes before the data does
		u = nextUpdate(t, lines)
	}
	require.Equal(t, "First", u.Segment.Calls[0].Name)
}
