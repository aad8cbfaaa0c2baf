package inputs

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// answering lets the stand-in give these answers first to requests of this method, and its own ones afterwards.
func (x *exportTest) answering(method string, statusAndBody ...any) {
	var mu sync.Mutex
	x.fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if r.Method != method || len(statusAndBody) == 0 {
			return false
		}
		w.WriteHeader(statusAndBody[0].(int))
		_, _ = io.WriteString(w, statusAndBody[1].(string))
		statusAndBody = statusAndBody[2:]
		return true
	})
}

const (
	inProgress = `{"status":"fail","error":"Request still in progress, please retry later","code":2}`
	throttled  = `{"status":"fail","error":"Request Throttled","code":1}`
	tooMany    = `{"status":"fail","error":"Too many concurrent requests","code":429}`
	gone       = `{"status":"fail","error":"invalid cursor","code":"CURSOR_INVALIDATED"}`
	wrongUsage = `{"status":"fail","error":"Incorrect Usage","code":3}`
)

func TestRepliesThatAreWaitedFor(t *testing.T) {
	for name, answers := range map[string][]any{
		"in progress":  {200, inProgress, 200, inProgress, 200, inProgress, 200, inProgress, 200, inProgress},
		"202":          {202, ""},
		"throttled":    {200, throttled, 400, throttled},
		"429":          {429, tooMany},
		"server error": {500, "", 503, "", 502, "<html>"},
		"cut off":      {200, `{"status":"succ`},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(name+" "+method, func(t *testing.T) {
				x := newExportTest(t, "UTC", manyBought(60)...)
				x.answering(method, append([]any{}, answers...)...)
				assert.Len(t, texts(x.rest(x.events("event_names: [Bought]\nbatch_size: 23\n"))...), 60)
				assert.EqualValues(t, 1, x.fake.Stats().Exports)
			})
		}
	}
}

func TestFailuresThatLastAreErrors(t *testing.T) {
	for name, faults := range map[string]clevertaptest.Faults{
		"server errors": {ErrorRate: 1}, "throttling": {ThrottleRate: 1}, "credentials": {ErrorRate: 1, ErrorStatus: 401},
	} {
		t.Run(name, func(t *testing.T) {
			x := newExportTest(t, "UTC", manyBought(3)...)
			x.fake.SetFaults(faults)
			r := x.events("")
			for range 2 {
				_, _, err := r.read(t.Context())
				require.ErrorContains(t, err, "(listing the events)")
				require.ErrorContains(t, err, "clevertap_events: ")
			}
			x.fake.SetFaults(clevertaptest.Faults{})
			assert.Len(t, texts(x.rest(r)...), 3)
		})
	}
}

func TestAPageThatIsNeverReadyIsTold(t *testing.T) {
	x := newExportTest(t, "UTC", manyBought(3)...)
	x.fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, inProgress)
		}
		return r.Method == http.MethodGet
	})
	assert.Empty(t, x.rest(x.events("event_names: [Bought]\n")))
	assert.Len(t, x.log.lines("WARN", "clevertap_events: in_progress"), 1)
}

func TestARefusedDateIsTold(t *testing.T) {
	x := newExportTest(t, "UTC", manyBought(3)...)
	x.answering(http.MethodPost, 400, `{"status":"fail","error":"Invalid date range","code":4002}`)
	assert.Len(t, texts(x.rest(x.events("event_names: [Bought]\n"))...), 3)
	assert.Len(t, x.log.lines("WARN", "clevertap_events: invalid_dates 400 Invalid date range (opening an export)"), 1)
}

func TestAnEmptyRangeAndALastPageWithoutRecords(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today.Add(-30*24*time.Hour)))
	assert.Empty(t, x.rest(x.events("event_names: [Bought]\n")))
	assert.EqualValues(t, 1, x.fake.Stats().ExportPages)
}

func TestARepeatingCursorIsTold(t *testing.T) {
	x := newExportTest(t, "UTC", manyBought(3)...)
	x.answering(http.MethodGet, 200, `{"status":"success","next_cursor":"n","records":[]}`,
		200, `{"status":"success","next_cursor":"n","records":[]}`)
	assert.Len(t, texts(x.rest(x.events("event_names: [Bought]\n"))...), 3)
	assert.Len(t, x.log.lines("WARN", "clevertap_events: cursor_repeats: a page names a cursor that came before"), 1)
}

func TestANewCursorThatIsRefusedIsTold(t *testing.T) {
	x := newExportTest(t, "UTC", manyBought(3)...)
	x.answering(http.MethodGet, 400, wrongUsage)
	assert.Len(t, texts(x.rest(x.events("event_names: [Bought]\n"))...), 3)
	assert.Len(t, x.log.lines("WARN", "clevertap_events: invalid_cursor 400 Incorrect Usage (reading a page)"), 1)
}

func TestAfterAnExpiredCursorNothingComesTwice(t *testing.T) {
	for name, restart := range map[string]bool{"in one process": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			lines := append(manyBought(100), manyBought(40)...) // 40 pairs of equal events
			x := newExportTest(t, "UTC", lines...)
			r := x.events("event_names: [Bought]\nbatch_size: 23\n")
			seen := []string{}
			for range 3 {
				batch, ack, err := r.read(t.Context())
				require.NoError(t, err)
				require.NoError(t, ack(t.Context(), nil))
				seen = append(seen, texts(batch)...)
			}
			x.clock.turn(61 * time.Minute)
			if restart {
				r = x.events("event_names: [Bought]\nbatch_size: 23\n")
			}
			seen = append(seen, texts(x.rest(r)...)...)
			assert.Len(t, seen, 140)
			assert.Len(t, unique(seen), 140)
			assert.EqualValues(t, 1, x.fake.Stats().InvalidCursors)
		})
	}
}

func TestExpiryByWordIsARestart(t *testing.T) {
	x := newExportTest(t, "UTC", manyBought(60)...)
	r := x.events("event_names: [Bought]\nbatch_size: 23\n")
	first, ack, err := r.read(t.Context())
	require.NoError(t, err)
	require.NoError(t, ack(t.Context(), nil))
	x.answering(http.MethodGet, 200, gone)
	assert.Len(t, unique(texts(append(x.rest(r), first)...)), 60)
}

func unique(texts []string) map[string]int {
	counts := map[string]int{}
	for _, text := range texts {
		counts[text]++
	}
	return counts
}

func TestAtMostThreeRequestsAtOnceForAllInputs(t *testing.T) {
	x := newExportTest(t, "UTC", manyBought(30)...)
	x.fake.SetFaults(clevertaptest.Faults{Latency: 100 * time.Millisecond})
	var inputs sync.WaitGroup
	for i := range 8 {
		r := x.events("event_names: [Bought]\nbatch_size: 23\ncheckpoint_cache_key: k" + string(rune('a'+i)) + "\n")
		inputs.Go(func() {
			for {
				_, ack, err := r.read(context.Background())
				if err != nil {
					assert.Equal(t, service.ErrEndOfInput, err)
					return
				}
				assert.NoError(t, ack(context.Background(), nil))
			}
		})
	}
	inputs.Wait()
	stats := x.fake.Stats()
	assert.Equal(t, 3, stats.MaxInFlight)
	assert.Zero(t, stats.Throttled)
}
