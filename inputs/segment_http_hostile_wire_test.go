package inputs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const basicAuth = "Authorization: Basic Y2FuYXJ5LXdyaXRlLWtleTo="

// TestHostilePaths: a path is taken as it stands, or not at all.
func TestHostilePaths(t *testing.T) {
	tests := []struct {
		path      string
		status    int
		delivered int
	}{
		{"/v1/track/", 200, 1},
		{"/v1%2Ftrack", 200, 1},
		{"/v1/%74rack", 200, 1},
		{"http://elsewhere.example.com/v1/track", 200, 1},
		{"//v1/track", 404, 0},
		{"/v1//track", 404, 0},
		{"/v1/track//", 404, 0},
		{"/v1/track.", 404, 0},
		{"/v1/track;canary", 404, 0},
		{"/v1/track%00", 404, 0},
		{"/v1/track%0d%0aSet-Cookie:canary", 404, 0},
		{"/v1/Track", 404, 0},
		{"/V1/track", 404, 0},
		{"/v1", 404, 0},
		{"/v1/../v1/track", 404, 0},
		{"/v1/%2e%2e/v1/track", 404, 0},
		{"/v1/..%2fwebhook", 404, 0},
		{"/v1/../webhook", 404, 0},
		{"/webhook/../v1/track", 404, 0},
		{"/v1/projects/settings", 404, 0},
		{"/v1/projects/..%2f..%2fwebhook/settings", 404, 0},
		{"/v1/delete", 404, 0},
		{"*", 400, 0},
		{"/webhook", 401, 0},
		{"/%77ebhook", 401, 0},
		{"/webhook?X-Signature=canary", 401, 0},
		{"/v1/track%zz", 400, 0},
	}
	target := newHostileTarget(t, "")
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			reply := target.send(t, hostilePost(test.path, hostileCall))
			assert.Equal(t, test.status, reply.status, reply.body)
			assert.NotContains(t, fmt.Sprint(reply.header), hostileMark)
			assert.Len(t, target.delivered(), test.delivered)
		})
	}
	target.works(t)
}

