package processors

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func mappingProcessor(t *testing.T, yaml string, opts ...service.MockResourcesOptFn) *segmentToClevertap {
	t.Helper()
	p, err := buildMapping(t, yaml, opts...)
	require.NoError(t, err)
	return p
}

func buildMapping(t *testing.T, yaml string, opts ...service.MockResourcesOptFn) (*segmentToClevertap, error) {
	t.Helper()
	conf, err := segmentToClevertapSpec().ParseYAML(yaml, nil)
	if err != nil {
		return nil, err
	}
	cfg, err := segmentToClevertapFromParsed(conf)
	if err != nil {
		return nil, err
	}
	return newSegmentToClevertap(cfg, service.MockResources(opts...))
}

func process(t *testing.T, p *segmentToClevertap, raw string) []seen {
	t.Helper()
	out, err := p.Process(context.Background(), service.NewMessage([]byte(raw)))
	require.NoError(t, err)
	return look(t, out)
}

func TestEveryRecordIsAMessageWithItsMetadata(t *testing.T) {
	p := mappingProcessor(t, `{}`)
	msg := service.NewMessage([]byte(`{"type":"identify","userId":"u","anonymousId":"a","messageId":"m",
		"traits":{"gender":"x"},"context":{"device":{"token":"t","type":"ios"}}}`))
	msg.MetaSet("kafka_key", "k")
	out, err := p.Process(context.Background(), msg)
	require.NoError(t, err)
	assert.Equal(t, []seen{
		{`{"type":"profile","identity":"u","profileData":{}}`, map[string]string{"clevertap_type": "profile",
			"clevertap_fixes": "gender_dropped", "segment_message_id": "m", "kafka_key": "k"}, ""},
		{`{"type":"token","objectId":"a","tokenData":{"id":"t","type":"apns"}}`, map[string]string{"clevertap_type": "token",
			"segment_message_id": "m", "kafka_key": "k"}, ""},
	}, look(t, out))
}

func TestNoFixNoMetadata(t *testing.T) {
	got := process(t, mappingProcessor(t, `{}`), `{"type":"delete","userId":"u"}`)
	assert.Equal(t, []seen{{`{"type":"delete","identity":"u"}`, map[string]string{"clevertap_type": "delete"}, ""}}, got)
}

func TestABadCallOfABatchDoesNotDisturbItsNeighbours(t *testing.T) {
	got := process(t, mappingProcessor(t, `{}`), `[{"type":"track","userId":"u","event":"A"},
		{"type":"track","event":"B"},{"type":"group","userId":"u"},{"type":"track","userId":"u","event":"C"}]`)
	require.Len(t, got, 3)
	assert.Equal(t, `{"type":"track","event":"B"}`, got[0].content)
	assert.Equal(t, "segment_to_clevertap: missing_identity: userId: a usable userId or anonymousId is needed", got[0].err)
	assert.Contains(t, got[1].content, `"evtName":"A"`)
	assert.Contains(t, got[2].content, `"evtName":"C"`)
}

func TestAFailedMessageIsNotChanged(t *testing.T) {
	msg := service.NewMessage([]byte(`{"type":"track","userId":"u"}`))
	_, err := mappingProcessor(t, `{}`).Process(context.Background(), msg)
	require.EqualError(t, err, "segment_to_clevertap: event_not_defined: event: a track call needs an event name")
	assert.Equal(t, []seen{{`{"type":"track","userId":"u"}`, map[string]string{}, ""}}, look(t, service.MessageBatch{msg}))
}

func TestACallThatIsNotForCleverTapIsDroppedEvenIfItIsBad(t *testing.T) {
	out, err := mappingProcessor(t, `{}`).Process(context.Background(),
		service.NewMessage([]byte(`{"type":"track","integrations":{"CleverTap":false}}`)))
	require.NoError(t, err)
	assert.Empty(t, out)
}

func TestModeSetsTheDefaultsAndAFieldThatIsSetWins(t *testing.T) {
	call := `{"type":"track","userId":"u","event":"E","properties":{"userID":" x ","o":{"a":1}}}`
	for yaml, want := range map[string]string{
		`{}`:                            `{"CT Source":"segment","user_id":"x","o_a":1}`,
		`mode: mobile`:                  `{"CT Source":"segment","userID":" x "}`,
		"mode: mobile\nnested: flatten": `{"CT Source":"segment","userID":" x ","o_a":1}`,
		"key_case: preserve":            `{"CT Source":"segment","userID":"x","o_a":1}`,
		"trim_values: false":            `{"CT Source":"segment","user_id":" x ","o_a":1}`,
	} {
		t.Run(yaml, func(t *testing.T) {
			got := process(t, mappingProcessor(t, yaml), call)
			assert.Equal(t, `{"type":"event","identity":"u","evtName":"E","evtData":`+want+`}`, got[0].content)
		})
	}
}

