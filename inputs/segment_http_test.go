package inputs

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func basic(credentials string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))}}
}

func TestSegmentHTTPServesEveryRouteOfTheSDKs(t *testing.T) {
	in, call := listenSegmentHTTP(t, "", nil)
	far := run(t, in)
	call1 := `{"userId":"u1","event":"A","groupId":"g","previousId":"p"}`
	batch := `{"batch":[{"type":"track","userId":"u1","event":"A"}]}`
	for path, test := range map[string]struct{ body, kind string }{
		"/v1/identify": {call1, "identify"}, "/v1/i": {call1, "identify"},
		"/v1/track": {call1, "track"}, "/v1/t": {call1, "track"},
		"/v1/page": {call1, "page"}, "/v1/p": {call1, "page"},
		"/v1/screen": {call1, "screen"}, "/v1/s": {call1, "screen"},
		"/v1/group": {call1, "group"}, "/v1/g": {call1, "group"},
		"/v1/alias": {call1, "alias"}, "/v1/a": {call1, "alias"},
		"/v1/batch": {batch, "track"}, "/v1/b": {batch, "track"},
		"/v1/import": {batch, "track"}, "/v1/import/": {batch, "track"}, // Java's SDK has the slash
		"/v1/t/": {call1, "track"},
	} {
		t.Run(path, func(t *testing.T) {
			got := call.postTo(t, path, test.body)
			assert.Equal(t, 200, got.status)
			assert.Equal(t, `{"success":true}`, got.body)
			assert.Equal(t, "application/json", got.header.Get("Content-Type"))
			calls := far.rest()
			require.Len(t, calls, 1)
			assert.Equal(t, test.kind, calls[0]["type"])
			assert.Equal(t, "u1", calls[0]["userId"])
		})
	}
}

func TestSegmentHTTPSetsMetadataAndKeepsABatchTogether(t *testing.T) {
	in, call := listenSegmentHTTP(t, "", nil)
	far := run(t, in)
	assert.Equal(t, 200, call.postTo(t, "/v1/batch", `{"batch":[{"type":"Track","event":"A","userId":"u1","messageId":"m1"},{"type":"page","anonymousId":"a","messageId":"m2"}]}`).status)
	assert.Equal(t, []int{2}, far.sizes)
	assert.Equal(t, []map[string]string{
		{"segment_type": "track", "segment_user_id": "u1", "segment_message_id": "m1", "segment_route": "tracking"},
		{"segment_type": "page", "segment_anonymous_id": "a", "segment_message_id": "m2", "segment_route": "tracking"},
	}, far.meta)
}

// What the SDKs do: segment-spec, and https://github.com/segmentio
func TestSegmentHTTPTakesEveryFormOfBody(t *testing.T) {
	in, call := listenSegmentHTTP(t, "write_keys: [KEY]", nil)
	far := run(t, in)
	inBody := `{"writeKey":"KEY","batch":[{"type":"page","userId":"u1"}]}`
	for name, q := range map[string]request{
		"browser: text/plain":         {path: "/v1/p", body: `{"writeKey":"KEY","userId":"u1"}`, header: http.Header{"Content-Type": {"text/plain"}}},
		"C#: no content type, gzip":   {path: "/v1/b", body: packed(t, inBody), header: http.Header{"Content-Encoding": {"gzip"}}},
		"Python: gzip, upper case":    {path: "/v1/batch", body: packed(t, inBody), header: http.Header{"Content-Encoding": {"GZIP"}}},
		"the identity encoding":       {path: "/v1/batch", body: inBody, header: http.Header{"Content-Encoding": {"identity"}}},
		"a form, as curl says":        {path: "/v1/batch", body: inBody, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}},
		"white space around the body": {path: "/v1/batch", body: "\n " + inBody + "\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, 200, call.send(t, q).status)
			assert.Len(t, far.rest(), 1)
		})
	}
	t.Run("Kotlin: chunked gzip", func(t *testing.T) {
		r, err := http.NewRequest(http.MethodPost, call.url+"/v1/b", io.MultiReader(strings.NewReader(packed(t, inBody))))
		require.NoError(t, err)
		r.Header.Set("Content-Encoding", "gzip")
		require.Zero(t, r.ContentLength, "unknown, so sent in chunks")
		assert.Equal(t, 200, call.do(t, r).status)
		assert.Len(t, far.rest(), 1)
	})
}

