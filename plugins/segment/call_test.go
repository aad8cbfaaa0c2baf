package segment_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func decode(t *testing.T, raw string) (segment.Call, error) {
	t.Helper()
	var parser segment.Parser
	doc, err := parser.Parse([]byte(raw))
	require.NoError(t, err)
	call, err := doc.Call(0)
	if err == nil {
		err = call.Validate()
	}
	return call, err
}

func TestValidCalls(t *testing.T) {
	for _, raw := range []string{
		`{"type":"identify","userId":"u"}`,
		`{"type":"IDENTIFY","userId":"u","traits":null}`,
		`{"type":"track","anonymousId":"a","event":"E","properties":{}}`,
		`{"type":"page","userId":7}`,
		`{"type":"screen","userId":"u","name":"N","category":"C"}`,
		`{"type":"group","userId":"u","groupId":12,"traits":{}}`,
		`{"type":"alias","userId":"u","previousId":"p"}`,
		`{"type":"delete","userId":"u"}`,
		`{"type":"track","userId":"u","event":"E","traits":5,"name":{},"version":2,"channel":["x"]}`,
		`{"type":"track","userId":"u","event":"E","context":"none","integrations":[]}`,
	} {
		t.Run(raw, func(t *testing.T) {
			_, err := decode(t, raw)
			assert.NoError(t, err)
		})
	}
}

func TestInvalidCallsHaveSegmentsReason(t *testing.T) {
	tests := []struct{ raw, want string }{
		{`[5]`, "invalid_json: a call must be a JSON object"},
		{`{"userId":"u"}`, "unsupported_type: type"},
		{`{"type":"like","userId":"u"}`, "unsupported_type: type"},
		{`{"type":["track"],"userId":"u"}`, "unsupported_type: type"},
		{`{"type":"track","event":"E"}`, "no_user_anon_id: userId"},
		{`{"type":"track","userId":"","anonymousId":null,"event":"E"}`, "no_user_anon_id: userId"},
		{`{"type":"alias","previousId":"p","anonymousId":"a"}`, "id_required: userId"},
		{`{"type":"identify","userId":{}}`, "id_not_string: userId"},
		{`{"type":"identify","userId":true}`, "id_not_string: userId"},
		{`{"type":"identify","userId":"u","anonymousId":[]}`, "id_not_string: anonymousId"},
		{`{"type":"alias","userId":"u","previousId":{}}`, "id_not_string: previousId"},
		{`{"type":"group","userId":"u","groupId":{}}`, "id_not_string: groupId"},
		{`{"type":"track","userId":"u"}`, "event_not_defined: event"},
		{`{"type":"track","userId":"u","event":""}`, "event_not_defined: event"},
		{`{"type":"track","userId":"u","event":{}}`, "event_not_string: event"},
		{`{"type":"track","userId":"u","event":"E","properties":[]}`, "properties_not_object: properties"},
		{`{"type":"page","userId":"u","properties":"a"}`, "properties_not_object: properties"},
		{`{"type":"identify","userId":"u","traits":"a"}`, "traits_not_object: traits"},
		{`{"type":"page","userId":"u","name":1}`, "name_not_string: name"},
		{`{"type":"screen","userId":"u","category":1}`, "category_not_string: category"},
	}
	for _, test := range tests {
		t.Run(test.raw, func(t *testing.T) {
			_, err := decode(t, test.raw)
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(err.Error(), test.want), err.Error())
		})
	}
}

func TestErrorsHoldNoValues(t *testing.T) {
	for _, raw := range []string{
		`{"type":"sec-ret","userId":"sec-ret"}`, `{"type":"track","userId":{"sec-ret":"sec-ret"}}`,
		`{"type":"track","userId":"u","event":"E","properties":"sec-ret"}`, `{"type":"track","userId":"u","event":["sec-ret"]}`,
	} {
		_, err := decode(t, raw)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "sec-ret")
	}
	var parser segment.Parser
	_, err := parser.Parse([]byte(`{"a":"sec-ret" sec-ret`))
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "sec-ret")
}

func TestEnvelopeContextIsSeenByTheCall(t *testing.T) {
	var parser segment.Parser
	doc, err := parser.Parse([]byte(`{"batch":[{"type":"track","userId":"u","event":"E","context":{"os":null,"app":{"name":"own"}},
		"integrations":{"CleverTap":true}}],
		"context":{"os":{"name":"iOS"},"app":{"name":"envelope"}},"integrations":{"CleverTap":false,"All":true},"sentAt":"2026-03-01"}`))
	require.NoError(t, err)
	call, err := doc.Call(0)
	require.NoError(t, err)
	assert.Equal(t, "iOS", call.Context("os").Get("name").Text())
	assert.Equal(t, "own", call.Context("app").Get("name").Text())
	found := map[string]bool{}
	for name, v := range call.Integrations {
		found[name] = v.True()
	}
	assert.Equal(t, map[string]bool{"CleverTap": true, "All": true}, found)
	unix, ok := call.Unix()
	assert.True(t, ok)
	assert.Equal(t, int64(1772323200), unix)
}

func TestOfMembersWithOneNameTheFirstCounts(t *testing.T) {
	call, err := decode(t, `{"type":"track","userId":"first","userId":"second","event":"E"}`)
	require.NoError(t, err)
	assert.Equal(t, "first", call.UserID)
}

func TestTypesOutliveTheirDocument(t *testing.T) {
	var parser segment.Parser
	doc, err := parser.Parse([]byte(`{"type":"alias","userId":"u"}`))
	require.NoError(t, err)
	call, err := doc.Call(0)
	require.NoError(t, err)
	_, err = parser.Parse([]byte(`{"type":"group","userId":"u"}`))
	require.NoError(t, err)
	assert.Equal(t, segment.Alias, call.Type)
}
