package outputs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

func TestSegmentCallsArriveAsSent(t *testing.T) {
	for name, call := range map[string]string{
		"large integers":     `{"type":"track","userId":"u","event":"E","properties":{"id":9007199254740993,"list":[18446744073709551617]},"messageId":"m"}`,
		"decimals":           `{"type":"track","userId":"u","event":"E","properties":{"price":1.10,"tiny":1e-400,"f":2.0},"messageId":"m"}`,
		"a push token":       `{"type":"identify","userId":"u","context":{"device":{"type":"android","token":"t","adTrackingEnabled":false}},"messageId":"m"}`,
		"unknown context":    `{"type":"page","anonymousId":"a","context":{"userAgentData":{"mobile":false},"consent":{"categoryPreferences":{"x":false}},"screen":{"density":2.75},"library":{"name":"own","version":"1"},"x":[null,{}]},"messageId":"m"}`,
		"integrations":       `{"type":"track","userId":"u","event":"E","integrations":{"All":true,"CleverTap":false,"CleverTap (Actions)":false},"messageId":"m"}`,
		"times":              `{"type":"track","userId":"u","event":"E","timestamp":"2026-01-02T03:04:05.000+02:00","originalTimestamp":"2026-01-02T01:04:05Z","sentAt":"2026-01-02T01:04:06.5Z","receivedAt":"x","messageId":"m"}`,
		"a zero time":        `{"type":"track","userId":"u","event":"E","timestamp":"0001-01-01T00:00:00Z","messageId":"m"}`,
		"unknown members":    `{"type":"track","userId":"u","event":"E","channel":"server","version":"1.1","projectId":"p","x":{"y":[1]},"messageId":"m"}`,
		"products":           `{"type":"track","userId":"u","event":"Order Completed","properties":{"products":[{"sku":"S","price":0.30,"own":true}]},"messageId":"m"}`,
		"falsehoods":         `{"type":"identify","userId":"u","traits":{"a":false,"b":0,"c":"","d":null,"e":[],"f":{}},"messageId":"m"}`,
		"markup and unicode": `{"type":"track","userId":"<u>","event":"& 日本 \u2028","properties":{"a":"<b>"},"messageId":"m"}`,
		"a long message id":  `{"type":"track","userId":"u","event":"E","messageId":"` + strings.Repeat("m", 200) + `"}`,
		"a group":            `{"type":"group","userId":"u","groupId":"g","traits":{"n":9007199254740993},"messageId":"m"}`,
		"an alias":           `{"type":"alias","userId":"u","previousId":"p","traits":{"x":1},"messageId":"m"}`,
		"a screen":           `{"type":"screen","userId":"u","name":"N","category":"C","properties":{"category":"C"},"messageId":"m"}`,
		"an empty context":   `{"type":"track","userId":"u","event":"E","context":{},"integrations":{},"messageId":"m"}`,
	} {
		t.Run(name, func(t *testing.T) {
			fake, url := newSegmentFake(t, segmenttest.Options{})
			out := newTestSegment(t, url, fastRetries)
			require.NoError(t, out.WriteBatch(t.Context(), batchOf(call)))
			require.Len(t, fake.Calls(), 1, fake.Rejections())
			assert.Equal(t, strings.ReplaceAll(call, `\u2028`, "\u2028"), string(fake.Calls()[0].Call))
		})
	}
}

func TestSegmentGetsWhatItWouldDiscardInTheRightForm(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{})
	out := newTestSegment(t, url, fastRetries)
	require.NoError(t, out.WriteBatch(t.Context(), batchOf(
		`{"type":"Track","userId":9007199254740993,"anonymousId":"","event":"E","writeKey":"other","messageId":"a"}`,
		`{"type":"page","userId":"u","category":"C","messageId":"b"}`,
		`{"type":"page","userId":"u"}`)))
	assert.Empty(t, fake.Rejections())
	calls := fake.Calls()
	assert.Equal(t, `{"type":"track","userId":"9007199254740993","event":"E","messageId":"a"}`, string(calls[0].Call))
	assert.Equal(t, `{"type":"page","userId":"u","category":"C","properties":{"category":"C"},"messageId":"b"}`, string(calls[1].Call))
	assert.Regexp(t, `^[A-Z2-7]{26}$`, calls[2].MessageID)
}