func TestSegmentHTTPWriteKeys(t *testing.T) {
	in, call := listenSegmentHTTP(t, "write_keys: [KEY, OTHER]", nil)
	far := run(t, in)
	batch := `{"batch":[{"type":"page","userId":"u1"}]}`
	for name, test := range map[string]struct {
		q      request
		status int
	}{
		"Basic with an empty password":            {request{body: batch, header: basic("KEY:")}, 200},
		"Basic with a password, which is ignored": {request{body: batch, header: basic("OTHER:secret")}, 200},
		"Basic without a colon":                   {request{body: batch, header: basic("KEY")}, 200},
		"in the body":                             {request{body: `{"writeKey":"KEY",` + batch[1:]}, 200},
		"Bearer, and in the body":                 {request{body: `{"writeKey":"KEY",` + batch[1:], header: http.Header{"Authorization": {"Bearer t"}}}, 200},
		"the header's counts":                     {request{body: `{"writeKey":"KEY",` + batch[1:], header: basic("WRONG:")}, 401},
		"wrong in the header":                     {request{body: batch, header: basic("WRONG:")}, 401},
		"wrong in the body":                       {request{body: `{"writeKey":"WRONG",` + batch[1:]}, 401},
		"none":                                    {request{body: batch}, 400},
		"none: an empty header":                   {request{body: batch, header: basic(":")}, 400},
		"none: a header that is not base64":       {request{body: batch, header: http.Header{"Authorization": {"Basic KEY:"}}}, 400},
		"none: Bearer alone":                      {request{body: batch, header: http.Header{"Authorization": {"Bearer KEY"}}}, 400},
		"none: in a call of the batch only":       {request{body: `{"batch":[{"type":"page","userId":"u1","writeKey":"KEY"}]}`}, 400},
		"the prefix of a key is no key":           {request{body: batch, header: basic("KE:")}, 401},
		"keys are compared with regard to case":   {request{body: batch, header: basic("key:")}, 401},
		"in the body, as a number":                {request{body: `{"writeKey":1,` + batch[1:]}, 400},
		"with white space":                        {request{body: batch, header: basic("KEY :")}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			test.q.path = "/v1/batch"
			got := call.send(t, test.q)
			assert.Equal(t, test.status, got.status)
			if test.status == 200 {
				assert.Len(t, far.rest(), 1)
				return
			}
			assert.Empty(t, far.rest())
			var answer struct {
				Success       *bool
				Code, Message string
			}
			require.NoError(t, json.Unmarshal([]byte(got.body), &answer))
			assert.NotNil(t, answer.Success)
			assert.NotEmpty(t, answer.Code, "Python's SDK resends without it")
			assert.NotEmpty(t, answer.Message)
		})
	}
}

func TestSegmentHTTPWithoutKeysTakesEverybody(t *testing.T) {
	in, call := listenSegmentHTTP(t, "", nil)
	far := run(t, in)
	assert.Equal(t, 200, call.postTo(t, "/v1/page", onePage).status)
	assert.Equal(t, 200, call.send(t, request{path: "/v1/page", body: onePage, header: basic("ANY:")}).status)
	assert.Len(t, far.rest(), 2)
}

func TestSegmentHTTPRejectsCallsOneByOne(t *testing.T) {
	in, call := listenSegmentHTTP(t, "", nil)
	far := run(t, in)
	large := strings.Repeat("x", 33<<10)
	got := call.postTo(t, "/v1/batch", `{"batch":[
		{"type":"track","userId":"u1","event":"A"},
		{"type":"track","userId":"u1"},
		{"type":"track","userId":"u1","event":"B","properties":{"x":"`+large+`"}},
		{"userId":"u1"},
		{"type":"delete","userId":"u1"},
		"call",
		{"type":"identify","anonymousId":"a","traits":[]},
		{"type":"page","anonymousId":"a"}]}`)
	assert.Equal(t, 200, got.status)
	assert.Len(t, far.rest(), 2)
	assert.JSONEq(t, `{"success":true,"rejected":6,"errors":[
		{"index":1,"code":"event_not_defined","message":"event: a track call needs an event name"},
		{"index":2,"code":"call_too_large","message":"a call must not be larger than 32 KB"},
		{"index":3,"code":"unsupported_type","message":"type: must be one of identify, track, page, screen, group, alias, delete"},
		{"index":4,"code":"delete_not_allowed","message":"type: a delete is accepted only where a webhook's signature covers it"},
		{"index":5,"code":"invalid_json","message":"a call must be a JSON object"},
		{"index":6,"code":"traits_not_object","message":"traits: must be an object"}]}`, got.body)

	got = call.postTo(t, "/v1/batch", `{"batch":[`+strings.Repeat(`1,`, 30)+`1]}`)
	assert.Equal(t, 200, got.status)
	assert.Equal(t, 10, strings.Count(got.body, `"index"`))
	assert.Contains(t, got.body, `"rejected":31`)

	got = call.postTo(t, "/v1/track", `{"userId":"u1"}`)
	assert.Equal(t, 400, got.status)
	assert.JSONEq(t, `{"success":false,"code":"event_not_defined","message":"event: a track call needs an event name"}`, got.body)
	assert.Equal(t, `{"success":true}`, call.postTo(t, "/v1/batch", `{"batch":[]}`).body)
	assert.Empty(t, far.rest())
}

