package clevertaptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

const lastDays = `{"event_name":"Bought","from":20260201,"to":20260301}`

type exportReply struct {
	Status, Error, Cursor string
	Code                  any
	Next                  string `json:"next_cursor"`
	Records               []json.RawMessage
	Events                []struct{ Name string }
}

func get(t *testing.T, s http.Handler, path string) (int, exportReply) {
	t.Helper()
	r := request(path, "")
	r.Method = http.MethodGet
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var reply exportReply
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &reply), w.Body.String())
	return w.Code, reply
}

func open(t *testing.T, s http.Handler, path, body string) string {
	t.Helper()
	status, text := post(t, s, path, body)
	require.Equal(t, 200, status, text)
	var reply exportReply
	require.NoError(t, json.Unmarshal([]byte(text), &reply))
	require.Contains(t, reply.Cursor, "%2B%2B%2F%2F")
	return reply.Cursor
}

// walk follows the cursors to the end and returns the records of each page.
func walk(t *testing.T, s http.Handler, path, cursor string) (pages [][]json.RawMessage) {
	t.Helper()
	for cursor != "" {
		status, page := get(t, s, path+"?cursor="+cursor)
		require.Equal(t, 200, status)
		if page.Status == "fail" {
			require.EqualValues(t, 2, page.Code)
			continue
		}
		pages, cursor = append(pages, page.Records), page.Next
	}
	return pages
}

func seeded(t *testing.T, opts clevertaptest.Options, lines ...string) *clevertaptest.Server {
	t.Helper()
	s := newServer(opts)
	require.NoError(t, s.Seed(strings.NewReader(strings.Join(lines, "\n\n"))))
	return s
}

func bought(person string, at time.Time, more string) string {
	return fmt.Sprintf(`{"type":"event","objectId":%q,"ts":%d,"evtName":"Bought","evtData":{"n":1}%s}`, person, at.Unix(), more)
}

func TestExportOfWhatWasUploadedAndSeeded(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Kolkata")
	require.NoError(t, err)
	s := seeded(t, clevertaptest.Options{TimeZone: zone},
		bought("anonymous", noon, `,"session":{"utm_source":"x"}`),
		bought("late", noon.Add(-time.Hour), fmt.Sprintf(`,"arrives":%d`, noon.Add(time.Hour).Unix())))
	accepted(t, s,
		`{"type":"profile","identity":"u","profileData":{"Name":"A","Phone":"+4930901820","plan":"gold"}}`,
		fmt.Sprintf(`{"type":"event","identity":"u","ts":%d,"evtName":"bought","evtData":{"id":9007199254740993}}`, noon.Unix()))
	pages := walk(t, s, "/1/events.json", open(t, s, "/1/events.json?events=false&app=true", lastDays))
	require.Len(t, pages, 1)
	require.Len(t, pages[0], 2)
	assert.JSONEq(t, `{"profile":{"objectId":"anonymous","platform":"Web","profileData":{},"app_version":"1.0","os_version":"1"},
		"ts":20260301173000,"event_props":{"n":1},"session_props":{"utm_source":"x"}}`, string(pages[0][0]))
	assert.Contains(t, string(pages[0][1]), `"identity":"u","name":"A","phone":4930901820,"profileData":{"plan":"gold"}`)
	assert.Contains(t, string(pages[0][1]), `9007199254740993`)

	people := walk(t, s, "/1/profiles.json", open(t, s, "/1/profiles.json?events=false", lastDays))
	require.Len(t, people[0], 2)
	assert.Contains(t, string(people[0][1]), `"platformInfo":[{"objectId":"ct`)
}

func TestPagesAreMultiplesOf23(t *testing.T) {
	var lines []string
	for i := range 100 {
		lines = append(lines, bought(fmt.Sprint("p", i), noon, ""))
	}
	for batch, want := range map[string][]int{
		"50": {46, 46, 8, 0}, "5": {100}, "": {100}, "23": {23, 23, 23, 23, 8, 0}, "50000": {100},
	} {
		s := seeded(t, clevertaptest.Options{}, lines...)
		path := "/1/events.json"
		if batch != "" {
			path += "?batch_size=" + batch
		}
		sizes := []int{}
		for _, page := range walk(t, s, "/1/events.json", open(t, s, path, lastDays)) {
			sizes = append(sizes, len(page))
		}
		assert.Equal(t, want, sizes, batch)
		assert.EqualValues(t, len(want), s.Stats().InProgress)
	}
}

func TestExportsThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		body, text string
		code       float64
	}{
		"unknown event":     {`{"event_name":"Nope","from":20260301,"to":20260301}`, `["Invalid event : Nope"]`, 400},
		"notification":      {`{"event_name":"Notification Sent","from":20260301,"to":20260301}`, "Export not allowed for this event", 400},
		"control group":     {`{"event_name":"Control Group","from":20260301,"to":20260301}`, "Export not allowed for this event", 400},
		"to in the future":  {`{"event_name":"Bought","from":20260301,"to":20260302}`, "Invalid date range", 4002},
		"from after to":     {`{"event_name":"Bought","from":20260301,"to":20260228}`, "Invalid date range", 4002},
		"no day":            {`{"event_name":"Bought","from":20260230,"to":20260301}`, "Invalid date range", 4002},
		"no event":          {`{"from":20260301,"to":20260301}`, "Malformed request", 400},
		"dates of a string": {`{"event_name":"Bought","from":"20260301","to":20260301}`, "Malformed request", 400},
	} {
		t.Run(name, func(t *testing.T) {
			s := seeded(t, clevertaptest.Options{}, bought("p", noon, ""))
			status, text := post(t, s, "/1/events.json", test.body)
			var reply exportReply
			require.NoError(t, json.Unmarshal([]byte(text), &reply))
			assert.Equal(t, 400, status)
			assert.Equal(t, "fail", reply.Status)
			assert.Equal(t, test.text, reply.Error)
			assert.Equal(t, test.code, reply.Code)
		})
	}
}

func TestCursorsExpireAndAreNotGuessed(t *testing.T) {
	for _, test := range []struct {
		path       string
		idle, life time.Duration
	}{{"/1/events.json", time.Hour, 4 * time.Hour}, {"/1/profiles.json", 96 * time.Hour, 96 * time.Hour}} {
		now := noon
		s := seeded(t, clevertaptest.Options{InProgress: -1, Now: func() time.Time { return now }}, bought("p", noon, ""))
		cursor := open(t, s, test.path, lastDays)
		for now.Sub(noon) < test.life {
			status, _ := get(t, s, test.path+"?cursor="+cursor)
			require.Equal(t, 200, status, now)
			now = now.Add(test.idle)
		}
		now = now.Add(time.Second)
		status, reply := get(t, s, test.path+"?cursor="+cursor)
		assert.Equal(t, 400, status)
		assert.Equal(t, "CURSOR_INVALIDATED", reply.Code)
		for _, wrong := range []string{url.QueryEscape(cursor), "x", ""} {
			_, reply = get(t, s, test.path+"?cursor="+wrong)
			assert.Equal(t, "Incorrect Usage", reply.Error)
			assert.EqualValues(t, 3, reply.Code)
		}
	}
	s := seeded(t, clevertaptest.Options{}, bought("p", noon, ""))
	cursor := open(t, s, "/1/events.json", lastDays)
	s.ExpireCursors()
	status, _ := get(t, s, "/1/events.json?cursor="+cursor)
	assert.Equal(t, 400, status)
}

func TestSchemaHasEveryName(t *testing.T) {
	s := seeded(t, clevertaptest.Options{}, bought("p", noon, ""),
		`{"type":"event","identity":"u","evtName":"App Launched","evtData":{}}`)
	_, reply := get(t, s, "/getSchema?type=events")
	assert.Equal(t, []struct{ Name string }{{"App Launched"}, {"Bought"}}, reply.Events)
}

func TestAFourthParallelExportIsThrottled(t *testing.T) {
	s := seeded(t, clevertaptest.Options{Faults: clevertaptest.Faults{Latency: 200 * time.Millisecond}}, bought("p", noon, ""))
	statuses := make(chan int, 5)
	for range 5 {
		go func() {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, request("/1/events.json", lastDays))
			statuses <- w.Code
		}()
	}
	seen := map[int]int{}
	for range 5 {
		seen[<-statuses]++
	}
	assert.Equal(t, map[int]int{200: 3, 429: 2}, seen)
}

func TestSeedsThatAreNoRecords(t *testing.T) {
	for line, text := range map[string]string{
		"{":                                 "seed, line 2: not JSON",
		`{"type":"event"}`:                  "seed, line 2: 'identity'",
		bought("p", noon, `,"arrives":"x"`): "arrives is not a time",
		`{"type":"token","objectId":"unknown","tokenData":{"id":"t","type":"fcm"}}`: "Token is incorrect",
	} {
		s := newServer(clevertaptest.Options{})
		err := s.Seed(strings.NewReader(bought("p", noon, "") + "\n" + line))
		require.ErrorContains(t, err, text)
		assert.Len(t, s.Events(), 1)
	}
}