// TestHostileHeads: whatever stands before the body, without the right key or signature nothing gets through.
func TestHostileHeads(t *testing.T) {
	const length, slash = "Content-Length: 0", "/v1/track HTTP/1.1"
	post := func(headers ...string) string { return hostileUnkeyed("/v1/track", hostileCall, headers...) }
	tests := []struct {
		name, request     string
		status, delivered int
	}{
		{"GET", hostileHead("GET "+slash, basicAuth), 405, 0},
		{"HEAD", hostileHead("HEAD "+slash, basicAuth), 405, 0},
		{"PUT", hostileHead("PUT "+slash, basicAuth, length), 405, 0},
		{"TRACE", hostileHead("TRACE "+slash, basicAuth), 405, 0},
		{"CONNECT", hostileHead("CONNECT in.example.com:443 HTTP/1.1", basicAuth), 404, 0},
		{"OPTIONS that asks for nothing", hostileHead("OPTIONS "+slash, basicAuth), 405, 0},
		{"a method of their own", hostileHead("CANARY "+slash, basicAuth), 405, 0},
		{"no method", hostileHead("\x00 "+slash, basicAuth), 400, 0},
		{"HTTP/1.0", "POST /v1/track HTTP/1.0\r\n" + basicAuth + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(hostileCall)) + hostileCall, 200, 1},
		{"HTTP/9.0", hostileHead("POST /v1/track HTTP/9.0", basicAuth, length), 505, 0},
		{"no host", "POST /v1/track HTTP/1.1\r\n" + basicAuth + "\r\nContent-Length: 0\r\n\r\n", 400, 0},
		{"two hosts", post(basicAuth, "Host: canary"), 400, 0},
		{"a host that closes the JSON", "GET /v1/projects/" + hostileKey + "/settings HTTP/1.1\r\nHost: a\"},\"x\":{\"\r\n\r\n", 400, 0},
		{"two lengths", post(basicAuth, "Content-Length: 1"), 400, 0},
		{"a length below zero", hostileHead("POST "+slash, basicAuth, "Content-Length: -1"), 400, 0},
		{"a length beyond everything", hostileHead("POST "+slash, basicAuth, "Content-Length: 99999999999999999999"), 400, 0},
		{"two encodings of the transfer", post(basicAuth, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), 400, 0},
		{"a line that ends early", post(basicAuth, "X: a\rb"), 400, 0},
		{"a name with a space", post(basicAuth, "Content-Length : 3"), 400, 0},
		{"more than 16 KB of headers", post("X: "+strings.Repeat("x", 17<<10), basicAuth), 431, 0},
		{"a key of 10 KB", post("Authorization: Basic " + strings.Repeat("Y2Fu", 10<<8)), 401, 0},
		{"a Bearer token of 15 KB", post("Authorization: Bearer " + strings.Repeat("canary", 10<<8)), 400, 0},
		{"no key", post(), 400, 0},
		{"an empty key", post("Authorization: Basic Og=="), 400, 0},
		{"a wrong key", post("Authorization: Basic Y2FuYXJ5Og=="), 401, 0},
		{"the key in another case", post("Authorization: Basic Q0FOQVJZLVdSSVRFLUtFWTo="), 401, 0},
		{"a wrong key before the right one", post("Authorization: Basic Y2FuYXJ5Og==", basicAuth), 401, 0},
		{"a key that is no base64", post("Authorization: Basic " + hostileKey), 400, 0},
		{"the key in the query", hostileUnkeyed("/v1/track?writeKey="+hostileKey, hostileCall), 400, 0},
		{"a wrong key in the header, the right one in the body", hostileUnkeyed("/v1/track", with(hostileCall, `"writeKey":"`+hostileKey+`"`), "Authorization: Basic Y2FuYXJ5Og=="), 401, 0},
		{"a wrong key before the right one in the body", hostileUnkeyed("/v1/track", with(hostileCall, `"writeKey":"canary","writeKey":"`+hostileKey+`"`)), 401, 0},
		{"the right key in a call of a batch", hostileUnkeyed("/v1/batch", batchOf("", with(hostileCall, `"writeKey":"`+hostileKey+`"`))), 400, 0},
		{"a key that is an object", hostileUnkeyed("/v1/track", with(hostileCall, `"writeKey":{"canary":1}`)), 400, 0},
		{"a page elsewhere", post(basicAuth, "Origin: https://canary.example.org"), 403, 0},
		{"a page that pretends", post(basicAuth, "Origin: https://shop.example.com.canary.org"), 403, 0},
		{"a page without an origin", post(basicAuth, "Origin: null"), 403, 0},
		{"a page that breaks the line", post(basicAuth, "Origin: https://shop.example.com%0d%0aSet-Cookie: canary"), 403, 0},
		{"expecting anything else", post(basicAuth, "Expect: canary"), 417, 0},
		{"the settings of another key", hostileHead("GET /v1/projects/canary/settings HTTP/1.1"), 404, 0},
		{"rubbish", "\x16\x03\x01\x00\xa5\x01canary\r\n\r\n", 400, 0},
	}
	target := newHostileTarget(t, "")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := target.send(t, test.request)
			assert.Equal(t, test.status, reply.status, reply.body)
			assert.NotContains(t, fmt.Sprint(reply.header), hostileMark)
			assert.Empty(t, reply.header.Get("Set-Cookie"))
			if reply.header.Get("Content-Type") == "application/json" && reply.body != "" {
				assert.True(t, json.Valid([]byte(reply.body)))
			}
			assert.Len(t, target.delivered(), test.delivered)
		})
	}
	target.works(t)
}

// TestHostilePreflight: names that a page asks for are allowed, and nothing else comes of them.
func TestHostilePreflight(t *testing.T) {
	target := newHostileTarget(t, "")
	for _, names := range []string{"authorization,content-type", "x%0d%0aset-cookie", strings.Repeat("x-a,", 3500) + "x", "x\x7f, Set-Cookie: y"} {
		reply := target.send(t, hostileHead("OPTIONS /v1/t HTTP/1.1", "Origin: https://shop.example.com",
			"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: "+names))
		assert.Contains(t, []int{204, 400}, reply.status)
		assert.Empty(t, reply.header.Get("Set-Cookie"))
	}
	assert.Empty(t, target.delivered())
	target.works(t)
}

