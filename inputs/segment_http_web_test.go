package inputs

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	shop      = "https://shop.example.com"
	elsewhere = "https://elsewhere.example.org"
)

func preflight(origin string) http.Header {
	return http.Header{
		"Origin": {origin}, "Access-Control-Request-Method": {"POST"},
		"Access-Control-Request-Headers": {"authorization,content-type,x-my-header,x-retry-count"},
	}
}

func TestSegmentHTTPAnswersPreflights(t *testing.T) {
	for name, test := range map[string]struct {
		config, origin     string
		allowed, withLogin string
	}{
		"a listed origin":     {"allowed_origins: [" + shop + "]", shop, shop, "true"},
		"another origin":      {"allowed_origins: [" + shop + "]", elsewhere, "", ""},
		"another scheme":      {"allowed_origins: [" + shop + "]", "http://shop.example.com", "", ""},
		"a longer name":       {"allowed_origins: [" + shop + "]", shop + ".elsewhere.example.org", "", ""},
		"a sub-domain":        {"allowed_origins: ['https://*.example.com']", shop, shop, "true"},
		"every origin":        {"allowed_origins: ['*']", elsewhere, "*", ""},
		"no origins, no CORS": {"", shop, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, call := listenSegmentHTTP(t, "write_keys: [KEY]\n"+test.config, nil)
			for _, path := range []string{"/v1/t", "/v1/b/"} {
				got := call.send(t, request{method: http.MethodOptions, path: path, header: preflight(test.origin)})
				assert.Equal(t, test.allowed, got.header.Get("Access-Control-Allow-Origin"))
				assert.Equal(t, test.withLogin, got.header.Get("Access-Control-Allow-Credentials"))
				if test.allowed != "" {
					assert.Equal(t, 204, got.status, "asked without a key")
					assert.Equal(t, "authorization,content-type,x-my-header,x-retry-count", got.header.Get("Access-Control-Allow-Headers"))
					assert.Contains(t, got.header.Get("Access-Control-Allow-Methods"), "POST")
					assert.Equal(t, "7200", got.header.Get("Access-Control-Max-Age"))
				}
			}
		})
	}
}

func TestSegmentHTTPTakesCallsOfAllowedPagesOnly(t *testing.T) {
	in, call := listenSegmentHTTP(t, "allowed_origins: ["+shop+"]", nil)
	far := run(t, in)
	for name, test := range map[string]struct {
		origin string
		status int
	}{
		"no browser":            {"", 200},
		"a listed origin":       {shop, 200},
		"another origin":        {elsewhere, 403},
		"a page without origin": {"null", 403},
		"the bridge's own":      {call.url, 200},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"Content-Type": {"text/plain"}}
			if test.origin != "" {
				header.Set("Origin", test.origin)
			}
			// As old browser SDKs send it: no preflight.
			got := call.send(t, request{path: "/v1/p", body: onePage, header: header})
			assert.Equal(t, test.status, got.status)
			assert.Equal(t, test.status == 200, len(far.rest()) == 1)
			if test.origin == shop {
				assert.Equal(t, shop, got.header.Get("Access-Control-Allow-Origin"))
				assert.ElementsMatch(t, []string{"retry-after", "x-ratelimit-reset"},
					strings.Split(strings.ToLower(strings.ReplaceAll(got.header.Get("Access-Control-Expose-Headers"), " ", "")), ","))
			}
		})
	}
}

