package inputs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

const (
	// hostileMark stands in every id, key, value and secret that must not come out anywhere but in messages.
	hostileMark = "canary"
	// hostileKey and hostileSecret are what the input under attack is configured with.
	hostileKey    = "canary-write-key"
	hostileSecret = "canary-secret"
	hostileCall   = `{"type":"track","event":"canary-event","userId":"canary-user"}`
)

// hostileLog keeps what is logged.
type hostileLog struct {
	mu  sync.Mutex // guards all
	all bytes.Buffer
}

func (l *hostileLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *hostileLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// hostileTarget is an input that listens, with somebody behind it who takes every batch.
type hostileTarget struct {
	*segmentHTTP
	address string
	log     *hostileLog

	mu       sync.Mutex // guards messages
	messages []*service.Message
}

func newHostileTarget(t *testing.T, config string) *hostileTarget {
	t.Helper()
	h := &hostileTarget{address: testenv.FreeAddress(t), log: &hostileLog{}}
	parsed, err := segmentHTTPSpec().ParseYAML("address: "+h.address+"\nwrite_keys: ["+hostileKey+"]\nwebhook_secret: "+hostileSecret+
		"\nallowed_origins: ['https://shop.example.com']\n"+config, nil)
	require.NoError(t, err)
	c, err := segmentHTTPConfigFromParsed(parsed)
	require.NoError(t, err)
	logger := service.NewLoggerFromSlog(slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	h.segmentHTTP = newSegmentHTTP(c, nil, logger, nil)
	require.NoError(t, h.Connect(t.Context()))
	ctx, stop := context.WithCancel(context.Background())
	var reader sync.WaitGroup
	reader.Go(func() { h.read(ctx) })
	t.Cleanup(func() {
		h.settles(t)
		stop()
		reader.Wait()
		assert.NoError(t, h.Close(context.Background()))
		assert.NotContains(t, h.log.String(), hostileMark)
		assert.NotContains(t, h.log.String(), "127.0.0.1")
	})
	return h
}

func (h *hostileTarget) read(ctx context.Context) {
	for {
		batch, ack, err := h.ReadBatch(ctx)
		if err != nil {
			return
		}
		h.mu.Lock()
		h.messages = append(h.messages, batch...)
		h.mu.Unlock()
		_ = ack(ctx, nil)
	}
}

// settles checks that no slot and no byte stays taken.
func (h *hostileTarget) settles(t *testing.T) {
	t.Helper()
	assert.Eventually(t, func() bool {
		return len(h.handler.handover.slots) == 0 && h.handler.allowance.used.Load() == 0
	}, 10*time.Second, time.Millisecond, "slots or bytes leak")
}

// delivered are the contents of what was read since the last time.
func (h *hostileTarget) delivered() (contents []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, msg := range h.messages {
		content, _ := msg.AsBytes()
		contents = append(contents, string(content))
	}
	h.messages = nil
	return contents
}

// works checks that an honest call still goes through.
func (h *hostileTarget) works(t *testing.T) {
	t.Helper()
	h.delivered()
	reply := h.send(t, hostilePost("/v1/track", hostileCall))
	assert.Equal(t, `200 {"success":true}`, reply.String())
	assert.Len(t, h.delivered(), 1)
}

// hostileReply is an answer as it came over the wire; status 0 if the connection was closed without any.
type hostileReply struct {
	status int
	body   string
	header http.Header
}

func (r hostileReply) String() string { return fmt.Sprint(r.status, " ", r.body) }

// send writes bytes to a connection of its own and reads one answer.
func (h *hostileTarget) send(t *testing.T, request string) hostileReply {
	t.Helper()
	return h.sendAll(t, request, 1)[0]
}

func (h *hostileTarget) sendAll(t *testing.T, request string, answers int) (replies []hostileReply) {
	t.Helper()
	conn := h.dial(t)
	defer conn.Close()
	// The server may answer and hang up before it has read everything.
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = io.WriteString(conn, request)
	}()
	method, _, _ := strings.Cut(request, " ")
	in := bufio.NewReader(conn)
	for range answers {
		replies = append(replies, readHostileReply(t, in, method))
	}
	_ = conn.Close()
	<-written
	return replies
}

func (h *hostileTarget) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", h.address)
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	return conn
}

func readHostileReply(t *testing.T, in *bufio.Reader, method string) hostileReply {
	t.Helper()
	response, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		return hostileReply{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.StatusCode < http.StatusBadRequest {
		assert.NoError(t, err) // after a refusal the server may hang up on what it did not read
	} else {
		assert.NotContains(t, string(body), hostileMark)
	}
	return hostileReply{response.StatusCode, string(body), response.Header}
}

// hostilePost is a request with the right key.
func hostilePost(path, body string, headers ...string) string {
	return hostileUnkeyed(path, body, append(headers, "Authorization: Basic Y2FuYXJ5LXdyaXRlLWtleTo=")...)
}

func hostileUnkeyed(path, body string, headers ...string) string {
	return hostileHead("POST "+path+" HTTP/1.1", append(headers, fmt.Sprint("Content-Length: ", len(body)))...) + body
}

func hostileHead(line string, headers ...string) string {
	return line + "\r\nHost: in.example.com\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
}

// chunked is a body in pieces.
func chunked(body string, size int) string {
	var all strings.Builder
	for piece := range len(body)/size + 1 {
		part := body[piece*size : min((piece+1)*size, len(body))]
		if part != "" {
			fmt.Fprintf(&all, "%x\r\n%s\r\n", len(part), part)
		}
	}
	return all.String() + "0\r\n\r\n"
}

// packedTimes packs a text that is repeated so often.
func packedTimes(t *testing.T, text string, times int) string {
	t.Helper()
	var all bytes.Buffer
	w := gzip.NewWriter(&all)
	for range times {
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return all.String()
}

// damaged changes one byte, so far from the end.
func damaged(text string, fromEnd int) string {
	all := []byte(text)
	all[len(all)-fromEnd] ^= 1
	return string(all)
}