func TestSegmentHTTPPassesInvalidCallsOnWhenAsked(t *testing.T) {
	in, call := listenSegmentHTTP(t, "validate: false\nwrite_keys: [KEY]", nil)
	far := run(t, in)
	got := call.postTo(t, "/v1/batch", `{"writeKey":"KEY","batch":[
		{"type":"track","userId":"u1","messageId":"m1","writeKey":"KEY"},
		{"userId":"u1","messageId":"m2"},
		{"type":["page"],"userId":{"id":1},"messageId":"m3"},
		"call",
		{"type":"delete","userId":"u1"},
		{"type":"identify","anonymousId":"a","traits":[],"messageId":"m6"}]}`)
	assert.Equal(t, 200, got.status)
	assert.JSONEq(t, `{"success":true,"rejected":2,"errors":[
		{"index":3,"code":"invalid_json","message":"a call must be a JSON object"},
		{"index":4,"code":"delete_not_allowed","message":"type: a delete is accepted only where a webhook's signature covers it"}]}`, got.body)
	meta := far.meta
	calls := far.rest()
	require.Len(t, calls, 4)
	for _, passed := range calls {
		assert.NotContains(t, passed, "writeKey")
		assert.Contains(t, passed, "receivedAt")
	}
	assert.Equal(t, []any{"track", nil, []any{"page"}, "identify"}, []any{calls[0]["type"], calls[1]["type"], calls[2]["type"], calls[3]["type"]})
	assert.Equal(t, map[string]string{"segment_message_id": "m3", "segment_route": "tracking"}, meta[2])
	assert.Equal(t, 200, call.send(t, request{path: "/v1/track", body: `{"userId":"u1"}`, header: basic("KEY:")}).status)
	assert.Len(t, far.rest(), 1)
}

func TestSegmentHTTPServesTheWebhookAlone(t *testing.T) {
	in, call := listenSegmentHTTP(t, "tracking_api: false\nwebhook_secret: S\nallowed_origins: ['*']", nil)
	far := run(t, in)
	for _, path := range []string{"/v1/page", "/v1/projects/KEY/settings", "/v1/m"} {
		assert.Equal(t, 404, call.send(t, request{path: path, body: onePage, header: basic("KEY:")}).status, path)
	}
	assert.Equal(t, 200, call.hook(t, `{"type":"page","userId":"u"}`, "S").status)
	assert.Len(t, far.rest(), 1)
}