func TestSegmentRefusesInvalidCallsOneByOne(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{})
	out := newTestSegment(t, url, fastRetries)
	unmapped := service.NewMessage([]byte(track("x", "unmapped")))
	unmapped.SetError(io.ErrUnexpectedEOF)
	batch := append(batchOf(track("a", "A"), `{`, `{"type":"track","userId":"secret"}`, `{"batch":[]}`, `[`+track("x", "E")+`]`,
		`{"type":"delete","userId":"u"}`, `{"type":"alias","userId":"secret"}`, `{"type":"group","userId":"u"}`, track("b", "B"),
		`{"type":"track","userId":"u","event":"`+strings.Repeat("e", segment.MaxCallBytes)+`"}`, `{"type":"page"}`), unmapped)
	err := out.WriteBatch(t.Context(), batch)
	assert.Equal(t, map[int]string{
		1:  "segment: invalid_json: syntax error at byte 1",
		2:  "segment: event_not_defined: event: a track call needs an event name",
		3:  "segment: empty_batch: batch: holds no calls",
		4:  "segment: invalid_json: a message must be one call, split batches with segment_parse",
		5:  "segment: unsupported_type: type: the Tracking API takes no deletions",
		6:  "segment: id_required: analytics.Alias.PreviousId is missing",
		7:  "segment: id_required: analytics.Group.GroupId is missing",
		9:  "segment: too_large: the call has 32849 bytes, Segment takes 32768",
		10: "segment: no_user_anon_id: userId: a call needs a userId or an anonymousId",
		11: "segment: unmapped: unexpected EOF",
	}, failures(t, batch, err))
	assert.NotContains(t, err.Error(), "secret")
	assert.Equal(t, "A B", names(fake))
	assert.EqualValues(t, 1, fake.Stats().Requests)
}

