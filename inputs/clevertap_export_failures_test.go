package inputs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/runstatus"
)

// brokenAnswers are what the stand-in answers about the event Broken. What is nil it answers as always.
type brokenAnswers struct {
	// open answers a request for an export, page one for its first page.
	open, page func(w http.ResponseWriter)
	// first is a page before that one.
	first string
}

// brokenEvent counts the exports of the event that were asked for.
type brokenEvent struct {
	answers atomic.Pointer[brokenAnswers]
	opens   atomic.Int64
}

func (x *exportTest) breaking(answers brokenAnswers) *brokenEvent {
	b := &brokenEvent{}
	b.answers.Store(&answers)
	x.fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			return bytes.Contains(body, []byte(`"Broken"`)) && b.answerOpen(w)
		}
		return b.answerPage(w, r.URL.Query().Get("cursor"))
	})
	return b
}

func (b *brokenEvent) answerOpen(w http.ResponseWriter) bool {
	b.opens.Add(1)
	switch answers := b.answers.Load(); {
	case answers.open != nil:
		answers.open(w)
	case answers.first != "":
		_, _ = io.WriteString(w, `{"status":"success","cursor":"first"}`)
	default:
		_, _ = io.WriteString(w, `{"status":"success","cursor":"broken"}`)
	}
	return true
}

func (b *brokenEvent) answerPage(w http.ResponseWriter, cursor string) bool {
	switch cursor {
	case "first":
		_, _ = io.WriteString(w, b.answers.Load().first)
	case "broken":
		b.answers.Load().page(w)
	default:
		return false
	}
	return true
}

func saying(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const unknownRefusal = `{"status":"fail","error":"Something new","code":400}`

// sayingTooMuch is a page that is larger than any that is accepted.
func sayingTooMuch(w http.ResponseWriter) {
	_, _ = io.WriteString(w, `{"status":"success","records":[{"a":"`)
	text := strings.Repeat("x", 1<<20)
	for range 65 {
		if _, err := io.WriteString(w, text); err != nil {
			return
		}
	}
}

func TestExport_AnEventThatFailsDoesNotHoldUpTheOthers(t *testing.T) {
	for name, test := range map[string]struct {
		broken  brokenAnswers
		reason  string
		remedy  string
		prepare func(*exportTest, *exportReader)
	}{
		"an unknown 400":            {broken: brokenAnswers{open: saying(400, unknownRefusal)}, reason: "rejected", remedy: "leave it out of event_names"},
		"an unknown 400 with a 200": {broken: brokenAnswers{open: saying(200, unknownRefusal)}, reason: "rejected", remedy: "leave it out"},
		"a page is not found":       {broken: brokenAnswers{page: saying(404, "")}, reason: "rejected", remedy: "leave it out"},
		"a cursor that repeats":     {broken: brokenAnswers{page: saying(200, `{"status":"success","next_cursor":"broken"}`)}, reason: "cursor_repeats", remedy: "report it"},
		"a record is no object":     {broken: brokenAnswers{page: saying(200, `{"status":"success","records":[1]}`)}, reason: "unclear_reply", remedy: "report it"},
		"a page is no JSON":         {broken: brokenAnswers{page: saying(200, `{"status":"success","records":[{"a":tru}]}`)}, reason: "unclear_reply", remedy: "report it"},
		"a page is empty":           {broken: brokenAnswers{page: saying(200, "")}, reason: "unclear_reply", remedy: "check region and url"},
		"a page is too large":       {broken: brokenAnswers{page: sayingTooMuch}, reason: "page_too_large", remedy: "lower batch_size"},
		"retries are used up":       {broken: brokenAnswers{page: saying(500, "")}, reason: "server_error", remedy: "report it"},
		"a page never gets ready":   {broken: brokenAnswers{page: saying(200, inProgress)}, reason: "in_progress", remedy: "lower batch_size"},
		"the dates are refused":     {broken: brokenAnswers{open: saying(400, `{"status":"fail","error":"Invalid date range","code":4002}`)}, reason: "invalid_dates", remedy: "timezone"},
		"forbidden for this event":  {broken: brokenAnswers{open: saying(403, "")}, reason: "unauthorized", remedy: "check account_id"},
		"the second page's cursor is always refused": {
			broken: brokenAnswers{first: `{"status":"success","next_cursor":"broken"}`, page: saying(400, wrongUsage)},
			reason: "invalid_cursor", remedy: "report it",
		},
		"its checkpoint is unusable": {
			broken: brokenAnswers{open: saying(500, "")}, reason: "checkpoint_unusable", remedy: "checkpoint_cache_key",
			prepare: func(x *exportTest, r *exportReader) {
				for slot := range uint64(2) {
					x.cache.values[slotKey(r.store.scope("Broken"), slot)] = []byte("{")
				}
			},
		},
	} {
		for _, component := range []string{"clevertap_events", "clevertap_profiles"} {
			t.Run(name+", "+component, func(t *testing.T) {
				runstatus.Reset()
				x := newExportTest(t, "UTC", bought("a", 1, today), bought("b", 2, today))
				x.breaking(test.broken)
				build := map[string]func(string) *exportReader{"clevertap_events": x.events, "clevertap_profiles": x.profiles}[component]
				r := build("event_names: [Broken, Bought]\n")
				if test.prepare != nil {
					test.prepare(x, r)
				}
				counts := countingMetrics(t, r)
				require.Len(t, texts(x.rest(r)...), 2)

				told := x.log.lines("WARN", component+": "+test.reason, `\"Broken\"`, test.remedy)
				assert.Len(t, told, 1, "once for the one reason")
				assert.Len(t, x.log.lines("WARN"), 1)
				assert.Len(t, x.log.lines("ERROR", component+": incomplete: 1 event names", `\"Broken\" (`+test.reason+`)`), 1)
				assert.Equal(t, 1, runstatus.ExitCode())
				assert.EqualValues(t, exportTries, counts.value("clevertap_export_failures_total", test.reason))
				assert.EqualValues(t, 1, counts.value("clevertap_export_events_failing"))
				_, _, err := r.read(t.Context())
				assert.ErrorIs(t, err, service.ErrEndOfInput, "the end lasts")
				assert.Len(t, x.log.lines("ERROR"), 1)
			})
		}
	}
}

func TestExport_AnEventThatFailsComesBackInTheNextRound(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today))
	broken := x.breaking(brokenAnswers{open: saying(400, unknownRefusal)})
	r := x.events("event_names: [Broken, Bought]\npoll_interval: 1ms\n")
	counts := countingMetrics(t, r)
	readRounds(x, r, 3)
	assert.GreaterOrEqual(t, broken.opens.Load(), int64(3), "in every round")
	assert.Len(t, x.log.lines("WARN", "rejected"), 1, "told once")

	broken.answers.Store(&brokenAnswers{page: saying(200, `{"status":"success","next_cursor":"broken"}`)})
	readRounds(x, r, 2)
	assert.Len(t, x.log.lines("WARN", "cursor_repeats"), 1, "another reason is told")

	broken.answers.Store(&brokenAnswers{page: saying(200, `{"status":"success","records":[{"ts":20260310120000}]}`)})
	batch, ack, err := r.read(t.Context())
	require.NoError(t, err)
	require.NoError(t, ack(t.Context(), nil))
	assert.Len(t, batch, 1)
	readRounds(x, r, 1)
	assert.Len(t, x.log.lines("INFO", `the event \"Broken\" is read again after cursor_repeats`), 1)
	assert.Zero(t, counts.value("clevertap_export_events_failing"))
	assert.Empty(t, x.log.lines("ERROR"))
}

