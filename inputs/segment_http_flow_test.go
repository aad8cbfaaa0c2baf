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

// later sends a request whose answer comes on the channel.
func (c *segmentCaller) later(t *testing.T, q request) <-chan webhookReply {
	t.Helper()
	answered := make(chan webhookReply, 1)
	go func() { answered <- c.send(t, q) }()
	return answered
}

func TestSegmentHTTPAnswersAfterTheAcknowledgement(t *testing.T) {
	in, call := listenSegmentHTTP(t, "timeout: 10s", nil)
	answered := call.later(t, request{path: "/v1/batch", body: twoCalls})
	batch, ack := readOne(t, in)
	assert.Len(t, batch, 2)
	select {
	case got := <-answered:
		t.Fatalf("answered before the acknowledgement: %v", got)
	case <-time.After(50 * time.Millisecond):
	}
	require.NoError(t, ack(t.Context(), nil))
	require.NoError(t, ack(t.Context(), errors.New("a second time")))
	assert.Equal(t, 200, (<-answered).status)
	assert.Zero(t, in.handler.allowance.used.Load())
}

func TestSegmentHTTPTimesOut(t *testing.T) {
	for path, status := range map[string]int{"/v1/batch": 503, "/webhook": 504} {
		t.Run(path, func(t *testing.T) {
			in, call := listenSegmentHTTP(t, "timeout: 50ms\nwebhook_secret: S", nil)
			body := `{"type":"page","userId":"u"}`
			if path == "/v1/batch" {
				body = `{"batch":[` + body + `]}`
			}
			q := request{path: path, body: body, header: http.Header{"X-Signature": {signatureOf(body)}}}
			got := call.send(t, q)
			assert.Equal(t, status, got.status, "nobody has read it")
			assert.Contains(t, got.body, `"code":"timed_out"`)

			answered := call.later(t, q)
			_, ack := readOne(t, in)
			assert.Equal(t, status, (<-answered).status, "nobody has acknowledged it")
			assert.NotZero(t, in.handler.allowance.used.Load(), "the pipeline still has it")
			require.NoError(t, ack(t.Context(), nil))
			assert.Zero(t, in.handler.allowance.used.Load())

			ctx, done := contextFor(t, 50*time.Millisecond)
			defer done()
			_, _, err := in.ReadBatch(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded, "what was answered is not delivered later")
		})
	}
}

func TestSegmentHTTPShedsLoad(t *testing.T) {
	for path, status := range map[string]int{"/v1/page": 429, "/webhook": 503} {
		t.Run(path, func(t *testing.T) {
			in, call := listenSegmentHTTP(t, "timeout: 10s\nmax_in_flight_requests: 2\nwebhook_secret: S", nil)
			body := `{"type":"page","userId":"u"}`
			q := request{path: path, body: body, header: http.Header{"X-Signature": {signatureOf(body)}}}
			var answers []<-chan webhookReply
			var acks []service.AckFunc
			for range 2 {
				answers = append(answers, call.later(t, q))
				_, ack := readOne(t, in)
				acks = append(acks, ack)
			}
			got := call.send(t, q)
			assert.Equal(t, status, got.status)
			assert.Contains(t, got.body, `"code":"overloaded"`)
			assert.Regexp(t, `^([1-9]|10)$`, got.header.Get("Retry-After"))
			for i, ack := range acks {
				require.NoError(t, ack(t.Context(), nil))
				assert.Equal(t, 200, (<-answers[i]).status)
			}
		})
	}
}