// poisoned answers 400 to every request that holds the event Poison.
func poisoned(fake *segmenttest.Server, status int, requests *atomic.Int64) {
	fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		requests.Add(1)
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !bytes.Contains(body, []byte("Poison")) {
			return false
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"success":false,"code":"invalid_request","message":"quotes the secret"}`)
		return true
	})
}

func TestSegmentIsolatesTheCallThatSpoilsARequest(t *testing.T) {
	for _, status := range []int{400, 413, 422} {
		fake, url := newSegmentFake(t, segmenttest.Options{})
		var requests atomic.Int64
		poisoned(fake, status, &requests)
		out := newTestSegment(t, url, fastRetries)
		batch := batchOf(track("a", "A"), track("b", "B"), track("c", "C"), track("d", "Poison"), track("e", "E"), track("f", "F"), track("g", "G"))
		got := failures(t, batch, out.WriteBatch(t.Context(), batch))
		assert.Len(t, got, 1)
		assert.Regexp(t, `^segment: rejected: Segment answered 4\d\d invalid_request$`, got[3])
		assert.Equal(t, "A B C E F G", names(fake), "in order")
		assert.Zero(t, fake.Stats().Duplicates, "nobody was repeated")
		assert.EqualValues(t, 7, requests.Load())
	}
}

func TestSegmentTriesARefusedCallOnce(t *testing.T) {
	for status, want := range map[int]string{
		400: "segment: rejected: Segment answered 400 internal_error",
		401: "segment: unauthorized: Segment answered 401 internal_error: check write key and region",
		302: "segment: unexpected_status: Segment answered 302 internal_error: check region or endpoint",
		404: "segment: unexpected_status: Segment answered 404 internal_error: check region or endpoint",
		501: "segment: unexpected_status: Segment answered 501 internal_error: check region or endpoint",
	} {
		fake, url := newSegmentFake(t, segmenttest.Options{Faults: segmenttest.Faults{ErrorRate: 1, ErrorStatus: status}})
		out := newTestSegment(t, url, fastRetries)
		batch := batchOf(track("a", "A"))
		assert.Equal(t, map[int]string{0: want}, failures(t, batch, out.WriteBatch(t.Context(), batch)))
		assert.EqualValues(t, 1, fake.Stats().Requests)
	}
}

func TestSegmentErrors_HoldNothingOfAnEcho(t *testing.T) {
	for _, echo := range []string{"maria_lopez", "jose", "a", "José García", "priya%40example.in", "invalid_request maria_lopez"} {
		for status, want := range map[int]string{
			200: "segment: unclear_reply: Segment answered 200, without success (attempts: 4)",
			400: "segment: rejected: Segment answered 400",
			401: "segment: unauthorized: Segment answered 401: check write key and region",
			404: "segment: unexpected_status: Segment answered 404: check region or endpoint",
			500: "segment: server_error: Segment answered 500 (attempts: 4)",
		} {
			fake, url := newSegmentFake(t, segmenttest.Options{})
			fake.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, `{"success":false,"code":%q,"message":%q}`, echo, echo)
				return true
			})
			out := newTestSegment(t, url, fastRetries)
			batch := batchOf(track("maria_lopez", "A"))
			assert.Equal(t, map[int]string{0: want}, failures(t, batch, out.WriteBatch(t.Context(), batch)), echo)
		}
	}
}

func TestSegmentRefusedKeyEndsTheBatch(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{WriteKey: "another", RejectWrongKey: true})
	out := newTestSegment(t, url, fastRetries)
	batch := tracks("m", 6000)
	got := failures(t, batch, out.WriteBatch(t.Context(), batch))
	assert.Len(t, got, 6000)
	assert.Equal(t, "segment: unauthorized: Segment answered 401 unauthorized: check write key and region", got[5999])
	assert.NotContains(t, got[0], "TEST-WRITE-KEY")
	assert.EqualValues(t, 1, fake.Stats().Requests)
}

func TestSegmentRetriesWhatMaySucceedLater(t *testing.T) {
	for name, answers := range map[string][]int{
		"once": {503}, "in many ways": {429, 500, 460}, "timeouts": {408, 410}, "broken connections": {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			fake, url := newSegmentFake(t, segmenttest.Options{})
			left := answers
			fake.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
				if len(left) == 0 {
					return false
				}
				status := left[0]
				left = left[1:]
				if status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(status)
				return true
			})
			out := newTestSegment(t, url, fastRetries)
			require.NoError(t, out.WriteBatch(t.Context(), tracks("m", 10)))
			assert.Len(t, fake.Calls(), 10)
			assert.EqualValues(t, len(answers)+1, fake.Stats().Requests)
		})
	}
}

func TestSegmentRetriesAreBounded(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{Faults: segmenttest.Faults{ErrorRate: 1}})
	out := newTestSegment(t, url, fastRetries)
	batch := tracks("m", 2)
	const text = "segment: server_error: Segment answered 500 internal_error (attempts: 4)"
	assert.Equal(t, map[int]string{0: text, 1: text}, failures(t, batch, out.WriteBatch(t.Context(), batch)))
	assert.EqualValues(t, 4, fake.Stats().Requests)
}

func TestSegmentLostRepliesAreDeduplicated(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{Faults: segmenttest.Faults{CutRate: 0.5}, Seed: 5})
	out := newTestSegment(t, url, "max_retries: 20\nbackoff: { initial_interval: 1ms, max_interval: 1ms }")
	batch := append(tracks("m", 9), service.NewMessage([]byte(`{"type":"page","userId":"u"}`)))
	for range 20 {
		require.NoError(t, out.WriteBatch(t.Context(), batch))
	}
	stats := fake.Stats()
	assert.EqualValues(t, 9, stats.Accepted[segment.Track])
	assert.EqualValues(t, 20, stats.Accepted[segment.Page], "an id of ours lasts for the retries of one write")
	assert.Greater(t, stats.Requests, int64(20))
}

func TestSegmentWaitsAsLongAsAsked(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{Faults: segmenttest.Faults{ThrottleRate: 1, RetryAfter: 1}})
	out := newTestSegment(t, url, fastRetries)
	start := time.Now()
	go func() {
		for changed := fake.Changed(); fake.Stats().Throttled == 0; changed = fake.Changed() {
			<-changed
		}
		fake.SetFaults(segmenttest.Faults{})
	}()
	require.NoError(t, out.WriteBatch(t.Context(), tracks("m", 1)))
	assert.GreaterOrEqual(t, time.Since(start), time.Second)
	assert.EqualValues(t, 2, fake.Stats().Requests)
}

func TestSegmentMessageIDsMayRepeat(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{})
	var requests atomic.Int64
	poisoned(fake, 400, &requests)
	out := newTestSegment(t, url, fastRetries)
	batch := batchOf(track("same", "A"), track("same", "Poison"), `{"type":"track","userId":"u","messageId":"same"}`, track("same", "B"), track("0", "C"))
	got := failures(t, batch, out.WriteBatch(t.Context(), batch))
	assert.Len(t, got, 2)
	assert.Regexp(t, "rejected", got[1])
	assert.Regexp(t, "event_not_defined", got[2])
	assert.Equal(t, "A C", names(fake))
	assert.EqualValues(t, 1, fake.Stats().Duplicates, "sent, and dropped by Segment as it should")
}

func TestSegmentReusesConnections(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{})
	out := newTestSegment(t, url, fastRetries)
	for range 50 {
		require.NoError(t, out.WriteBatch(t.Context(), tracks("m", 3)))
	}
	assert.EqualValues(t, 50, fake.Stats().Requests)
	assert.EqualValues(t, 1, fake.Stats().Connections)
}

func TestSegmentStoppingEndsTheWaiting(t *testing.T) {
	for name, faults := range map[string]segmenttest.Faults{
		"between attempts":  {ErrorRate: 1},
		"for an answer":     {BlackHoleRate: 1},
		"for the last byte": {Drip: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			fake, url := newSegmentFake(t, segmenttest.Options{Faults: faults})
			out := newTestSegment(t, url, "backoff: { initial_interval: 1h, max_interval: 1h, max_elapsed_time: 0s }\n")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				for changed := fake.Changed(); fake.Stats().MaxInFlight == 0; changed = fake.Changed() {
					<-changed
				}
				time.Sleep(50 * time.Millisecond)
				cancel()
			}()
			batch := tracks("m", 6000)
			got := failures(t, batch, out.WriteBatch(ctx, batch))
			assert.Len(t, got, 6000)
			assert.Equal(t, "segment: stopped: sending was interrupted", got[5999])
			assert.EqualValues(t, 1, fake.Stats().Requests)
		})
	}
}

func TestSegmentTimeoutsAndUnreachableHosts(t *testing.T) {
	_, url := newSegmentFake(t, segmenttest.Options{Faults: segmenttest.Faults{BlackHoleRate: 1}})
	out := newTestSegment(t, url, "timeout: 20ms\nmax_retries: 1\nbackoff: { initial_interval: 1ms }")
	batch := tracks("m", 1)
	assert.Equal(t, map[int]string{0: "segment: timeout: no answer within 20ms (attempts: 2)"}, failures(t, batch, out.WriteBatch(t.Context(), batch)))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	out = newTestSegment(t, "http://"+listener.Addr().String(), fastRetries)
	assert.Equal(t, map[int]string{0: "segment: unreachable: the connection was refused (attempts: 4)"}, failures(t, batch, out.WriteBatch(t.Context(), batch)))
}

func TestSegmentRequestsWaitForTheRateLimit(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{})
	var asked atomic.Int32
	mgr := service.MockResources(service.MockResourcesOptAddRateLimit("limit", func(context.Context) (time.Duration, error) {
		if asked.Add(1)%2 == 1 {
			return time.Millisecond, nil
		}
		return 0, nil
	}))
	parsed, err := segmentSpec().ParseYAML("write_key: TEST-WRITE-KEY\nrate_limit: limit\nendpoint: "+url, nil)
	require.NoError(t, err)
	out, _, _, err := newSegmentFromParsed(parsed, mgr)
	require.NoError(t, err)
	require.NoError(t, out.WriteBatch(t.Context(), tracks("m", 5000)))
	require.NoError(t, out.Close(t.Context()))
	assert.EqualValues(t, 2*fake.Stats().Requests, asked.Load())

	_, _, _, err = newSegmentFromParsed(parsed, service.MockResources())
	require.ErrorContains(t, err, "not defined")
}

func TestSegmentConnectionTest(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{RejectWrongKey: true})
	out := newTestSegment(t, url, fastRetries)
	require.NoError(t, out.ConnectionTest(t.Context())[0].Err)
	assert.Zero(t, fake.Stats().Calls)
	out.sender.source.WriteKey = "wrong"
	require.ErrorContains(t, out.ConnectionTest(t.Context())[0].Err, "segment: unauthorized")
}
