package inputs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const (
	deepLevels = 100_000
	tooLarge   = "payload_too_large"
	growth     = "growth_exceeded"
	malformed  = "invalid_request"
)

func deep(open, shut string) string {
	return strings.Repeat(open, deepLevels) + strings.Repeat(shut, deepLevels)
}

func with(call, members string) string { return strings.TrimSuffix(call, "}") + "," + members + "}" }

func batchOf(members string, calls ...string) string {
	return `{"batch":[` + strings.Join(calls, ",") + `]` + members + `}`
}

// fill repeats elements until they take so many bytes.
func fill(element string, size int) string {
	return strings.TrimSuffix(strings.Repeat(element+",", size/(len(element)+1)), ",")
}

// TestHostileBodies posts bodies that are meant to do harm with the right key, and looks whether the input still works.
func TestHostileBodies(t *testing.T) {
	const half, full = 250 << 10, 500 << 10
	gzipped, inChunks := "Content-Encoding: gzip", "Transfer-Encoding: chunked"
	tests := []struct {
		name, path, body string
		headers          []string
		status           int
		holds            string // what the answer holds
		delivered        int
	}{
		{"too large", "/v1/track", with(hostileCall, `"x":"`+strings.Repeat("x", 600<<10)+`"`), nil, 400, tooLarge, 0},
		{"much too large", "/v1/track", strings.Repeat(" ", 8<<20), nil, 400, tooLarge, 0},
		{"too large once unpacked", "/v1/track", packedTimes(t, strings.Repeat(" ", 1<<10), 600), []string{gzipped}, 400, growth, 0},
		{"too large while packed", "/v1/track", strings.Repeat(packedTimes(t, "", 0), 30_000), []string{gzipped}, 400, tooLarge, 0},
		{"packed twice", "/v1/track", packedTimes(t, packedTimes(t, hostileCall, 1), 1), []string{gzipped}, 400, malformed, 0},
		{"packed and cut off", "/v1/track", packedTimes(t, hostileCall, 1)[:30], []string{gzipped}, 400, malformed, 0},
		{"packed, with another checksum", "/v1/track", damaged(packedTimes(t, hostileCall, 1), 8), []string{gzipped}, 400, malformed, 0},
		{"not packed, as it claims", "/v1/track", hostileCall, []string{gzipped}, 400, malformed, 0},
		{"packed in an unknown way", "/v1/track", hostileCall, []string{"Content-Encoding: canary"}, 415, "unsupported_encoding", 0},
		{"nested objects", "/v1/track", deep(`{"a":`, `}`), nil, 400, "", 0},
		{"nested arrays", "/v1/batch", deep(`[`, `]`), nil, 400, malformed, 0},
		{"nested without an end", "/v1/batch", strings.Repeat(`[`, full), nil, 400, "", 0},
		{"nested in a batch", "/v1/batch", batchOf("", deep(`[`, `]`)), nil, 400, malformed, 0},
		{"nested in a call", "/v1/batch", batchOf("", with(hostileCall, `"properties":{"a":`+deep(`[`, `]`)+`}`)), nil, 400, malformed, 0},
		{"nested in a context", "/v1/batch", batchOf(`,"context":{"a":`+deep(`[`, `]`)+`}`, hostileCall), nil, 400, malformed, 0},
		{"nested 300 levels deep", "/v1/track", with(hostileCall, `"properties":`+strings.Repeat(`{"a":`, 300)+"1"+strings.Repeat("}", 300)), nil, 400, malformed, 0},
		{"nested 200 levels deep", "/v1/track", with(hostileCall, `"properties":`+strings.Repeat(`{"a":`, 200)+"1"+strings.Repeat("}", 200)), nil, 200, `{"success":true}`, 1},
		{"closing what was not opened", "/v1/batch", strings.Repeat(`]`, deepLevels) + strings.Repeat(`[`, deepLevels), nil, 400, "", 0},
		{"250,000 numbers", "/v1/batch", batchOf("", fill("1", full)), nil, 400, tooLarge, 0},
		{"170,000 empty calls", "/v1/batch", batchOf("", fill("{}", full)), nil, 400, tooLarge, 0},
		{"20,000 empty calls", "/v1/batch", batchOf("", fill("{}", 60_000)), nil, 200, `"rejected":20000,`, 0},
		{"4,000 small calls", "/v1/batch", batchOf("", fill(hostileCall, 4000*(len(hostileCall)+1))), nil, 200, `{"success":true}`, 4000},
		{"50,000 members", "/v1/track", with(hostileCall, fill(`"":0`, half)), nil, 400, "call_too_large", 0},
		{"members and calls", "/v1/batch", batchOf(","+fill(`"":"123456789012345678901234"`, half), fill(`{"type":"a"}`, half)), nil, 200, `"rejected":19692,`, 0},
		{"a context for 2,000 calls", "/v1/batch", batchOf(`,"context":{"a":"`+strings.Repeat("x", 20<<10)+`"}`, fill(hostileCall, 2000*(len(hostileCall)+1))), nil, 400, growth, 0},
		{"a context for 20 calls", "/v1/batch", batchOf(`,"context":{"a":"`+strings.Repeat("x", 20<<10)+`"}`, fill(hostileCall, 20*(len(hostileCall)+1))), nil, 200, `{"success":true}`, 20},
		{"a context by two spellings", "/v1/batch", batchOf(`,"\u0063ontext":{"a":"`+strings.Repeat("x", 40<<10)+`"},"context":{}`, hostileCall), nil, 400, tooLarge, 0},
		{"integrations that drop 2,000 calls", "/v1/batch", batchOf(`,"integrations":{`+fill(`"":0`, 20<<10)+`,"CleverTap":false}`, fill(hostileCall, 2000*(len(hostileCall)+1))), nil, 400, growth, 0},
		{"no object", "/v1/track", `"canary"`, nil, 400, malformed, 0},
		{"nothing", "/v1/batch", ``, nil, 400, malformed, 0},
		{"two documents", "/v1/track", hostileCall + hostileCall, nil, 400, malformed, 0},
		{"an invalid batch", "/v1/batch", `{"batch":"canary"}`, nil, 400, malformed, 0},
		{"an invalid number", "/v1/track", with(hostileCall, `"properties":{"a":1.2.3}`), nil, 400, malformed, 0},
		{"a huge number", "/v1/track", with(hostileCall, `"properties":{"a":`+strings.Repeat("9", 10_000)+`e999999}`), nil, 200, `{"success":true}`, 1},
		{"a number of 100 KB as id", "/v1/track", `{"type":"track","event":"e","userId":` + strings.Repeat("9", 100_000) + `}`, nil, 400, "call_too_large", 0},
		{"an id that is an object", "/v1/track", `{"event":"e","userId":{"canary":1}}`, nil, 400, "id_not_string", 0},
		{"an invalid type", "/v1/batch", batchOf("", `{"type":"canary","userId":"u"}`), nil, 200, "unsupported_type", 0},
		{"delete without a signature", "/v1/batch", batchOf("", `{"type":"DELETE","userId":"canary"}`), nil, 200, "delete_not_allowed", 0},
		{"chunks of a byte", "/v1/track", chunked(hostileCall, 1), []string{inChunks}, 200, `{"success":true}`, 1},
		{"chunks without end", "/v1/track", chunked(strings.Repeat(" ", 1<<20), 4096), []string{inChunks}, 400, tooLarge, 0},
		{"invalid chunks", "/v1/track", "zz\r\ncanary", []string{inChunks}, 400, malformed, 0},
		{"chunks, packed", "/v1/track", chunked(packedTimes(t, hostileCall, 1), 7), []string{inChunks, gzipped}, 200, `{"success":true}`, 1},
	}
	target := newHostileTarget(t, "")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := hostilePost(test.path, test.body, test.headers...)
			if strings.Contains(request, inChunks) {
				request = strings.Replace(request, fmt.Sprintf("Content-Length: %d\r\n", len(test.body)), "", 1)
			}
			reply := target.send(t, request)
			assert.Equal(t, test.status, reply.status)
			assert.Contains(t, reply.body, test.holds)
			assert.NotContains(t, reply.body, hostileMark)
			var object map[string]any
			assert.NoError(t, json.Unmarshal([]byte(reply.body), &object), reply.body)
			assert.Len(t, target.delivered(), test.delivered)
			target.settles(t)
		})
	}
	target.works(t)
}