func TestConfigsThatNobodyCanMean(t *testing.T) {
	for yaml, want := range map[string]string{
		"mode: Server":            "mode must be one of server, mobile",
		"key_case: camel":         "key_case must be one of snake_case, preserve",
		"anonymous_id: yes":       "anonymous_id must be one of link, separate, ignore",
		"phone_region: Germany":   "phone_region must be an ISO country code such as DE",
		"max_event_properties: 0": "max_event_properties must be at least 1",
		"page_event: ''":          "page_event must not be empty",
		"names: { a: '' }":        "names must not map from or to an empty name",
		"identity_cache: nowhere": "identity_cache: there is no cache resource \"nowhere\"",
	} {
		t.Run(yaml, func(t *testing.T) {
			_, err := buildMapping(t, yaml)
			assert.EqualError(t, err, want)
		})
	}
}

func identify(user, message string) string {
	return `{"type":"identify","userId":"` + user + `","anonymousId":"a","messageId":"` + message + `"}`
}

func TestAVisitorIsLinkedOnce(t *testing.T) {
	p := mappingProcessor(t, "identity_cache: ids", service.MockResourcesOptAddCache("ids"))
	const linked, alone = `{"type":"profile","objectId":"a","profileData":{"Identity":"u1"}}`, `{"type":"profile","identity":"u1","profileData":{}}`
	steps := []struct{ rule, call, want, fixes string }{
		{"the first user is linked", identify("u1", "m1"), linked, ""},
		{"the same call again is linked again, its delivery may have failed", identify("u1", "m1"), linked, ""},
		{"a later call of the pair goes to the user", identify("u1", "m2"), alone, ""},
		{"another user of the device is not linked", identify("u2", "m3"),
			`{"type":"profile","identity":"u2","profileData":{}}`, "identity_conflict"},
		{"nor by an alias", `{"type":"alias","userId":"u2","anonymousId":"a"}`,
			`{"type":"profile","identity":"u2","profileData":{"Identity":"u2"}}`, "identity_conflict"},
		{"but an alias of the same user goes through", `{"type":"alias","userId":"u1","previousId":"a","anonymousId":"a"}`,
			`{"type":"profile","objectId":"a","profileData":{"Identity":"u1"}}`, ""},
		{"and the first stays linked", identify("u1", "m4"), alone, ""},
		{"a user without a visitor has nothing to link", `{"type":"identify","userId":"u3"}`,
			`{"type":"profile","identity":"u3","profileData":{}}`, ""},
	}
	for _, step := range steps {
		got := process(t, p, step.call)
		require.Len(t, got, 1, step.rule)
		assert.Equal(t, step.want, got[0].content, step.rule)
		assert.Equal(t, step.fixes, got[0].meta["clevertap_fixes"], step.rule)
	}
}

func TestACallWithoutMessageIDIsKnownByWhatItSays(t *testing.T) {
	p := mappingProcessor(t, "identity_cache: ids", service.MockResourcesOptAddCache("ids"))
	call := `{"type":"identify","userId":"u","anonymousId":"a","traits":{"plan":"Gold"}}`
	first, again := process(t, p, call), process(t, p, call)
	assert.Equal(t, first, again)
	other := process(t, p, `{"type":"identify","userId":"u","anonymousId":"a","traits":{"plan":"Silver"}}`)
	assert.Contains(t, other[0].content, `"identity":"u"`)
}

func TestOfManyUsersAtOnceExactlyOneIsLinked(t *testing.T) {
	p := mappingProcessor(t, "identity_cache: ids", service.MockResourcesOptAddCache("ids"))
	var wait sync.WaitGroup
	linked := make(chan string, 64)
	for _, user := range []string{"u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8"} {
		wait.Go(func() {
			out, err := p.Process(context.Background(), service.NewMessage([]byte(identify(user, user))))
			if err == nil {
				if raw, _ := out[0].AsBytes(); len(raw) > 0 && string(raw[:27]) == `{"type":"profile","objectId` {
					linked <- user
				}
			}
		})
	}
	wait.Wait()
	assert.Len(t, linked, 1)
}

func TestTheCacheHoldsNoIDs(t *testing.T) {
	resources := service.MockResources(service.MockResourcesOptAddCache("ids"))
	links := &linkCache{name: "ids", mgr: resources}
	_, err := links.addOrGet(context.Background(), "clevertap_link_"+digest("visitor"), []byte(digest("user")))
	require.NoError(t, err)
	require.NoError(t, resources.AccessCache(context.Background(), "ids", func(c service.Cache) {
		_, err := c.Get(context.Background(), "clevertap_link_visitor")
		assert.ErrorIs(t, err, service.ErrKeyNotFound)
	}))
}

