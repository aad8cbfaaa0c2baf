package plugins_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/clevertap-segment/clevertap-segment/plugins"
	"github.com/clevertap-segment/clevertap-segment/plugins/sandbox"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// loop is both directions around one sandbox: what Segment has goes to CleverTap, as a destination gets it, and what
// CleverTap exports goes to Segment.
type loop struct {
	box        *sandbox.Sandbox
	url        string
	caches     string
	forwarded  int64 // the last of Segment's calls that went to CleverTap
	yesterday  string
	timestamps int64
}

func newLoop(t *testing.T) *loop {
	box := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(box)
	t.Cleanup(func() { box.Close(); server.Close() })
	now := time.Now().UTC()
	return &loop{box: box, url: server.URL, caches: t.TempDir(),
		yesterday: now.AddDate(0, 0, -1).Format(time.DateOnly), timestamps: now.Add(-time.Minute).Unix()}
}

// TestTrafficBetweenTheTwoDiesOut sends events and profile changes in on both sides, and lets both directions run for
// many rounds. Each event crosses once, each change of a profile echoes at most once, and then nothing moves any more.
func TestTrafficBetweenTheTwoDiesOut(t *testing.T) {
	l := newLoop(t)
	const people = 20
	l.devicesRaise(t, people)
	for round := 1; round <= 12; round++ {
		if round == 1 || round == 6 {
			l.appsSend(t, people, round) // the second time with another plan: a change of each profile
		}
		uploads, calls := l.forward(t), l.back(t)
		t.Logf("round %d: %d records to CleverTap, %d calls to Segment", round, uploads, calls)
		switch round {
		case 1:
			assert.EqualValues(t, 2*people, uploads, "an event and a profile of each person")
			assert.EqualValues(t, 2*people, calls, "an event of each person, and an echo of the profile")
		case 6:
			assert.EqualValues(t, 2*people, uploads, "an event and a profile of each person")
			assert.EqualValues(t, people, calls, "an echo of the profile")
		default:
			assert.Zero(t, uploads, "what came from CleverTap does not go back")
			assert.Zero(t, calls)
		}
	}
	l.expectOnce(t, people)
}

func (l *loop) expectOnce(t *testing.T, people int) {
	atCleverTap, atSegment, echoes := map[string]int{}, map[string]int{}, map[string]int{}
	for _, event := range l.box.CleverTap().Events() {
		atCleverTap[event.Name]++
	}
	for _, call := range l.box.Segment().Calls() {
		if call.Type == segment.Identify && strings.Contains(string(call.Call), `"clevertap-segment"`) {
			echoes[call.UserID]++
		} else {
			atSegment[call.Name]++
		}
	}
	assert.Equal(t, 2*people, atCleverTap["Signed Up"], "from the apps")
	assert.Equal(t, people, atSegment["Coupon Opened"], "from the devices")
	assert.Equal(t, 2*people, atSegment["Signed Up"], "never came back to Segment")
	assert.Equal(t, people, atCleverTap["Coupon Opened"], "never came back to CleverTap")
	for user, count := range echoes {
		assert.Equal(t, 2, count, "echoes of %s: one of each change", user)
	}
	assert.NotEmpty(t, echoes)
}

// appsSend lets apps send calls to Segment.
func (l *loop) appsSend(t *testing.T, people, version int) {
	var calls []string
	for i := range people {
		at := time.Unix(l.timestamps, 0).UTC().Format(time.RFC3339)
		calls = append(calls,
			fmt.Sprintf(`{"type":"identify","userId":"u%d","messageId":"i%d-%d","timestamp":%q,"traits":{"plan":"plan %d"}}`, i, i, version, at, version),
			fmt.Sprintf(`{"type":"track","userId":"u%d","messageId":"t%d-%d","timestamp":%q,"event":"Signed Up","properties":{"n":%d}}`, i, i, version, at, version))
	}
	l.post(t, "/v1/batch", `{"writeKey":"TEST-WRITE-KEY","batch":[`+strings.Join(calls, ",")+`]}`)
}

// devicesRaise lets CleverTap's SDKs raise events.
func (l *loop) devicesRaise(t *testing.T, people int) {
	var records []string
	for i := range people {
		records = append(records, fmt.Sprintf(
			`{"type":"event","identity":"u%d","ts":%d,"evtName":"Coupon Opened","evtData":{"CT Source":"Mobile","n":%d}}`, i, l.timestamps, i))
	}
	l.post(t, "/1/upload", `{"d":[`+strings.Join(records, ",")+`]}`)
}

func (l *loop) post(t *testing.T, path, body string) {
	req, err := http.NewRequest(http.MethodPost, l.url+path, bytes.NewReader([]byte(body)))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CleverTap-Account-Id", "TEST-ACCOUNT")
	req.Header.Set("X-CleverTap-Passcode", "TEST-PASSCODE")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// forward sends Segment's new calls to CleverTap and counts the records that arrive.
func (l *loop) forward(t *testing.T) int64 {
	batch := l.newCalls()
	if len(batch) == 0 {
		return 0
	}
	before := l.uploaded()
	builder := newBuilder(t)
	require.NoError(t, builder.AddProcessorYAML(`segment_to_clevertap: {}`))
	require.NoError(t, builder.AddOutputYAML(fmt.Sprintf(`
clevertap: { account_id: TEST-ACCOUNT, passcode: TEST-PASSCODE, url: %q, batching: { count: 100, period: 50ms } }`, l.url)))
	send, err := builder.AddBatchProducerFunc()
	require.NoError(t, err)
	stream, err := builder.Build()
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- stream.Run(context.Background()) }()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(t, send(ctx, batch))
	require.NoError(t, stream.StopWithin(10*time.Second))
	<-done
	return l.uploaded() - before
}

// newCalls are those that Segment took since the last round.
func (l *loop) newCalls() (batch service.MessageBatch) {
	for _, call := range l.box.Segment().Calls() {
		if call.Seq > l.forwarded {
			l.forwarded = call.Seq
			batch = append(batch, service.NewMessage(call.Call))
		}
	}
	return batch
}

func (l *loop) uploaded() (total int64) {
	for _, count := range l.box.CleverTap().Stats().Accepted {
		total += count
	}
	return total
}

// back exports what is new at CleverTap to Segment and counts the calls that arrive.
func (l *loop) back(t *testing.T) int64 {
	before := l.received()
	builder := newBuilder(t)
	require.NoError(t, builder.AddCacheYAML("label: checkpoints\nfile: { directory: "+l.caches+" }"))
	account := fmt.Sprintf(`account_id: TEST-ACCOUNT, passcode: TEST-PASSCODE, url: %q, from: %s, timezone: UTC, checkpoint_cache: checkpoints`, l.url, l.yesterday)
	require.NoError(t, builder.AddInputYAML(`
broker:
  inputs:
    - clevertap_events: { `+account+` }
    - clevertap_profiles: { `+account+`, event_names: [ "Signed Up", "Coupon Opened" ] }`))
	require.NoError(t, builder.AddProcessorYAML(`clevertap_to_segment: {}`))
	require.NoError(t, builder.AddOutputYAML(fmt.Sprintf(
		`segment: { write_key: TEST-WRITE-KEY, endpoint: %q, batching: { count: 100, period: 50ms } }`, l.url)))
	stream, err := builder.Build()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, stream.Run(ctx))
	return l.received() - before
}

func (l *loop) received() (total int64) {
	for _, count := range l.box.Segment().Stats().Accepted {
		total += count
	}
	return total
}

func newBuilder(t *testing.T) *service.StreamBuilder {
	builder := service.NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: WARN"))
	return builder
}