// TestHostileWebhooks: only what the secret signs gets through, and of an array that is signed in its first call no
// other may delete.
func TestHostileWebhooks(t *testing.T) {
	sign := func(signed string) string { return segment.Sign([]byte(hostileSecret), []byte(signed)) }
	const other, deletes = `{"type":"page","userId":"canary"}`, `{"type":"delete","userId":"canary"}`
	array := "[" + hostileCall + "," + other + "]"
	tests := []struct {
		name, body, signature string
		status, delivered     int
	}{
		{"signed", hostileCall, sign(hostileCall), 200, 1},
		{"signed in capitals", hostileCall, strings.ToUpper(sign(hostileCall)), 200, 1},
		{"not signed", hostileCall, "", 401, 0},
		{"signed with another secret", hostileCall, segment.Sign([]byte("other"), []byte(hostileCall)), 401, 0},
		{"signed with no secret", hostileCall, segment.Sign(nil, []byte(hostileCall)), 401, 0},
		{"half a signature", hostileCall, sign(hostileCall)[:20], 401, 0},
		{"a signature and more", hostileCall, sign(hostileCall) + "00", 401, 0},
		{"no hex", hostileCall, strings.Repeat("canary", 2000), 401, 0},
		{"the signature of another body", other, sign(hostileCall), 401, 0},
		{"white space added", hostileCall + "\n", sign(hostileCall), 401, 0},
		{"white space within", strings.Replace(hostileCall, ",", ", ", 1), sign(hostileCall), 401, 0},
		{"a whole array", array, sign(array), 200, 2},
		{"the first call of an array", array, sign(hostileCall), 200, 2},
		{"the first call, spaced otherwise around", "[ " + hostileCall + "\n, " + other + "]", sign(hostileCall), 200, 2},
		{"the first call, spaced otherwise within", "[" + strings.Replace(hostileCall, ":", ": ", 1) + "]", sign(hostileCall), 401, 0},
		{"the second call of an array", array, sign(other), 401, 0},
		{"the signed call moved back", "[" + other + "," + hostileCall + "]", sign(hostileCall), 401, 0},
		{"a signed call in an array of arrays", "[[" + hostileCall + "]]", sign(hostileCall), 401, 0},
		{"a signed call in an envelope", batchOf("", hostileCall), sign(hostileCall), 401, 0},
		{"the first call, then rubbish", "[" + hostileCall + ",canary", sign(hostileCall), 400, 0},
		{"the first call, then nesting", "[" + hostileCall + "," + deep("[", "]") + "]", sign(hostileCall), 400, 0},
		{"delete, signed", deletes, sign(deletes), 200, 1},
		{"delete in a whole array", "[" + other + "," + deletes + "]", sign("[" + other + "," + deletes + "]"), 200, 2},
		{"delete as the signed first call", "[" + deletes + "," + other + "]", sign(deletes), 200, 2},
		{"delete beside the signed first call", "[" + other + "," + deletes + "," + other + "]", sign(other), 200, 2},
		{"delete by another spelling", "[" + other + `,{"\u0074ype":"Delete","type":"page","userId":"canary"}]`, sign(other), 200, 1},
		{"nesting, not signed", deep("[", "]"), sign(hostileCall), 401, 0},
		{"too large", strings.Repeat(" ", 600<<10), sign(hostileCall), 413, 0},
	}
	target := newHostileTarget(t, "")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := target.send(t, hostileUnkeyed("/webhook", test.body, "X-Signature: "+test.signature))
			assert.Equal(t, test.status, reply.status, reply.body)
			assert.NotContains(t, reply.body, hostileMark)
			delivered := target.delivered()
			assert.Len(t, delivered, test.delivered)
			for i, message := range delivered {
				if i > 0 && !strings.Contains(test.name, "whole") {
					assert.NotContains(t, message, `"type":"delete"`)
				}
			}
		})
	}
	target.works(t)
}

