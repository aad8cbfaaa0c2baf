package clevertaptest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

func send(t *testing.T, ctx context.Context, url string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/1/upload",
		strings.NewReader(envelope(eventOf("u", "e", `{}`))))
	require.NoError(t, err)
	r.Header = request("/", "").Header
	return http.DefaultClient.Do(r)
}

func TestTooManyParallelCalls(t *testing.T) {
	s := newServer(clevertaptest.Options{Faults: clevertaptest.Faults{Latency: 300 * time.Millisecond}})
	server := httptest.NewServer(s)
	defer server.Close()
	var calls sync.WaitGroup
	statuses := make(chan int, 20)
	for range 20 {
		calls.Go(func() {
			resp, err := send(t, t.Context(), server.URL)
			if err != nil {
				statuses <- 0
				return
			}
			defer resp.Body.Close()
			if body, _ := io.ReadAll(resp.Body); resp.StatusCode == 429 &&
				string(body) != `{ "status" : "fail" , "error" : "Too many concurrent requests" , "code" : 429}` {
				statuses <- -1
				return
			}
			statuses <- resp.StatusCode
		})
	}
	calls.Wait()
	close(statuses)
	seen := map[int]int{}
	for status := range statuses {
		seen[status]++
	}
	require.Equal(t, map[int]int{200: 15, 429: 5}, seen)
	stats := s.Stats()
	require.Equal(t, 15, stats.MaxInFlight)
	require.EqualValues(t, 5, stats.Throttled)
	require.EqualValues(t, 15, stats.Accepted["event"])
}

func TestErrorsOnOrder(t *testing.T) {
	for _, test := range []struct {
		faults clevertaptest.Faults
		status int
	}{
		{clevertaptest.Faults{ErrorRate: 1}, 500},
		{clevertaptest.Faults{ErrorRate: 1, ErrorStatus: 503}, 503},
		{clevertaptest.Faults{ThrottleRate: 1}, 429},
	} {
		s := newServer(clevertaptest.Options{})
		s.SetFaults(test.faults)
		require.Equal(t, test.faults, s.Faults())
		status, _ := post(t, s, "/1/upload", envelope(eventOf("u", "e", `{}`)))
		require.Equal(t, test.status, status)
		require.Empty(t, s.Events())
		s.SetFaults(clevertaptest.Faults{})
		accepted(t, s, eventOf("u", "e", `{}`))
	}
}

func TestPartialFailuresRepeatUnderASeed(t *testing.T) {
	run := func(seed uint64) (failed []string) {
		s := newServer(clevertaptest.Options{Seed: seed, Faults: clevertaptest.Faults{PartialRate: 0.3}})
		var records []string
		for i := range 100 {
			records = append(records, eventOf("u", fmt.Sprint("e", i), `{}`))
		}
		got := upload(t, s, records...)
		require.Equal(t, "partial", got.Status)
		for _, u := range got.Unprocessed {
			require.Equal(t, 555, u.Code)
			failed = append(failed, u.Error)
		}
		require.Len(t, s.Events(), 100-len(failed))
		return failed
	}
	require.Equal(t, run(1), run(1))
	require.NotEqual(t, run(1), run(2))
	require.InDelta(t, 30, len(run(1)), 15)
}

func TestLostReplyAfterTheWorkIsDone(t *testing.T) {
	s := newServer(clevertaptest.Options{Faults: clevertaptest.Faults{CutRate: 1}})
	server := httptest.NewServer(s)
	defer server.Close()
	resp, err := send(t, t.Context(), server.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Len(t, s.Events(), 1)
}

func TestSlowReplyArrivesWhole(t *testing.T) {
	s := newServer(clevertaptest.Options{Faults: clevertaptest.Faults{Drip: time.Millisecond}})
	server := httptest.NewServer(s)
	defer server.Close()
	resp, err := send(t, t.Context(), server.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, `{ "status" : "success" , "processed" : 1 , "unprocessed" : [ ]}`, string(body))
}

func TestNoReplyAtAll(t *testing.T) {
	s := newServer(clevertaptest.Options{Faults: clevertaptest.Faults{BlackHoleRate: 1}})
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	resp, err := send(t, ctx, server.URL)
	if err == nil {
		resp.Body.Close()
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, s.Events())
}

func TestIntercept(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	calls := 0
	s.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		calls++
		if calls == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
		return calls == 1
	})
	status, _ := post(t, s, "/1/upload", envelope(eventOf("u", "e", `{}`)))
	require.Equal(t, 502, status)
	accepted(t, s, eventOf("u", "e", `{}`))
	require.EqualValues(t, 2, s.Stats().Requests)
}

func TestConcurrentUse(t *testing.T) {
	s := newServer(clevertaptest.Options{MaxConcurrentUploads: 1000, MaxEvents: 50})
	var calls sync.WaitGroup
	for i := range 8 {
		calls.Go(func() {
			for n := range 30 {
				w := httptest.NewRecorder()
				s.ServeHTTP(w, request("/1/upload", envelope(
					eventOf(fmt.Sprint("u", n%7), fmt.Sprint("e", i), `{}`),
					login(fmt.Sprintf(`"objectId":"d%d"`, n), fmt.Sprint("u", n%7)))))
				s.Snapshot()
			}
		})
	}
	calls.Wait()
	require.Len(t, s.Profiles(), 7)
	require.EqualValues(t, 240, s.Stats().Accepted["event"])
	require.Len(t, s.Events(), 50)
}

func FuzzUpload(f *testing.F) {
	for _, r := range refusals {
		f.Add([]byte(envelope(r.record)))
	}
	f.Add([]byte(envelope(profileOf("u", `{"Identity":"v","a":{"$incr":1e999},"b":["x",null,{}],"Phone":"+35922333232","Age":"x"}`))))
	f.Add([]byte("{\"d\" : [{\"type\":\"event\",\"identity\":\"\xff\\u00e9\",\"evtName\":\"\\ud800\",\"evtData\":{\"\":0}}]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s := newServer(clevertaptest.Options{LongValues: clevertaptest.TruncateLongValues, AllowUnknownTokenDevices: true})
		w := httptest.NewRecorder()
		s.ServeHTTP(w, request("/1/upload", string(body)))
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("reply is no JSON: %q", w.Body)
		}
		if _, err := json.Marshal(s.Snapshot()); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkUpload(b *testing.B) {
	records := make([]string, 1000)
	for i := range records {
		records[i] = eventOf(fmt.Sprint("user-", i%100), "Product Viewed",
			`{"sku":"A-1","price":19.9,"currency":"EUR","category":"shoes","position":3,"in stock":true}`)
	}
	body := envelope(records...)
	s := newServer(clevertaptest.Options{})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		s.ServeHTTP(httptest.NewRecorder(), request("/1/upload", body))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*1000), "ns/record")
}
