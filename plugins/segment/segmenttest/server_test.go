package segmenttest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

func TestRoutesTellTheType(t *testing.T) {
	own := map[string]string{"track": `"event":"E"`, "group": `"groupId":"g"`, "alias": `"previousId":"p"`}
	for _, name := range []string{"identify", "track", "page", "screen", "group", "alias"} {
		for _, route := range []string{name, name + "/", name[:1], name[:1] + "/"} {
			t.Run(route, func(t *testing.T) {
				s := newServer(segmenttest.Options{})
				member := own[name]
				if member == "" {
					member = `"x":1`
				}
				taken(t, s, "/v1/"+route, `{"userId":"u",`+member+`}`)
				require.Len(t, s.Calls(), 1)
				assert.Equal(t, segment.Type(name), s.Calls()[0].Type)
			})
		}
	}
	for _, route := range []string{"batch", "batch/", "import", "import/", "b"} {
		s := newServer(segmenttest.Options{})
		taken(t, s, "/v1/"+route, batch(track, `{"type":"page","userId":"u"}`))
		assert.Equal(t, map[segment.Type]int64{"track": 1, "page": 1}, s.Stats().Accepted)
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	s := newServer(segmenttest.Options{})
	for _, path := range []string{"/", "/v1/", "/v1/x", "/v2/batch", "/batch", "/v1/batch/b"} {
		status, body := do(t, s, request(path, batch(track)))
		assert.Equal(t, 404, status, path)
		assert.Equal(t, `{"success":false,"code":"not_found","message":"not found"}`, body)
	}
	status, body := do(t, s, httptest.NewRequest(http.MethodGet, "/v1/track", nil))
	assert.Equal(t, 400, status)
	assert.Equal(t, `{"success":false,"code":"invalid_request","message":"malformed JSON"}`, body)
	assert.Empty(t, s.Calls())
}

func TestWriteKeys(t *testing.T) {
	with := func(header, key string) *http.Request {
		body := track
		if key != "" {
			body = `{"writeKey":"` + key + `",` + track[1:]
		}
		r := httptest.NewRequest(http.MethodPost, "/v1/track", strings.NewReader(body))
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		return r
	}
	for name, test := range map[string]struct {
		header, key    string
		status, strict int
		kept           int
	}{
		"basic":                  {"Basic VEVTVC1XUklURS1LRVk6", "", 200, 200, 1},
		"basic without a colon":  {"basic VEVTVC1XUklURS1LRVk=", "", 200, 200, 1},
		"in the body":            {"", "TEST-WRITE-KEY", 200, 200, 1},
		"bearer and body":        {"Bearer token", "TEST-WRITE-KEY", 200, 200, 1},
		"bearer alone":           {"Bearer token", "", 400, 400, 0},
		"none":                   {"", "", 400, 400, 0},
		"empty":                  {"Basic Og==", "", 400, 400, 0},
		"no base64":              {"Basic ???", "", 400, 400, 0},
		"wrong":                  {"Basic eDo=", "", 200, 401, 0},
		"wrong in the body":      {"", "x", 200, 401, 0},
		"the header comes first": {"Basic eDo=", "TEST-WRITE-KEY", 200, 401, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(segmenttest.Options{})
			status, _ := do(t, s, with(test.header, test.key))
			assert.Equal(t, test.status, status)
			assert.Len(t, s.Calls(), test.kept)
			if test.kept > 0 {
				assert.NotContains(t, string(s.Calls()[0].Call), "writeKey")
			}
			strict := newServer(segmenttest.Options{RejectWrongKey: true})
			status, _ = do(t, strict, with(test.header, test.key))
			assert.Equal(t, test.strict, status)
			assert.Len(t, strict.Calls(), test.kept)
		})
	}
	s := newServer(segmenttest.Options{WriteKey: "other"})
	taken(t, s, "/v1/batch", batch(track, track))
	assert.EqualValues(t, 2, s.Stats().Lost)
}