func TestSegmentHTTPSettings(t *testing.T) {
	_, call := listenSegmentHTTP(t, "write_keys: [KEY]\nallowed_origins: ["+shop+"]", nil)
	host := strings.TrimPrefix(call.url, "http://")
	get := func(path, host string, header http.Header) webhookReply {
		r, err := http.NewRequest(http.MethodGet, call.url+path, nil)
		require.NoError(t, err)
		r.Host = host
		if header != nil {
			r.Header = header
		}
		return call.do(t, r)
	}
	for name, test := range map[string]struct {
		path, host string
		header     http.Header
		status     int
		body       string
	}{
		"on this machine":      {"/v1/projects/KEY/settings", host, nil, 200, `{"integrations":{"Segment.io":{"apiKey":"KEY","apiHost":"` + host + `/v1","protocol":"http"}}}`},
		"elsewhere":            {"/v1/projects/KEY/settings", "calls.example.com", nil, 200, `{"integrations":{"Segment.io":{"apiKey":"KEY","apiHost":"calls.example.com/v1"}}}`},
		"behind a proxy":       {"/v1/projects/KEY/settings", "localhost:443", http.Header{"X-Forwarded-Proto": {"https"}}, 200, `{"integrations":{"Segment.io":{"apiKey":"KEY","apiHost":"localhost:443/v1"}}}`},
		"with a slash":         {"/v1/projects/KEY/settings/", "calls.example.com", nil, 200, `{"integrations":{"Segment.io":{"apiKey":"KEY","apiHost":"calls.example.com/v1"}}}`},
		"another key":          {"/v1/projects/OTHER/settings", host, nil, 404, `{"success":false,"code":"not_found","message":"no such write key"}`},
		"no key":               {"/v1/projects//settings", host, nil, 404, `{"success":false,"code":"not_found","message":"not found"}`},
		"more than a key":      {"/v1/projects/KEY/x/settings", host, nil, 404, `{"success":false,"code":"not_found","message":"not found"}`},
		"something else of it": {"/v1/projects/KEY/source", host, nil, 404, `{"success":false,"code":"not_found","message":"not found"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := get(test.path, test.host, test.header)
			assert.Equal(t, test.status, got.status)
			assert.Equal(t, test.body, got.body)
		})
	}
	got := get("/v1/projects/KEY/settings", host, http.Header{"Origin": {shop}})
	assert.Equal(t, shop, got.header.Get("Access-Control-Allow-Origin"), "pages fetch it")
}

func TestSegmentHTTPWebhook(t *testing.T) {
	in, call := listenSegmentHTTP(t, "webhook_secret: S\nwrite_keys: [KEY]", nil)
	far := run(t, in)
	const one = `{"type":"track","event":"A","userId":"u1","messageId":"m","timestamp":"2026-01-01T00:00:00Z","sentAt":"2030-01-01T00:00:00Z","receivedAt":"2026-01-01T00:00:01Z","integrations":{"CleverTap":false}}`

	assert.Equal(t, 200, call.hook(t, one, "S").status)
	assert.Equal(t, "webhook", far.meta[0]["segment_route"])
	calls := far.rest()
	require.Len(t, calls, 1, "Segment has filtered already")
	assert.Equal(t, "2026-01-01T00:00:00Z", calls[0]["timestamp"], "and dated")
	assert.Equal(t, "2026-01-01T00:00:01Z", calls[0]["receivedAt"])

	assert.Equal(t, 200, call.hook(t, `{"type":"delete","userId":"u1"}`, "S").status)
	assert.Equal(t, 200, call.hook(t, "["+one+`,{"type":"delete","userId":"u1"}]`, "S").status)
	assert.Len(t, far.rest(), 3)

	assert.Equal(t, `{"success":true}`, call.hook(t, `[]`, "S").body)
	assert.Equal(t, 400, call.hook(t, `{"type":"unknown","userId":"u1"}`, "S").status)
	assert.Equal(t, 400, call.hook(t, `{`, "S").status)
	assert.Equal(t, 401, call.hook(t, one, "WRONG").status)
	assert.Equal(t, 401, call.postTo(t, "/webhook", one).status)
	assert.Equal(t, 401, call.send(t, request{path: "/webhook", body: one, header: basic("KEY:")}).status, "a write key opens another door")
	assert.Equal(t, 405, call.send(t, request{method: http.MethodGet, path: "/webhook"}).status)
	assert.Empty(t, far.rest())
}

func TestSegmentHTTPArraysSignedInTheirFirstCall(t *testing.T) {
	const first, second = `{"type":"delete","userId":"u1"}`, `{"type":"delete","userId":"u2"}`
	const third = `{"type":"page","userId":"u3"}`
	array := "[" + first + "," + second + "," + third + "]"
	signedFirst := request{path: "/webhook", body: array, header: http.Header{"X-Signature": {signatureOf(first)}}}

	in, call := listenSegmentHTTP(t, "webhook_secret: S", nil)
	far := run(t, in)
	got := call.send(t, signedFirst)
	assert.Equal(t, 200, got.status)
	assert.JSONEq(t, `{"success":true,"rejected":1,"errors":[{"index":1,"code":"delete_not_allowed","message":"type: a delete is accepted only where a webhook's signature covers it"}]}`, got.body)
	calls := far.rest()
	require.Len(t, calls, 2)
	assert.Equal(t, []any{"delete", "u1", "page", "u3"}, []any{calls[0]["type"], calls[0]["userId"], calls[1]["type"], calls[1]["userId"]})

	in, call = listenSegmentHTTP(t, "webhook_secret: S\nwebhook_array_signature: whole", nil)
	far = run(t, in)
	assert.Equal(t, 401, call.send(t, signedFirst).status)
	assert.Equal(t, 200, call.hook(t, array, "S").status)
	assert.Len(t, far.rest(), 3)
}
