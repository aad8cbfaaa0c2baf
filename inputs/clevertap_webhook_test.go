package inputs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWebhookAnswersWithoutThePipeline(t *testing.T) {
	_, call := listenWebhook(t, "max_body_bytes: 2000\ntimeout: 10s")
	for name, test := range map[string]struct {
		method, path, body string
		header             http.Header
		status             int
		answer             string
	}{
		"the test call":         {body: `{"is_test":true,"targetId":1234,"key_values":{"key":"value"},"profiles":[{"Identity":"UserId","Email":"…","push_token":"Token"}]}`, status: 200, answer: `{"status":"test"}`},
		"nobody to tell of":     {body: `{"targetId":7,"profiles":[]}`, status: 200, answer: `{"status":"empty"}`},
		"no body":               {status: 400, answer: `{"error":"invalid_json"}`},
		"plain text":            {body: "identity=a@example.com", status: 400, answer: `{"error":"invalid_json"}`},
		"a cut body":            {body: webhookOne[:20], status: 400, answer: `{"error":"invalid_json"}`},
		"nested too deeply":     {body: `{"profiles":` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + "}", status: 400, answer: `{"error":"invalid_json"}`},
		"profiles that are not": {body: `{"profiles":"a@example.com"}`, status: 400, answer: `{"error":"invalid_profiles"}`},
		"too large":             {body: `{"x":"` + strings.Repeat("x", 2000) + `"}`, status: 413, answer: `{"error":"too_large"}`},
		"too much to repeat":    {body: `{"x":"` + strings.Repeat("x", 1000) + `","profiles":[` + strings.Repeat("0,", 400) + `0]}`, status: 413, answer: `{"error":"too_large"}`},
		"packed":                {body: "\x1f\x8b", header: http.Header{"Content-Encoding": {"gzip"}}, status: 415, answer: `{"error":"unsupported_encoding"}`},
		"another method":        {method: http.MethodGet, status: 405, answer: `{"error":"method_not_allowed"}`},
		"another path":          {path: "/clevertap/", body: webhookOne, status: 404, answer: `{"error":"not_found"}`},
		"a path to be cleaned":  {path: "//clevertap", body: webhookOne, status: 404, answer: `{"error":"not_found"}`},
	} {
		t.Run(name, func(t *testing.T) {
			method, path := test.method, test.path
			if method == "" {
				method = http.MethodPost
			}
			if path == "" {
				path = "/clevertap"
			}
			request, err := http.NewRequest(method, strings.TrimSuffix(call.url, "/clevertap")+path, strings.NewReader(test.body))
			require.NoError(t, err)
			request.Header = test.header.Clone()
			got := call.do(t, request)
			assert.Equal(t, test.status, got.status)
			assert.Equal(t, test.answer, got.body)
			assert.Equal(t, "application/json", got.header.Get("Content-Type"))
			if test.status == http.StatusMethodNotAllowed {
				assert.Equal(t, "POST", got.header.Get("Allow"))
			}
		})
	}
}

