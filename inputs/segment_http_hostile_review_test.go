package inputs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func TestSegmentHTTPTakesCallsThatSegmentTakes(t *testing.T) {
	target := newHostileTarget(t, "")
	const head = `{"type":"track","event":"e","userId":"u","timestamp":"2026-03-01T12:00:00.123456789Z","properties":{"a":"`
	call := head + strings.Repeat("x", segment.MaxCallBytes-len(head)-3) + `"}}`
	require.Len(t, call, segment.MaxCallBytes)
	reply := target.send(t, hostilePost("/v1/batch", batchOf(`,"sentAt":"2026-03-01T12:00:01.123456789Z"`, call)))
	assert.Equal(t, `200 {"success":true}`, reply.String())
	assert.Len(t, target.delivered(), 1)
}

// TestSegmentHTTPMetadataIsText: queues refuse headers that are not UTF-8, and an id reads alike in both places.
func TestSegmentHTTPMetadataIsText(t *testing.T) {
	target := newHostileTarget(t, "")
	target.send(t, hostilePost("/v1/page", "{\"userId\":\"u\xff\xfe\",\"anonymousId\":\"\xff\",\"messageId\":\"\xc3m\"}"))
	require.Len(t, target.messages, 1)
	for key, want := range map[string]string{shMetaUserID: "u\ufffd", shMetaAnonymousID: "\ufffd", shMetaMessageID: "\ufffdm"} {
		got, _ := target.messages[0].MetaGet(key)
		assert.Equal(t, want, got, key)
	}
	assert.Contains(t, target.delivered()[0], "\"userId\":\"u\ufffd\"")
}

func TestSegmentHTTPSettingsAreRead(t *testing.T) {
	target := newHostileTarget(t, "")
	reply := target.send(t, hostilePost("/v1/projects/"+hostileKey+"/settings", ""))
	assert.Equal(t, 405, reply.status)
	assert.Equal(t, "GET, HEAD", reply.header.Get("Allow"))
	assert.Contains(t, reply.body, "use GET")
}

// TestSegmentHTTPCredentialsGoToNamedPagesOnly: browsers refuse an answer that allows credentials to everybody.
func TestSegmentHTTPCredentialsGoToNamedPagesOnly(t *testing.T) {
	for name, test := range map[string]struct{ origins, origin, credentials string }{
		"named":            {"['https://shop.example.com']", "https://shop.example.com", "true"},
		"all":              {"['*']", "*", ""},
		"named and others": {"['https://shop.example.com', '*']", "*", ""},
	} {
		t.Run(name, func(t *testing.T) {
			target := newHostileTarget(t, "path_prefix: /v1")
			parsed, err := segmentHTTPSpec().ParseYAML("allowed_origins: "+test.origins, nil)
			require.NoError(t, err)
			c, err := segmentHTTPConfigFromParsed(parsed)
			require.NoError(t, err)
			target.handler.cors = newSegmentHTTPHandler(c, nil, nil, nil, target.handler.now).cors
			reply := target.send(t, hostilePost("/v1/track", hostileCall, "Origin: https://shop.example.com"))
			assert.Equal(t, 200, reply.status)
			assert.Equal(t, test.origin, reply.header.Get("Access-Control-Allow-Origin"))
			assert.Equal(t, test.credentials, reply.header.Get("Access-Control-Allow-Credentials"))
		})
	}
}