// TestHostileMembers: what comes out reads the same for those who take the first of equal members and those who take
// the last, and is UTF-8 in the message and beside it.
func TestHostileMembers(t *testing.T) {
	tests := []struct{ name, path, body, want string }{
		{"type", "/v1/batch", batchOf("", `{"type":"track","type":"delete","event":"e","userId":"u"}`), `{"type":"track","event":"e","userId":"u"}`},
		{"type, escaped", "/v1/batch", batchOf("", `{"type":"track","\u0074ype":"delete","event":"e","userId":"u"}`), `{"type":"track","event":"e","userId":"u"}`},
		{"userId", "/v1/page", `{"userId":"u","userId":"canary"}`, `{"type":"page","userId":"u"}`},
		{"userId, null first", "/v1/page", `{"userId":null,"userId":"canary","anonymousId":"a"}`, `{"type":"page","userId":null,"anonymousId":"a"}`},
		{"writeKey", "/v1/page", `{"writeKey":"canary","userId":"u","writeKey":"canary","write\u004bey":"canary"}`, `{"type":"page","userId":"u"}`},
		{"batch", "/v1/batch", `{"batch":[{"type":"page","userId":"u"}],"batch":[{"type":"page","userId":"canary"}]}`, `{"type":"page","userId":"u"}`},
		{"context of a call", "/v1/page", `{"userId":"u","context":{"ip":"1"},"context":{"ip":"canary"}}`, `{"type":"page","userId":"u","context":{"ip":"1"}}`},
		{"context of no use first", "/v1/page", `{"userId":"u","context":5,"context":{"ip":"canary"}}`, `{"type":"page","userId":"u"}`},
		{"context of a batch", "/v1/batch", batchOf(`,"context":{"ip":"1"},"context":{"ip":"canary"}`, `{"type":"page","userId":"u"}`), `{"type":"page","userId":"u","context":{"ip":"1"}}`},
		{"context of a batch, escaped first", "/v1/batch", batchOf(`,"\u0063ontext":{"ip":"1"},"context":{"ip":"canary"}`, `{"type":"page","userId":"u"}`), `{"type":"page","userId":"u","context":{"ip":"1"}}`},
		{"messageId and times", "/v1/page", `{"userId":"u","messageId":"m","messageId":"canary","receivedAt":"canary","timestamp":5,"timestamp":"canary"}`, `{"type":"page","userId":"u"}`},
		{"bytes that are no UTF-8", "/v1/page", "{\"userId\":\"u\xff\",\"k\xfe\":\"v\xc3\"}", "{\"type\":\"page\",\"userId\":\"u\ufffd\",\"k\ufffd\":\"v\ufffd\"}"},
		{"half a character", "/v1/page", `{"userId":"u\ud83d","k":"\ude00"}`, "{\"type\":\"page\",\"userId\":\"u\ufffd\",\"k\":\"\ufffd\"}"},
		{"an id that is a number", "/v1/page", `{"userId":90071992547409931234567890}`, `{"type":"page","userId":90071992547409931234567890}`},
	}
	target := newHostileTarget(t, "")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, `200 {"success":true}`, target.send(t, hostilePost(test.path, test.body)).String())
			messages := target.delivered()
			require.Len(t, messages, 1)
			assert.NotContains(t, messages[0], hostileMark)
			assert.Equal(t, test.want, withoutStamps(t, messages[0]))
		})
	}
}

// withoutStamps is a message without its id and times, after checking that it has them once.
func withoutStamps(t *testing.T, message string) string {
	t.Helper()
	require.True(t, json.Valid([]byte(message)))
	head, rest, _ := strings.Cut(message, `,"messageId":"`)
	for _, name := range []string{"messageId", "timestamp", "receivedAt"} {
		assert.Equal(t, 1, strings.Count(message, `"`+name+`":"`), message)
	}
	_, rest, _ = strings.Cut(rest, `"receivedAt":"`)
	_, rest, _ = strings.Cut(rest, `"`)
	return head + rest
}