func TestWebhookReadsAndAnswersByTheOutcome(t *testing.T) {
	in, call := listenWebhook(t, "account_id: ACCOUNT\ntimeout: 10s")
	in.handler.now = func() time.Time { return time.Date(2026, 3, 1, 23, 30, 0, 0, time.FixedZone("", -3600)) }
	for name, test := range map[string]struct {
		webhookOutcome error
		want           webhookReply
	}{
		"delivered": {nil, webhookReply{status: 200, body: `{"status":"delivered"}`}},
		"refused":   {errors.New("a@example.com is not welcome"), webhookReply{status: 503, body: `{"error":"not_delivered"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			answered := make(chan webhookReply, 1)
			go func() { answered <- call.post(t, webhookTwo) }()
			batch, ack, err := in.ReadBatch(t.Context())
			require.NoError(t, err)
			require.Len(t, batch, 2)
			for i, want := range []string{`{"targetId":7,"profiles":[{"identity":"a"}]}`, `{"targetId":7,"profiles":[{"identity":"b"}]}`} {
				content, err := batch[i].AsBytes()
				require.NoError(t, err)
				assert.Equal(t, want, string(content))
				metadata := map[string]string{}
				require.NoError(t, batch[i].MetaWalk(func(key, value string) error {
					metadata[key] = value
					return nil
				}))
				assert.Equal(t, map[string]string{
					"clevertap_source": "webhook", "clevertap_day": "2026-03-02",
					"clevertap_target_id": "7", "clevertap_account_id": "ACCOUNT",
				}, metadata)
			}
			select {
			case got := <-answered:
				t.Fatalf("answered before the acknowledgement: %v", got)
			case <-time.After(50 * time.Millisecond):
			}
			require.NoError(t, ack(t.Context(), test.webhookOutcome))
			require.NoError(t, ack(t.Context(), errors.New("a second time")))
			got := <-answered
			assert.Equal(t, test.want.status, got.status)
			assert.Equal(t, test.want.body, got.body)
			assert.Equal(t, test.webhookOutcome != nil, got.header.Get("Retry-After") == "1")
		})
	}
}

func TestWebhookTimesOut(t *testing.T) {
	in, call := listenWebhook(t, "timeout: 50ms")
	assert.Equal(t, 504, call.post(t, webhookOne).status, "nobody has read it")

	answered := make(chan webhookReply, 1)
	go func() { answered <- call.post(t, webhookOne) }()
	_, ack, err := in.ReadBatch(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 504, (<-answered).status, "nobody has acknowledged it")
	require.NoError(t, ack(t.Context(), nil))

	ctx, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer done()
	_, _, err = in.ReadBatch(ctx)
	assert.ErrorIs(t, err, context.DeadlineExceeded, "what was answered is not delivered later")
}

func TestWebhookShedsLoad(t *testing.T) {
	in, call := listenWebhook(t, "timeout: 10s\nmax_in_flight_requests: 2")
	answered := make(chan webhookReply, 2)
	var acks []service.AckFunc
	for range 2 {
		go func() { answered <- call.post(t, webhookOne) }()
		_, ack, err := in.ReadBatch(t.Context())
		require.NoError(t, err)
		acks = append(acks, ack)
	}
	began := time.Now()
	got := call.post(t, webhookOne)
	assert.Equal(t, 503, got.status)
	assert.Equal(t, `{"error":"overloaded"}`, got.body)
	assert.Equal(t, "1", got.header.Get("Retry-After"))
	assert.Less(t, time.Since(began), 2*time.Second)
	for _, ack := range acks {
		require.NoError(t, ack(t.Context(), nil))
		assert.Equal(t, 200, (<-answered).status)
	}
}

func TestWebhookDrains(t *testing.T) {
	in, call := listenWebhook(t, "timeout: 10s")
	accepted, waiting := make(chan webhookReply, 1), make(chan webhookReply, 1)
	go func() { accepted <- call.post(t, webhookOne) }()
	_, ack, err := in.ReadBatch(t.Context())
	require.NoError(t, err)

	// It stands at the door when the pipeline begins to stop.
	go func() { waiting <- call.post(t, webhookOne) }()
	require.Eventually(t, func() bool { return len(in.handler.handover.slots) == 2 }, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, late, err := in.ReadBatch(ctx)
	if err == nil {
		// It slipped in with the last read; then the stop answers it.
		require.NotNil(t, late)
		_, _, err = in.ReadBatch(ctx)
	}
	require.ErrorIs(t, err, context.Canceled)

	got := call.post(t, webhookOne)
	assert.Equal(t, 503, got.status)
	assert.Equal(t, `{"error":"stopping"}`, got.body)
	require.NoError(t, ack(t.Context(), nil))
	assert.Equal(t, 200, (<-accepted).status, "what was accepted is still answered")
	in.handler.handover.stop()
	assert.Equal(t, 503, (<-waiting).status)
}

func TestWebhookStopsWithACallThatWasReadOnly(t *testing.T) {
	in, call := listenWebhook(t, "timeout: 20s")
	answered := make(chan webhookReply, 1)
	go func() { answered <- call.post(t, webhookOne) }()
	_, _, err := in.ReadBatch(t.Context())
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, in.Close(context.Background()))
	assert.Less(t, time.Since(began), 2*time.Second)
	assert.Equal(t, 503, (<-answered).status)
	require.NoError(t, in.Close(context.Background()), "closing twice")
	_, _, err = in.ReadBatch(t.Context())
	assert.ErrorIs(t, err, service.ErrNotConnected)
}

// The last acknowledgement and the stop come together when a pipeline stops; the caller hears of the former.
func TestWebhookPrefersTheOutcomeToTheStop(t *testing.T) {
	in, err := parseWebhook(t, "timeout: 10s")
	require.NoError(t, err)
	for range 200 {
		handler := newWebhookHandler(in.handler.config, nil, time.Now)
		answered := make(chan *webhookAnswer, 1)
		go func() {
			answered <- handler.take(newPatience(time.Minute), []byte(webhookOne), &share{of: handler.allowance})
		}()
		call := <-handler.handover.parcels
		require.True(t, call.take())
		require.NoError(t, call.ack(t.Context(), nil))
		handler.handover.stop()
		require.Equal(t, answerDelivered, <-answered)
	}
}

func TestWebhookBoundsSlowBodies(t *testing.T) {
	_, call := listenWebhook(t, "timeout: 100ms\nmax_in_flight_requests: 1")
	address := strings.TrimSuffix(strings.TrimPrefix(call.url, "http://"), "/clevertap")
	began := time.Now()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /clevertap HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(15*time.Second)))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, 504, response.StatusCode)
	assert.Less(t, time.Since(began), 3*time.Second)
}

func TestWebhookConnects(t *testing.T) {
	in, call := listenWebhook(t, "timeout: 10s")
	require.NoError(t, in.Connect(t.Context()), "it serves already")
	address := strings.TrimSuffix(strings.TrimPrefix(call.url, "http://"), "/clevertap")
	second, err := parseWebhook(t, "address: "+address)
	require.NoError(t, err)
	require.ErrorContains(t, second.Connect(t.Context()), "listening: ")
	_, _, err = second.ReadBatch(t.Context())
	require.ErrorIs(t, err, service.ErrNotConnected)
	require.NoError(t, second.Close(t.Context()), "closing what was never connected")

	require.NoError(t, in.server.Shutdown())
	_, _, err = in.ReadBatch(t.Context())
	require.ErrorIs(t, err, service.ErrNotConnected, "the server ended by itself")
	require.NoError(t, in.Connect(t.Context()))
	assert.Equal(t, 200, call.post(t, `{"is_test":true}`).status)
}