func TestExport_PollingDoesNotEndWhileAnEventFails(t *testing.T) {
	runstatus.Reset()
	x := newExportTest(t, "UTC", bought("a", 1, today.Add(-5*24*time.Hour)))
	broken := x.breaking(brokenAnswers{open: saying(400, unknownRefusal)})
	r := x.events("event_names: [Broken, Bought]\npoll_interval: 1ms\nlookback: 0\nto: '2026-03-09'\n")
	readRounds(x, r, 3)
	broken.answers.Store(&brokenAnswers{page: saying(200, `{"status":"success"}`)})
	assert.Empty(t, x.rest(r), "all days are closed and read")
	assert.Empty(t, x.log.lines("ERROR"))
	assert.Zero(t, runstatus.ExitCode())
}

// readRounds reads until so many more rounds have begun. What they deliver is acknowledged.
func readRounds(x *exportTest, r *exportReader, rounds int) {
	x.Helper()
	ctx, cancel := context.WithTimeout(x.Context(), 20*time.Second)
	defer cancel()
	stop := r.rounds + rounds
	now := r.now
	r.now = func() time.Time {
		if r.rounds > stop {
			cancel()
		}
		return now()
	}
	defer func() { r.now = now }()
	for {
		_, ack, err := r.read(ctx)
		if err != nil {
			require.ErrorIs(x, err, context.Canceled)
			return
		}
		require.NoError(x, ack(ctx, nil))
	}
}

