package inputs

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefusalsAreToldOfOnceAMinute(t *testing.T) {
	var text bytes.Buffer
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	r := newRefusals(service.NewLoggerFromSlog(slog.New(slog.NewTextHandler(&text, nil))), func() time.Time { return now })
	for range 5 {
		r.note(refusedRequests, "invalid_write_key")
		r.note(refusedRequests, "not_found")
	}
	r.note(refusedRequests, "malformed_json")
	now = now.Add(refusalPause)
	r.note(refusedRequests, "invalid_write_key")
	assert.Equal(t, 2, strings.Count(text.String(), "invalid_write_key"))
	assert.Contains(t, text.String(), "invalid_write_key: refused 1 requests since the last report")
	assert.Contains(t, text.String(), "invalid_write_key: refused 5 requests since the last report")
	assert.Contains(t, text.String(), "malformed_json")
	assert.NotContains(t, text.String(), "not_found")
}

func TestRefusals_CloseReportsTheRest(t *testing.T) {
	var text bytes.Buffer
	r := newRefusals(service.NewLoggerFromSlog(slog.New(slog.NewTextHandler(&text, nil))), time.Now)
	for range 51 {
		r.note(refusedCalls, "delete_not_allowed")
	}
	assert.Contains(t, text.String(), "delete_not_allowed: refused 1 calls")
	r.close()
	assert.Contains(t, text.String(), "delete_not_allowed: refused 50 calls")
	r.close()
	assert.Equal(t, 2, strings.Count(text.String(), "delete_not_allowed"))
}

func TestRefusals_ATimerReportsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		r := newRefusals(service.NewLoggerFromSlog(slog.New(slog.NewTextHandler(&text, nil))), time.Now)
		for range 3 {
			r.note(refusedCalls, "delete_not_allowed")
			time.Sleep(refusalPause / 4)
		}
		time.Sleep(refusalPause)
		synctest.Wait()
		assert.Equal(t, 2, strings.Count(text.String(), "delete_not_allowed"))
		assert.Contains(t, text.String(), "delete_not_allowed: refused 2 calls")
	})
}

// A delete that is not accepted is answered with a success, as Segment does with calls that are not valid: nobody may
// miss it.
func TestRefusals_CallsOfARequestThatGoesOn(t *testing.T) {
	in, call := listenSegmentHTTP(t, "write_keys: [KEY]", nil)
	run(t, in)
	var text bytes.Buffer
	in.handler.refusals.log = service.NewLoggerFromSlog(slog.New(slog.NewTextHandler(&text, nil)))
	const deletes = `{"type":"delete","userId":"u1"}`
	call.send(t, request{path: "/v1/batch", body: batchOf("", deletes, deletes, onePage), header: basic("KEY:")})
	assert.Contains(t, text.String(), "segment_http: delete_not_allowed: refused 1 calls since the last report")
	assert.Contains(t, text.String(), "segment_http: unsupported_type: refused 1 calls")
	assert.Equal(t, 1, in.handler.refusals.kinds[refusal{refusedCalls, "delete_not_allowed"}].count, "in the next report")
}

func TestRefusalsAreCountedByReason(t *testing.T) {
	in, call := listenSegmentHTTP(t, "write_keys: [KEY]\nallowed_origins: ["+shop+"]\nwebhook_secret: S", nil)
	run(t, in)
	in.handler.refusals.log = nil
	counted := func() map[string]int {
		in.handler.refusals.mu.Lock()
		defer in.handler.refusals.mu.Unlock()
		all := map[string]int{}
		for refused, kind := range in.handler.refusals.kinds {
			all[refused.reason] = kind.count
		}
		return all
	}
	for reason, q := range map[string]request{
		"missing_write_key":    {path: "/v1/batch", body: twoCalls},
		"invalid_write_key":    {path: "/v1/batch", body: twoCalls, header: basic("OTHER:")},
		"malformed_json":       {path: "/v1/batch", body: "{", header: basic("KEY:")},
		"invalid_signature":    {path: "/webhook", body: twoCalls, header: http.Header{"X-Signature": {"00"}}},
		"payload_too_large":    {path: "/v1/batch", body: strings.Repeat(" ", 600<<10), header: basic("KEY:")},
		"unsupported_encoding": {path: "/v1/batch", body: twoCalls, header: http.Header{"Authorization": basic("KEY:")["Authorization"], "Content-Encoding": {"br"}}},
		"event_not_defined":    {path: "/v1/track", body: `{"userId":"u"}`, header: basic("KEY:")},
	} {
		call.send(t, q)
		require.Contains(t, counted(), reason)
	}
	require.NotContains(t, counted(), "origin_not_allowed")
	call.send(t, request{method: http.MethodOptions, path: "/v1/t", header: preflight(elsewhere)})
	assert.Contains(t, counted(), "origin_not_allowed", "the page's calls never come, but its question does")
}
