package processors

import (
	"context"
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parseProcessor(t *testing.T, yaml string) *segmentParse {
	t.Helper()
	conf, err := segmentParseSpec().ParseYAML(yaml, nil)
	require.NoError(t, err)
	drop, err := conf.FieldBool(spFieldDropInvalid)
	require.NoError(t, err)
	return newSegmentParse(drop, nil)
}

// seen is what a message shows to the rest of a pipeline.
type seen struct {
	content string
	meta    map[string]string
	err     string
}

func look(t *testing.T, batch service.MessageBatch) (messages []seen) {
	t.Helper()
	for _, msg := range batch {
		raw, err := msg.AsBytes()
		require.NoError(t, err)
		s := seen{content: string(raw), meta: map[string]string{}}
		require.NoError(t, msg.MetaWalk(func(key, value string) error {
			s.meta[key] = strings.Clone(value) // so that a later look can tell a change
			return nil
		}))
		if err := msg.GetError(); err != nil {
			s.err = err.Error()
		}
		messages = append(messages, s)
	}
	return messages
}

func TestParsePassesOneCallByteForByte(t *testing.T) {
	raw := `{ "type":"Track", "userId":7, "anonymousId":"a", "messageId":"m", "event":"E", "unknown":[1.0] }`
	msg := service.NewMessage([]byte(raw))
	msg.MetaSet("kafka_key", "k")
	out, err := parseProcessor(t, `{}`).Process(context.Background(), msg)
	require.NoError(t, err)
	assert.Equal(t, []seen{{raw, map[string]string{"kafka_key": "k", "segment_type": "track", "segment_user_id": "7",
		"segment_anonymous_id": "a", "segment_message_id": "m"}, ""}}, look(t, out))
}

const mixedBatch = `{"batch":[
	{"type":"track","userId":"u","event":"E"},
	{"type":"track","userId":"u"},
	{"type":"page","anonymousId":"a"},
	5
],"sentAt":"2026-03-01"}`

func TestParseTakesABatchApart(t *testing.T) {
	out, err := parseProcessor(t, `{}`).Process(context.Background(), service.NewMessage([]byte(mixedBatch)))
	require.NoError(t, err)
	assert.Equal(t, []seen{
		{`{"type":"track","userId":"u","sentAt":"2026-03-01"}`, map[string]string{},
			"segment_parse: event_not_defined: event: a track call needs an event name"},
		{`5`, map[string]string{}, "segment_parse: invalid_json: a call must be a JSON object"},
		{`{"type":"track","userId":"u","event":"E","sentAt":"2026-03-01"}`,
			map[string]string{"segment_type": "track", "segment_user_id": "u"}, ""},
		{`{"type":"page","anonymousId":"a","sentAt":"2026-03-01"}`,
			map[string]string{"segment_type": "page", "segment_anonymous_id": "a"}, ""},
	}, look(t, out))
}

func TestParseDropsInvalidCallsWhenAsked(t *testing.T) {
	p := parseProcessor(t, `drop_invalid: true`)
	out, err := p.Process(context.Background(), service.NewMessage([]byte(mixedBatch)))
	require.NoError(t, err)
	assert.Len(t, out, 2)
	for _, raw := range []string{`{"type":"track"`, `{"type":"track","userId":"u"}`, `[]`} {
		out, err := p.Process(context.Background(), service.NewMessage([]byte(raw)))
		require.NoError(t, err)
		assert.Empty(t, out)
	}
}

func TestParseFailsTheMessageThatHoldsNoCall(t *testing.T) {
	for raw, want := range map[string]string{
		`{"type":"track"`:               "segment_parse: invalid_json: syntax error at byte 15",
		`[]`:                            "segment_parse: empty_batch: batch: holds no calls",
		`{"type":"track","userId":"u"}`: "segment_parse: event_not_defined: event: a track call needs an event name",
	} {
		_, err := parseProcessor(t, `{}`).Process(context.Background(), service.NewMessage([]byte(raw)))
		assert.EqualError(t, err, want)
	}
}

// The parser's memory is used again; a message must not point into it.
func TestMessagesDoNotChangeWhenTheNextOneIsParsed(t *testing.T) {
	p := parseProcessor(t, `{}`)
	first, err := p.Process(context.Background(), service.NewMessage([]byte(`{"type":"track","userId":"u1","event":"E"}`)))
	require.NoError(t, err)
	before := look(t, first)
	_, err = p.Process(context.Background(), service.NewMessage([]byte(`["ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"]`)))
	require.NoError(t, err)
	assert.Equal(t, before, look(t, first))
}

func TestMetadataOfAnEarlierCallDoesNotStay(t *testing.T) {
	msg := service.NewMessage([]byte(`{"type":"page","anonymousId":"a"}`))
	msg.MetaSet("segment_user_id", "another")
	out, err := parseProcessor(t, `{}`).Process(context.Background(), msg)
	require.NoError(t, err)
	_, found := out[0].MetaGet("segment_user_id")
	assert.False(t, found)
}
