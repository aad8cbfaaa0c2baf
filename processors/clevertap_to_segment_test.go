package processors

import (
	"context"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func backProcessor(t *testing.T, yaml string) (*clevertapToSegment, error) {
	t.Helper()
	conf, err := clevertapToSegmentSpec().ParseYAML(yaml, nil)
	if err != nil {
		return nil, err
	}
	cfg, err := clevertapToSegmentFromParsed(conf)
	if err != nil {
		return nil, err
	}
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	return newClevertapToSegment(cfg, nil, func() time.Time { return noon }), nil
}

func processBack(t *testing.T, yaml, content string, meta map[string]string) ([]seen, error) {
	t.Helper()
	p, err := backProcessor(t, yaml)
	require.NoError(t, err)
	msg := service.NewMessage([]byte(content))
	for key, value := range meta {
		msg.MetaSet(key, value)
	}
	out, err := p.Process(context.Background(), msg)
	return look(t, out), err
}

const exported = `{"profile":{"identity":"u","objectId":"a"},"ts":20260301120000,"event_props":{},"event_name":"E"}`

func TestEveryCallIsAMessageWithItsMetadata(t *testing.T) {
	got, err := processBack(t, `emit: both`, exported, map[string]string{"s3_key": "k"})
	require.NoError(t, err)
	require.Len(t, got, 2)
	for i, kind := range []string{"identify", "track"} {
		id := got[i].meta["segment_message_id"]
		assert.Contains(t, got[i].content, `"messageId":"`+id+`"`)
		assert.Equal(t, map[string]string{"s3_key": "k", "segment_type": kind, "segment_user_id": "u",
			"segment_anonymous_id": "a", "segment_message_id": id}, got[i].meta)
	}
}

func TestTheTimeZoneOfAnInputWins(t *testing.T) {
	for zone, want := range map[string]string{
		"":              "2026-03-01T06:30:00Z",
		"Europe/Berlin": "2026-03-01T11:00:00Z",
	} {
		meta := map[string]string{}
		if zone != "" {
			meta[metaTimezone] = zone
		}
		got, err := processBack(t, `timezone: Asia/Kolkata`, exported, meta)
		require.NoError(t, err)
		assert.Contains(t, got[0].content, `"timestamp":"`+want+`"`)
	}
}

func TestMessageIDs(t *testing.T) {
	id := func(content string, meta map[string]string) string {
		got, err := processBack(t, `{}`, content, meta)
		require.NoError(t, err)
		return got[0].meta["segment_message_id"]
	}
	base := id(exported, nil)
	assert.Equal(t, base, id(exported, nil), "the same record is the same message")
	assert.Equal(t,
		id(`{"profile":{"identity":"u"},"ts":20260301120000,"event_props":{"a":1,"b":2},"event_name":"E"}`, nil),
		id(`{"event_name":"E","event_props":{"b":2,"a":1},"ts":20260301120000,"profile":{"identity":"u"}}`, nil),
		"whatever the order of its members")
	assert.Equal(t, base,
		id(`{"profile":{"objectId":"a"},"ts":20260301120000,"event_props":{},"event_name":"E"}`, nil),
		"also when the visitor is identified between two exports")
	others := map[string]string{
		"another second":     id(`{"profile":{"identity":"u","objectId":"a"},"ts":20260301120001,"event_props":{},"event_name":"E"}`, nil),
		"another event":      id(`{"profile":{"identity":"u","objectId":"a"},"ts":20260301120000,"event_props":{},"event_name":"F"}`, nil),
		"another person":     id(`{"profile":{"identity":"u","objectId":"b"},"ts":20260301120000,"event_props":{},"event_name":"E"}`, nil),
		"another property":   id(`{"profile":{"identity":"u","objectId":"a"},"ts":20260301120000,"event_props":{"a":1},"event_name":"E"}`, nil),
		"another session":    id(`{"profile":{"identity":"u","objectId":"a"},"ts":20260301120000,"event_props":{},"session_props":{"utm_source":"x"},"event_name":"E"}`, nil),
		"another occurrence": id(exported, map[string]string{metaOccurrence: "1"}),
		"another account":    id(exported, map[string]string{metaAccountID: "OTHER"}),
	}
	seen := map[string]string{base: "the first"}
	for name, other := range others {
		assert.Empty(t, seen[other], name)
		seen[other] = name
	}
}

func TestAProfileIsOneMessageADay(t *testing.T) {
	profile := `{"identity":"u","profileData":{"a":1,"b":2}}`
	today, err := processBack(t, `{}`, profile, nil)
	require.NoError(t, err)
	again, err := processBack(t, `{}`, `{"identity":"u","profileData":{"b":2,"a":1}}`, map[string]string{metaDay: "2026-03-02"})
	require.NoError(t, err)
	tomorrow, err := processBack(t, `{}`, profile, map[string]string{metaDay: "2026-03-03"})
	require.NoError(t, err)
	assert.Equal(t, today[0].meta["segment_message_id"], again[0].meta["segment_message_id"])
	assert.NotEqual(t, today[0].meta["segment_message_id"], tomorrow[0].meta["segment_message_id"])
}

// What an input takes for news must be a message of its own, or Segment would drop it.
func TestNewsAboutAPersonIsAMessageOfItsOwn(t *testing.T) {
	seen := map[string]string{}
	for name, profile := range map[string]string{
		"a visitor":           `{"objectId":"a","profileData":{"plan":"gold"}}`,
		"identified":          `{"objectId":"a","identity":"u1","profileData":{"plan":"gold"}}`,
		"as somebody else":    `{"objectId":"a","identity":"u2","profileData":{"plan":"gold"}}`,
		"with a push token":   `{"objectId":"a","identity":"u1","push_token":"fcm:t","profileData":{"plan":"gold"}}`,
		"with another device": `{"objectId":"b","identity":"u1","profileData":{"plan":"gold"}}`,
	} {
		got, err := processBack(t, `{}`, profile, nil)
		require.NoError(t, err)
		id := got[0].meta["segment_message_id"]
		assert.Empty(t, seen[id], name)
		seen[id] = name
	}
}

func TestAPersonBehindAnEventIsOneMessageADay(t *testing.T) {
	id := func(day string) string {
		got, err := processBack(t, `emit: identify`, exported, map[string]string{metaDay: day})
		require.NoError(t, err)
		return got[0].meta["segment_message_id"]
	}
	assert.Equal(t, id("2026-03-01"), id("2026-03-01"))
	assert.NotEqual(t, id("2026-03-01"), id("2026-03-02"))
}

func TestTimesThatAClockChangeJoinsStayTwoEvents(t *testing.T) {
	id := func(ts string) string {
		got, err := processBack(t, `timezone: Europe/Berlin`, `{"profile":{"identity":"u"},"ts":`+ts+`,"event_props":{},"event_name":"E"}`, nil)
		require.NoError(t, err)
		return got[0].meta["segment_message_id"]
	}
	assert.NotEqual(t, id("20260329023000"), id("20260329033000"))
}

func TestTheWebhookEventIsInterpolated(t *testing.T) {
	got, err := processBack(t, "emit: track\nwebhook_event: 'Campaign ${! json(\"targetId\") }'",
		`{"targetId":5,"profiles":[{"identity":"u"}]}`, nil)
	require.NoError(t, err)
	assert.Contains(t, got[0].content, `"event":"Campaign 5"`)
}

func TestBackErrorsNameReasonAndFieldAndNoValue(t *testing.T) {
	tests := []struct{ content, want string }{
		{`{"secret"`, "clevertap_to_segment: invalid_json: syntax error at byte 9"},
		{`{"secret":1}`, "clevertap_to_segment: unsupported_type: is no export record and no webhook of CleverTap's"},
		{`{"profileData":{"secret":1}}`, "clevertap_to_segment: missing_identity: identity: a record needs a usable identity or objectId"},
		{`{"profile":{"identity":"secret"},"event_props":{}}`, "clevertap_to_segment: event_not_defined: event_name: an event needs its name"},
		{`{"profile":{"identity":"secret"},"event_props":{},"event_name":"E","ts":"secret"}`, "clevertap_to_segment: ts_not_readable: ts: must be a time in the form yyyyMMddHHmmss"},
	}
	for _, test := range tests {
		_, err := processBack(t, `{}`, test.content, nil)
		assert.EqualError(t, err, test.want)
	}
	_, err := processBack(t, `{}`, exported, map[string]string{metaTimezone: "Mars/Olympus"})
	assert.EqualError(t, err, "clevertap_to_segment: timezone_not_known: clevertap_timezone: must be an IANA time zone such as Europe/Berlin")
	_, err = backProcessor(t, "timezone: Mars/Olympus")
	assert.EqualError(t, err, "timezone must be an IANA time zone such as Europe/Berlin")
}

// What the way back writes, the way there drops: no loop, whichever of the two marks survives.
func TestCallsFromCleverTapDoNotGoBackThere(t *testing.T) {
	calls, err := processBack(t, `emit: both`, exported, nil)
	require.NoError(t, err)
	require.Len(t, calls, 2)
	for _, call := range calls {
		for _, options := range []string{`{}`, `honor_integrations: false`} {
			assert.Empty(t, process(t, mappingProcessor(t, options), call.content))
		}
	}
}