func TestExport_WhatConcernsAllEventsIsWaitedOutAtTheFirst(t *testing.T) {
	for name, faults := range map[string]clevertaptest.Faults{
		"server errors": {ErrorRate: 1}, "rate limit": {ThrottleRate: 1}, "credentials": {ErrorRate: 1, ErrorStatus: 401}, "cut off": {CutRate: 1},
	} {
		t.Run(name, func(t *testing.T) {
			runstatus.Reset()
			x := newExportTest(t, "UTC", manyBought(3)...)
			x.fake.SetFaults(faults)
			r := x.events("event_names: [Bought, Nope]\n")
			for range 4 {
				_, _, err := r.read(t.Context())
				require.ErrorContains(t, err, "clevertap_events: ")
				assert.Zero(t, r.at, "no event is skipped")
			}
			assert.Empty(t, x.log.lines("WARN"))
			x.fake.SetFaults(clevertaptest.Faults{})
			assert.Len(t, texts(x.rest(r)...), 3)
			assert.NotContains(t, x.log.lines("ERROR")[0], "Bought", "only the name that nobody knows was not read")
		})
	}
	t.Run("no network", func(t *testing.T) {
		x := newExportTest(t, "UTC", manyBought(3)...)
		url := x.url
		x.url = "http://127.0.0.1:1"
		r := x.events("event_names: [Nope, Bought]\n")
		x.url = url
		_, _, err := r.read(t.Context())
		require.ErrorContains(t, err, "clevertap_events: unreachable")
		assert.Zero(t, r.at)
	})
	t.Run("cache", func(t *testing.T) {
		x := newExportTest(t, "UTC", manyBought(3)...)
		r := x.events("event_names: [Nope, Bought]\n")
		x.cache.fail = func(string, string) error { return errors.New("cache down") }
		for range 2 {
			_, _, err := r.read(t.Context())
			require.ErrorContains(t, err, "cache down")
			assert.Zero(t, r.at)
		}
		x.cache.fail = nil
		assert.Len(t, texts(x.rest(r)...), 3)
	})
}

// TestExport_TheNextRunGoesOnWhereAnEventFailed lets the third page fail, for a time or for good.
func TestExport_TheNextRunGoesOnWhereAnEventFailed(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		body    string
		exports int64
	}{
		"the cursor is kept":        {500, "", 1},
		"the window is opened anew": {404, "", 1 + exportTries},
	} {
		t.Run(name, func(t *testing.T) {
			x := newExportTest(t, "UTC", manyBought(100)...)
			const config = "event_names: [Bought]\nbatch_size: 23\n"
			pages := 0
			x.fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodGet || !r.URL.Query().Has("cursor") {
					return false
				}
				if pages++; pages < 3 {
					return false
				}
				w.WriteHeader(test.status)
				return true
			})
			delivered := texts(x.rest(x.events(config))...)
			assert.Len(t, delivered, 46)
			assert.Len(t, x.log.lines("ERROR", "incomplete"), 1)
			x.fake.Intercept(nil)
			delivered = append(delivered, texts(x.rest(x.events(config))...)...)
			assert.Len(t, delivered, 100)
			assert.Len(t, unique(delivered), 100)
			assert.Equal(t, test.exports, x.fake.Stats().Exports)
		})
	}
}

func TestExport_TheEndNamesOnlySomeOfManyEvents(t *testing.T) {
	x := newExportTest(t, "UTC")
	r := x.events("")
	for i := range maxNamed + 5 {
		r.failing[fmt.Sprintf("Event %02d", i)] = "rejected"
	}
	require.ErrorIs(t, r.end(), service.ErrEndOfInput)
	assert.Len(t, x.log.lines("ERROR", "incomplete: 25 event names", `\"Event 19\" (rejected), and 5 others`), 1)
}

func TestExport_EveryReasonHasARemedy(t *testing.T) {
	for _, reason := range exportReasons {
		assert.NotEmpty(t, reason.remedy, reason.word)
		assert.Contains(t, cevDescription, "`"+reason.word+"`")
		assert.Contains(t, cprDescription, "`"+reason.word+"`")
	}
	assert.Equal(t, reasonOther, exportReasonOf(errors.New("x")))
}

// deepContext keeps how deep the stack was when something waited for it.
type deepContext struct {
	context.Context
	waits, deepest int
}

func (c *deepContext) Done() <-chan struct{} {
	c.waits++
	c.deepest = max(c.deepest, runtime.Callers(0, make([]uintptr, 10_000)))
	return c.Context.Done()
}

func TestExport_PollingAnEmptyProjectTakesNoStack(t *testing.T) {
	x := newExportTest(t, "UTC")
	r := x.events("poll_interval: 1ns\n")
	ctx, cancel := context.WithCancel(t.Context())
	deep := &deepContext{Context: ctx}
	polls := 0
	x.fake.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		if polls++; polls == 1000 {
			cancel()
		}
		_, _ = io.WriteString(w, `{"status":"success","events":[]}`)
		return true
	})
	_, _, err := r.read(deep)
	require.ErrorIs(t, err, context.Canceled)
	assert.GreaterOrEqual(t, deep.waits, 1000)
	assert.Less(t, deep.deepest, 100)
}