// brokenCache answers nothing.
type brokenCache struct{}

var errBroken = errors.New("connection to 10.0.0.1 refused for key of a")

func (brokenCache) Get(context.Context, string) ([]byte, error) { return nil, errBroken }
func (brokenCache) Set(context.Context, string, []byte, *time.Duration) error {
	return errBroken
}
func (brokenCache) Add(context.Context, string, []byte, *time.Duration) error {
	return errBroken
}
func (brokenCache) Delete(context.Context, string) error { return errBroken }
func (brokenCache) Close(context.Context) error          { return nil }

func TestABrokenCacheFailsTheMessageWithoutSayingWhose(t *testing.T) {
	env := service.NewEnvironment()
	require.NoError(t, env.RegisterCache("broken", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Resources) (service.Cache, error) { return brokenCache{}, nil }))
	builder := env.NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	require.NoError(t, builder.AddCacheYAML("label: ids\nbroken: {}"))
	require.NoError(t, builder.AddProcessorYAML("segment_to_clevertap:\n  identity_cache: ids"))
	send, err := builder.AddProducerFunc()
	require.NoError(t, err)
	var got error
	require.NoError(t, builder.AddConsumerFunc(func(_ context.Context, msg *service.Message) error {
		got = msg.GetError()
		return nil
	}))
	stream, err := builder.Build()
	require.NoError(t, err)
	go func() { _ = stream.Run(context.Background()) }()
	require.NoError(t, send(context.Background(), receivedFrom(segment.TrustTracking, identify("u1", "m1"))))
	require.NoError(t, stream.StopWithin(5*time.Second))
	assert.EqualError(t, got, "segment_to_clevertap: identity_cache_failed: identity_cache: the cache must answer")
}

// receivedFrom is a message as segment_http hands it on.
func receivedFrom(trust segment.Trust, raw string) *service.Message {
	msg := service.NewMessageWithContext(metadata.Restricted(trust), []byte(raw))
	msg.MetaSetImmut(metadata.NoteKey, metadata.NewNote(segment.Sender{Trust: trust}, "m1", "u"))
	return msg
}

// However a mapping has changed it, a message that was received is one call: what it holds besides was never looked at,
// counted or limited.
func TestSegmentToCleverTap_AReceivedMessageIsOneCall(t *testing.T) {
	const call = `{"type":"track","userId":"u","event":"A"}`
	for content, reason := range map[string]string{
		`{"batch":[` + call + `,` + call + `]}`:           "unsupported_type",
		`{"type":"x","batch":[` + call + `]}`:             "unsupported_type",
		`[` + call + `,` + call + `]`:                     "invalid_json",
		`{"type":"delete","userId":"u"}`:                  "delete_not_allowed",
		`{"type":"delete","userId":"u","messageId":"m1"}`: "delete_not_allowed",
	} {
		p := mappingProcessor(t, `{}`)
		_, err := p.Process(context.Background(), receivedFrom(segment.TrustTracking, content))
		assert.ErrorContains(t, err, "segment_to_clevertap: "+reason, content)
		_, err = newSegmentParse(false, nil).Process(context.Background(), receivedFrom(segment.TrustTracking, content))
		if reason == "delete_not_allowed" {
			assert.NoError(t, err, "to parse a delete is not to do it")
		} else {
			assert.ErrorContains(t, err, "segment_parse: "+reason, content)
		}
	}
}

func TestSegmentToCleverTap_ASignedCallDeletesIfItIsTheOneThatWasSigned(t *testing.T) {
	p := mappingProcessor(t, `delete_event: Delete User`)
	for content, deletes := range map[string]bool{
		`{"type":"delete","userId":"u","messageId":"m1"}`:                      true,
		`{"type":"delete","userId":"u"}`:                                       true,
		`{"type":"track","event":"Delete User","userId":"u","messageId":"m1"}`: true,
		`{"type":"delete","userId":"u","messageId":"m2"}`:                      false,
		`{"type":"track","event":"Delete User","userId":"u","messageId":"m2"}`: false,
	} {
		out, err := p.Process(context.Background(), receivedFrom(segment.TrustSigned, content))
		if !deletes {
			assert.ErrorContains(t, err, "delete_not_allowed", content)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, `{"type":"delete","identity":"u"}`, look(t, out)[0].content)
	}
}

func TestSegmentToCleverTap_LimitedCallsDropAnAlias(t *testing.T) {
	p := mappingProcessor(t, `public_calls: limited`)
	out, err := p.Process(context.Background(), receivedFrom(segment.TrustTracking, `{"type":"alias","userId":"thief","previousId":"victim"}`))
	require.NoError(t, err)
	assert.Empty(t, out)
}