func TestKeysOfAnotherRegion(t *testing.T) {
	for _, test := range []struct {
		host         string
		opts         segmenttest.Options
		status, kept int
	}{
		{"localhost", segmenttest.Options{KeyRegion: segment.RegionUS}, 200, 1},
		{"localhost", segmenttest.Options{KeyRegion: segment.RegionEU1}, 200, 0},
		{"localhost", segmenttest.Options{KeyRegion: segment.RegionEU1, Region: segment.RegionEU1}, 200, 1},
		{"localhost", segmenttest.Options{KeyRegion: segment.RegionEU1, RejectWrongRegion: true}, 400, 0},
		{"events.eu1.segmentapis.com:443", segmenttest.Options{KeyRegion: segment.RegionEU1}, 200, 1},
		{"api.segment.io", segmenttest.Options{KeyRegion: segment.RegionEU1, Region: segment.RegionEU1}, 200, 0},
	} {
		s := newServer(test.opts)
		r := request("/v1/track", track)
		r.Host = test.host
		status, _ := do(t, s, r)
		assert.Equal(t, test.status, status, test)
		assert.Len(t, s.Calls(), test.kept, test)
	}
}

func TestSizes(t *testing.T) {
	sized := func(n int) string {
		call := `{"type":"track","userId":"u","event":""}`
		return strings.Replace(call, `""`, `"`+strings.Repeat("e", n-len(call))+`"`, 1)
	}
	few := make([]string, 16)
	for i := range few {
		few[i] = sized(31_000)
	}
	for name, test := range map[string]struct {
		body   string
		status int
		text   string
	}{
		"a call of 32 KB":     {batch(sized(32 << 10)), 200, success},
		"a larger call":       {batch(track, sized(32<<10+1)), 400, `{"success":false,"code":"payload_too_large","message":"a message exceeds 32 KB"}`},
		"a batch of 496 KB":   {batch(few...), 200, success},
		"a batch over 500 KB": {batch(append(few, sized(17_000))...), 400, `{"success":false,"code":"payload_too_large","message":"the request exceeds 500 KB"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(segmenttest.Options{})
			status, body := do(t, s, request("/v1/batch", test.body))
			assert.Equal(t, test.status, status)
			assert.Equal(t, test.text, body)
			if test.status != 200 {
				assert.Zero(t, s.Stats().Calls)
				assert.EqualValues(t, 1, s.Stats().TooLarge)
			}
		})
	}
}

func TestSurplusCallsAreRejected(t *testing.T) {
	s := newServer(segmenttest.Options{})
	taken(t, s, "/v1/batch", batch(strings.Split(strings.Repeat(track+"|", 2502), "|")[:2502]...))
	stats := s.Stats()
	assert.EqualValues(t, 2500, stats.Accepted["track"])
	assert.Equal(t, map[segment.Reason]int64{"too_many_events": 2}, stats.RejectedByReason)
}

func TestGzip(t *testing.T) {
	zip := func(body string) io.Reader {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, body)
		_ = w.Close()
		return &b
	}
	for name, test := range map[string]struct {
		body   io.Reader
		status int
	}{
		"calls":      {zip(batch(track)), 200},
		"not zipped": {strings.NewReader(batch(track)), 400},
		"cut":        {io.LimitReader(zip(batch(track)), 20), 400},
		"a bomb":     {zip(strings.Repeat(" ", 10<<20)), 400},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/v1/batch", test.body)
			r.SetBasicAuth(segmenttest.DefaultWriteKey, "")
			r.Header.Set("Content-Encoding", "gzip")
			status, _ := do(t, newServer(segmenttest.Options{}), r)
			assert.Equal(t, test.status, status)
		})
	}
}

func TestDuplicatesAreDroppedForADay(t *testing.T) {
	now := noon
	s := newServer(segmenttest.Options{Now: func() time.Time { return now }})
	call := func(id string) string { return `{"type":"track","userId":"u","event":"E","messageId":"` + id + `"}` }
	taken(t, s, "/v1/batch", batch(call("a"), call("b"), call("a")))
	taken(t, s, "/v1/batch", batch(`{"type":"track","messageId":"c"}`, call("c")))
	assert.Len(t, s.Calls(), 3)
	now = noon.Add(24*time.Hour - time.Second)
	taken(t, s, "/v1/batch", batch(call("a"), track, track))
	assert.Len(t, s.Calls(), 5, "calls without an id are never duplicates")
	now = noon.Add(24 * time.Hour)
	taken(t, s, "/v1/batch", batch(call("a")))
	assert.Len(t, s.Calls(), 6)
	assert.EqualValues(t, 2, s.Stats().Duplicates)
}

func TestMessageIDsAreBounded(t *testing.T) {
	s := newServer(segmenttest.Options{MaxMessageIDs: 2, MaxCalls: 3})
	for i := range 10 {
		taken(t, s, "/v1/track", fmt.Sprintf(`{"userId":"u","event":"E","messageId":"%d"}`, i%3))
	}
	assert.Zero(t, s.Stats().Duplicates)
	calls := s.Calls()
	require.Len(t, calls, 3)
	assert.EqualValues(t, []int64{8, 9, 10}, []int64{calls[0].Seq, calls[1].Seq, calls[2].Seq})
	assert.Len(t, s.View(segmenttest.Query{Calls: 9}).Calls, 1)
	assert.Len(t, s.View(segmenttest.Query{Limit: 2}).Calls, 2)
	assert.EqualValues(t, 10, s.Stats().Accepted["track"])
}

func TestCallsAreKeptAsSentAndMergedWithTheirEnvelope(t *testing.T) {
	s := newServer(segmenttest.Options{})
	exact := `{"type":"track","userId":"u","event":"<E>","properties":{"n":9007199254740993,"d":1.10},"messageId":"m"}`
	taken(t, s, "/v1/batch", batch(" "+exact))
	taken(t, s, "/v1/batch", `{"batch":[{"type":"page","userId":"u","context":{"ip":"own"}}],"context":{"ip":"x","os":{"name":"<iOS>"}},
		"integrations":{"All":false},"sentAt":"2026-03-01T11:59:00Z"}`)
	calls := s.Calls()
	assert.Equal(t, exact, string(calls[0].Call))
	assert.Equal(t, `{"context":{"ip":"own","os":{"name":"<iOS>"}},"integrations":{"All":false},"sentAt":"2026-03-01T11:59:00Z","type":"page","userId":"u"}`, string(calls[1].Call))
	assert.Equal(t, "segmenttest-2", calls[1].MessageID)
}

func TestTimestampsAreCorrected(t *testing.T) {
	for name, test := range map[string]struct{ members, want string }{
		"none":                {``, "2026-03-01T12:00:00Z"},
		"as given":            {`,"timestamp":"2026-02-01T00:00:00.5Z"`, "2026-02-01T00:00:00.5Z"},
		"by the sender's lag": {`,"timestamp":"2026-03-01T10:00:00Z","sentAt":"2026-03-01T11:00:00Z"`, "2026-03-01T11:00:00Z"},
		"the original first":  {`,"timestamp":"2026-02-01T00:00:00Z","originalTimestamp":"2026-03-01T10:00:00Z","sentAt":"2026-03-01T10:00:30Z"`, "2026-03-01T11:59:30Z"},
		"unreadable":          {`,"timestamp":"yesterday"`, "2026-03-01T12:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(segmenttest.Options{})
			taken(t, s, "/v1/track", `{"userId":"u","event":"E"`+test.members+`}`)
			assert.Equal(t, test.want, s.Calls()[0].Timestamp.Format(time.RFC3339Nano))
		})
	}
}

func TestSnapshotsAreJSON(t *testing.T) {
	s := newServer(segmenttest.Options{})
	changed := s.Changed()
	taken(t, s, "/v1/batch", batch(track, `{}`))
	<-changed
	raw, err := json.Marshal(s.Snapshot())
	require.NoError(t, err)
	for _, want := range []string{`"reason":"unsupported_type"`, `"call":{"type":"track","userId":"u","event":"E"}`, `"accepted":{"track":1}`, `"maxInFlight":1`} {
		assert.Contains(t, string(raw), want)
	}
	s.Reset()
	assert.Empty(t, s.Calls())
	assert.Zero(t, s.Stats().Requests)
}
