package segment_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func TestSendableCalls(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"a clean call stays as it is": {
			`{"type":"track","userId":"u","event":"E","properties":{"n":9007199254740993,"d":1.10},"version":2,"x":[null],"messageId":"m"}`,
			`{"type":"track","userId":"u","event":"E","properties":{"n":9007199254740993,"d":1.10},"version":2,"x":[null],"messageId":"m"}`,
		},
		"numbers become ids": {
			`{"type":"group","userId":9007199254740993,"groupId":12,"messageId":7}`,
			`{"type":"group","userId":"9007199254740993","groupId":"12","messageId":"7"}`,
		},
		"empty ids are none": {
			`{"type":"track","userId":"","anonymousId":"a","previousId":null,"event":"E","messageId":""}`,
			`{"type":"track","anonymousId":"a","event":"E","messageId":"spare"}`,
		},
		"the type is in lower case, the write key stays here": {
			`{"type":"Track","userId":"u","event":"E","writeKey":"k"}`,
			`{"type":"track","userId":"u","event":"E","messageId":"spare"}`,
		},
		"of members with one name the first counts": {
			`{"type":"track","userId":"u","userId":"v","event":"E","event":"F","messageId":"m"}`,
			`{"type":"track","userId":"u","event":"E","messageId":"m"}`,
		},
		"a category travels in the properties": {
			`{"type":"page","userId":"u","category":"C","name":"N","properties":{"a":1},"messageId":"m"}`,
			`{"type":"page","userId":"u","category":"C","name":"N","properties":{"a":1,"category":"C"},"messageId":"m"}`,
		},
		"a category makes properties": {
			`{"type":"screen","userId":"u","category":"C","messageId":"m"}`,
			`{"type":"screen","userId":"u","category":"C","properties":{"category":"C"},"messageId":"m"}`,
		},
		"properties that are null": {
			`{"type":"screen","userId":"u","category":"C","properties":null,"messageId":"m"}`,
			`{"type":"screen","userId":"u","category":"C","properties":{"category":"C"},"messageId":"m"}`,
		},
		"a category in the properties wins": {
			`{"type":"page","userId":"u","category":"C","properties":{"category":"D"},"messageId":"m"}`,
			`{"type":"page","userId":"u","category":"C","properties":{"category":"D"},"messageId":"m"}`,
		},
		"a null category in the properties does not": {
			`{"type":"page","userId":"u","category":"C","properties":{"category":null},"messageId":"m"}`,
			`{"type":"page","userId":"u","category":"C","properties":{"category":"C"},"messageId":"m"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var parser segment.Parser
			doc, err := parser.Parse([]byte(test.in))
			require.NoError(t, err)
			call, err := doc.Call(0)
			require.NoError(t, err)
			assert.Equal(t, test.want, string(doc.AppendSendable(nil, &call, "spare")))
		})
	}
}
