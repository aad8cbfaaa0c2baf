package inputs

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
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
		r.note("invalid_write_key")
		r.note("not_found")
	}
	r.note("malformed_json")
	now = now.Add(refusalPause)
	r.note("invalid_write_key")
	assert.Equal(t, 2, strings.Count(text.String(), "invalid_write_key"))
	assert.Contains(t, text.String(), "invalid_write_key: requests refused since this was last told: 1\"")
	assert.Contains(t, text.String(), "invalid_write_key: requests refused since this was last told: 5\"")
	assert.Contains(t, text.String(), "malformed_json")
	assert.NotContains(t, text.String(), "not_found")
}

func TestRefusalsAreCountedByReason(t *testing.T) {
	in, call := listenSegmentHTTP(t, "write_keys: [KEY]\nallowed_origins: ["+shop+"]\nwebhook_secret: S", nil)
	run(t, in)
	in.handler.refusals.log = nil
	counted := func() map[string]int {
		in.handler.refusals.mu.Lock()
		defer in.handler.refusals.mu.Unlock()
		all := map[string]int{}
		for reason, kind := range in.handler.refusals.kinds {
			all[reason] = kind.count
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