func TestSegmentHTTPAnswersWithoutThePipeline(t *testing.T) {
	in, call := listenSegmentHTTP(t, "path_prefix: /collect/v1/\nmax_body_bytes: 2000", nil)
	far := run(t, in)
	for name, test := range map[string]struct {
		q      request
		status int
		code   string
	}{
		"no body":              {request{path: "/collect/v1/batch"}, 400, "invalid_request"},
		"plain text":           {request{path: "/collect/v1/batch", body: "userId=a"}, 400, "invalid_request"},
		"a cut body":           {request{path: "/collect/v1/batch", body: twoCalls[:40]}, 400, "invalid_request"},
		"an array":             {request{path: "/collect/v1/batch", body: "[]"}, 400, "invalid_request"},
		"not gzip":             {request{path: "/collect/v1/batch", body: twoCalls, header: http.Header{"Content-Encoding": {"gzip"}}}, 400, "invalid_request"},
		"cut gzip":             {request{path: "/collect/v1/batch", body: packed(t, twoCalls)[:40], header: http.Header{"Content-Encoding": {"gzip"}}}, 400, "invalid_request"},
		"another packing":      {request{path: "/collect/v1/batch", body: twoCalls, header: http.Header{"Content-Encoding": {"br"}}}, 415, "unsupported_encoding"},
		"too large":            {request{path: "/collect/v1/batch", body: `{"x":"` + strings.Repeat("x", 2000) + `"}`}, 400, "payload_too_large"},
		"too large, unpacked":  {request{path: "/collect/v1/batch", body: packed(t, strings.Repeat(" ", 3000)), header: http.Header{"Content-Encoding": {"gzip"}}}, 400, "payload_too_large"},
		"another method":       {request{method: http.MethodGet, path: "/collect/v1/track"}, 405, "method_not_allowed"},
		"no preflight":         {request{method: http.MethodOptions, path: "/collect/v1/track"}, 405, "method_not_allowed"},
		"another route":        {request{path: "/collect/v1/pixel/track", body: onePage}, 404, "not_found"},
		"without the prefix":   {request{path: "/v1/page", body: onePage}, 404, "not_found"},
		"the prefix alone":     {request{path: "/collect/v1", body: onePage}, 404, "not_found"},
		"a path to be cleaned": {request{path: "/collect/v1//page", body: onePage}, 404, "not_found"},
		"the webhook is off":   {request{path: "/webhook", body: onePage}, 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			got := call.send(t, test.q)
			assert.Equal(t, test.status, got.status)
			assert.Contains(t, got.body, `{"success":false,"code":"`+test.code+`","message":"`)
			assert.Equal(t, test.status == 405, got.header.Get("Allow") == "POST")
		})
	}
	assert.Empty(t, far.rest())
	assert.Equal(t, `{"success":true}`, call.postTo(t, "/collect/v1/m", `{"series":[]}`).body, "the SDK about itself")
	assert.Empty(t, far.rest())
}

func TestSegmentHTTPHonoursIntegrations(t *testing.T) {
	calls := `{"batch":[
		{"type":"page","userId":"u1","integrations":{"CleverTap":false}},
		{"type":"page","userId":"u2","integrations":{"All":false}},
		{"type":"page","userId":"u3","integrations":{"clevertap (actions)":false}},
		{"type":"page","userId":"u4","integrations":{"All":false,"CleverTap":true}},
		{"type":"page","userId":"u5","integrations":{"Mixpanel":false}}]}`
	for config, want := range map[string]int{"": 2, "integration: ''": 5, "integration: Mixpanel": 2} {
		t.Run(config, func(t *testing.T) {
			in, call := listenSegmentHTTP(t, config, nil)
			far := run(t, in)
			assert.Equal(t, `{"success":true}`, call.postTo(t, "/v1/batch", calls).body)
			assert.Len(t, far.rest(), want)
		})
	}
}

func TestSegmentHTTPAnswersByTheOutcome(t *testing.T) {
	in, call := listenSegmentHTTP(t, "webhook_secret: S", nil)
	far := run(t, in)
	far.fail(errors.New("no room for a@example.com"))
	got := call.postTo(t, "/v1/page", onePage)
	assert.Equal(t, 503, got.status)
	assert.Equal(t, `{"success":false,"code":"not_delivered","message":"not delivered, send it again"}`, got.body)
	assert.Regexp(t, `^([1-9]|10)$`, got.header.Get("Retry-After"))
	assert.Equal(t, got.header.Get("Retry-After"), got.header.Get("X-RateLimit-Reset"))
	assert.Equal(t, 503, call.hook(t, `{"type":"page","userId":"u"}`, "S").status)
	far.fail(nil)
	assert.Equal(t, 200, call.postTo(t, "/v1/page", onePage).status)
	assert.Equal(t, 200, call.hook(t, `{"type":"page","userId":"u"}`, "S").status)
	assert.Len(t, far.rest(), 2)
}

// The browser SDK is told the protocol by which it came, where that is not https.
func TestSegmentHTTPSettingsNameTheProtocol(t *testing.T) {
	certFile, keyFile, roots := newWebhookCertificate(t)
	for scheme, config := range map[string]string{"http": "", "https": "tls: { cert_file: " + certFile + ", key_file: " + keyFile + " }"} {
		_, call := listenSegmentHTTP(t, config, nil)
		call.url = strings.Replace(call.url, "http:", scheme+":", 1)
		call.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
		got := call.send(t, request{method: http.MethodGet, path: "/v1/projects/KEY/settings"})
		assert.Equal(t, 200, got.status)
		assert.Equal(t, scheme == "http", strings.Contains(got.body, `"protocol":"http"`), got.body)
	}
}