func TestSegmentHTTPBoundsTheBytesItHolds(t *testing.T) {
	in, call := listenSegmentHTTP(t, "timeout: 10s\nmax_body_bytes: 1000\nmax_in_flight_bytes: 40000", nil)
	body := `{"userId":"u1","name":"` + strings.Repeat("x", 900) + `"}`
	var answers []<-chan webhookReply
	var acks []service.AckFunc
	shed := webhookReply{}
	for shed.status == 0 {
		answered := call.later(t, request{path: "/v1/page", body: body})
		ctx, done := contextFor(t, 10*time.Second)
		read := make(chan service.AckFunc, 1)
		go func() {
			if _, ack, err := in.ReadBatch(ctx); err == nil {
				read <- ack
			}
		}()
		select {
		case shed = <-answered:
		case ack := <-read:
			answers, acks = append(answers, answered), append(acks, ack)
		}
		done()
		require.Less(t, len(acks), 100)
	}
	assert.Equal(t, 429, shed.status)
	assert.Greater(t, len(acks), 5)
	assert.LessOrEqual(t, in.handler.allowance.used.Load(), int64(40000))
	for i, ack := range acks {
		require.NoError(t, ack(t.Context(), errors.New("no")))
		assert.Equal(t, 503, (<-answers[i]).status)
	}
	assert.Zero(t, in.handler.allowance.used.Load())
}

func TestSegmentHTTPHasRoomForTheLargestRequest(t *testing.T) {
	in, err := parseSegmentHTTP(t, "max_body_bytes: 1000\nmax_in_flight_bytes: 1", nil)
	require.NoError(t, err)
	for name, held := range map[string]*share{
		"of somebody known": {of: in.handler.allowance}, "of a stranger": {of: in.handler.allowance, stranger: true},
	} {
		assert.True(t, held.take(33000), name)
		held.give()
	}
}

func TestSegmentHTTPDrains(t *testing.T) {
	in, call := listenSegmentHTTP(t, "timeout: 10s", nil)
	accepted := call.later(t, request{path: "/v1/page", body: onePage})
	_, ack := readOne(t, in)

	// It stands at the door when the pipeline begins to stop.
	waiting := call.later(t, request{path: "/v1/page", body: onePage})
	require.Eventually(t, func() bool { return len(in.handler.handover.slots) == 2 }, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := in.ReadBatch(ctx)
	if err == nil {
		// It slipped in with the last read; then the stop answers it.
		_, _, err = in.ReadBatch(ctx)
	}
	require.ErrorIs(t, err, context.Canceled)

	for _, q := range []request{{path: "/v1/page", body: onePage}, {path: "/v1/b", body: twoCalls}} {
		got := call.send(t, q)
		assert.Equal(t, 503, got.status)
		assert.Contains(t, got.body, `"code":"stopping"`)
		assert.NotEmpty(t, got.header.Get("Retry-After"))
	}
	require.NoError(t, ack(t.Context(), nil))
	assert.Equal(t, 200, (<-accepted).status, "what was accepted is still answered")
	in.handler.handover.stop()
	assert.Equal(t, 503, (<-waiting).status)
}

func TestSegmentHTTPStopsWithACallThatWasReadOnly(t *testing.T) {
	in, call := listenSegmentHTTP(t, "timeout: 20s", nil)
	answered := call.later(t, request{path: "/v1/page", body: onePage})
	readOne(t, in)
	began := time.Now()
	require.NoError(t, in.Close(context.Background()))
	assert.Less(t, time.Since(began), 2*time.Second)
	assert.Equal(t, 503, (<-answered).status)
}

// A page sends its last calls while it is being closed.
func TestSegmentHTTPDeliversTheCallsOfACallerWhoLeft(t *testing.T) {
	in, call := listenSegmentHTTP(t, "timeout: 10s", nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(call.url, "http://"))
	require.NoError(t, err)
	_, err = fmt.Fprintf(conn, "POST /v1/page HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(onePage), onePage)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.Eventually(t, func() bool { return len(in.handler.handover.parcels) == 1 }, 5*time.Second, time.Millisecond)
	batch, ack := readOne(t, in)
	assert.Len(t, batch, 1)
	require.NoError(t, ack(t.Context(), nil))
}

func TestSegmentHTTPBoundsSlowBodies(t *testing.T) {
	_, call := listenSegmentHTTP(t, "timeout: 100ms\nmax_in_flight_requests: 1", nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(call.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /v1/page HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(15*time.Second)))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, 503, response.StatusCode)
}