// TestHostileSettings: what an unknown caller puts into a request stays text in the answer.
func TestHostileSettings(t *testing.T) {
	target := newHostileTarget(t, "")
	target.handler.config.writeKeys = nil
	reply := target.send(t, hostileHead(`GET /v1/projects/a"},"x":{"%0d%0aSet-Cookie:b%00%ff/settings HTTP/1.1`))
	require.Equal(t, 200, reply.status)
	assert.Empty(t, reply.header.Get("Set-Cookie"))
	var settings struct {
		Integrations map[string]map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(reply.body), &settings))
	assert.Equal(t, map[string]map[string]string{"Segment.io": {
		"apiKey": "a\"},\"x\":{\"\r\nSet-Cookie:b\x00\ufffd", "apiHost": "in.example.com/v1",
	}}, settings.Integrations)
}

// TestHostilePipelines: requests in one go are answered one by one, and a body is never taken for a request.
func TestHostilePipelines(t *testing.T) {
	target := newHostileTarget(t, "")
	post := hostilePost("/v1/track", hostileCall)
	replies := target.sendAll(t, strings.Repeat(post, 50)+"rubbish\r\n\r\n", 51)
	for _, reply := range replies[:50] {
		assert.Equal(t, 200, reply.status)
	}
	assert.Equal(t, 400, replies[50].status)
	assert.Len(t, target.delivered(), 50)

	for name, request := range map[string]string{
		"in a body with a wrong key":      hostileUnkeyed("/v1/track", post, "Authorization: Basic Y2FuYXJ5Og=="),
		"in a body to an unknown path":    hostileUnkeyed("/canary", post),
		"in a body that is no JSON":       hostilePost("/v1/track", post),
		"behind a body that is too large": hostilePost("/v1/track", strings.Repeat(" ", 1<<20)+post),
	} {
		t.Run(name, func(t *testing.T) {
			reply := target.send(t, request)
			assert.GreaterOrEqual(t, reply.status, 400)
			assert.Empty(t, target.delivered())
		})
	}
	target.works(t)
}

// TestHostileContinue: a caller that waits to be told to go on is told so, and then whether its key is right.
func TestHostileContinue(t *testing.T) {
	target := newHostileTarget(t, "")
	for authorization, status := range map[string]int{basicAuth: 200, "Authorization: Basic Y2FuYXJ5Og==": 401} {
		conn := target.dial(t)
		defer conn.Close()
		head, body, _ := strings.Cut(hostileUnkeyed("/v1/track", hostileCall, authorization, "Expect: 100-continue"), "\r\n\r\n")
		_, err := io.WriteString(conn, head+"\r\n\r\n")
		require.NoError(t, err)
		in := bufio.NewReader(conn)
		assert.Equal(t, 100, readHostileReply(t, in, "POST").status)
		_, err = io.WriteString(conn, body)
		require.NoError(t, err)
		assert.Equal(t, status, readHostileReply(t, in, "POST").status)
	}
}

// TestHostileSlowness: callers that are slow to send lose their place, and nobody else does.
func TestHostileSlowness(t *testing.T) {
	target := newHostileTarget(t, "timeout: 1s\nmax_in_flight_requests: 8")
	open := func(sent string) net.Conn {
		conn := target.dial(t)
		_, err := io.WriteString(conn, sent)
		require.NoError(t, err)
		return conn
	}
	head, _, _ := strings.Cut(hostilePost("/v1/track", hostileCall), "\r\n\r\n")
	var silent []net.Conn
	for range 50 {
		silent = append(silent, open(""), open("POST /v1"), open(head), open("POST / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", 1000)))
	}
	target.works(t)
	for range 50 {
		silent = append(silent, open(head+"\r\n\r\n{"))
	}
	require.Eventually(t, func() bool { return target.handler.allowance.used.Load() > 0 }, 5*time.Second, time.Millisecond)
	target.works(t)
	target.settles(t)
	target.works(t)
	for _, conn := range silent {
		answer, err := io.ReadAll(conn)
		assert.NoError(t, err, "the server does not hang up")
		assert.NotContains(t, string(answer), " 200 ")
		assert.NoError(t, conn.Close())
	}
	assert.Empty(t, target.delivered())
}
