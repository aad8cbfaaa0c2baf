package inputs

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	notes "github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

const (
	onePage  = `{"userId":"u1","name":"Home"}`
	twoCalls = `{"batch":[{"type":"track","event":"A","userId":"u1","messageId":"m1"},{"type":"track","event":"B","userId":"u2","messageId":"m2"}]}`
)

// parseSegmentHTTP builds the input from its fields as a user would.
func parseSegmentHTTP(t *testing.T, config string, cache service.Cache) (*segmentHTTP, error) {
	t.Helper()
	parsed, err := segmentHTTPSpec().ParseYAML(config, nil)
	require.NoError(t, err)
	c, err := segmentHTTPConfigFromParsed(parsed)
	if err != nil {
		return nil, err
	}
	access := func(_ context.Context, use func(service.Cache)) error {
		use(cache)
		return nil
	}
	return newSegmentHTTP(c, access, nil, nil), nil
}

// listenSegmentHTTP connects an input and returns it with somebody who calls it.
func listenSegmentHTTP(t *testing.T, config string, cache service.Cache) (*segmentHTTP, *segmentCaller) {
	t.Helper()
	address := testenv.FreeAddress(t)
	call := &segmentCaller{newWebhookCaller(t, "http://"+address)}
	in, err := parseSegmentHTTP(t, "address: "+address+"\n"+config, cache)
	require.NoError(t, err)
	require.NoError(t, in.Connect(t.Context()))
	t.Cleanup(func() { assert.NoError(t, in.Close(context.Background())) })
	return in, call
}

// segmentCaller is an SDK or a webhook.
type segmentCaller struct{ *webhookCaller }

// request is what a caller sends; the zero value of a field stands for the usual.
type request struct {
	method, path, body string
	header             http.Header
}

func (c *segmentCaller) send(t *testing.T, q request) webhookReply {
	t.Helper()
	if q.method == "" {
		q.method = http.MethodPost
	}
	r, err := http.NewRequest(q.method, c.url+q.path, strings.NewReader(q.body))
	require.NoError(t, err)
	if q.header != nil {
		r.Header = q.header.Clone()
	}
	return c.do(t, r)
}

func (c *segmentCaller) postTo(t *testing.T, path, body string) webhookReply {
	t.Helper()
	return c.send(t, request{path: path, body: body})
}

func (c *segmentCaller) hook(t *testing.T, body, secret string) webhookReply {
	t.Helper()
	return c.send(t, request{path: "/webhook", body: body, header: http.Header{"X-Signature": {segment.Sign([]byte(secret), []byte(body))}}})
}

// pipeline acknowledges what an input reads, and keeps it.
type pipeline struct {
	mu     sync.Mutex // guards what follows
	answer error
	got    []map[string]any
	meta   []map[string]string
	sizes  []int
}

// run starts a pipeline behind an input, until the test ends.
func run(t *testing.T, in *segmentHTTP) *pipeline {
	t.Helper()
	p := &pipeline{}
	ctx, stop := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			batch, ack, err := in.ReadBatch(ctx)
			if err != nil {
				return
			}
			_ = ack(ctx, p.take(t, batch))
		}
	})
	t.Cleanup(func() {
		stop()
		reading.Wait()
	})
	return p
}

func (p *pipeline) take(t *testing.T, batch service.MessageBatch) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answer != nil {
		return p.answer
	}
	p.sizes = append(p.sizes, len(batch))
	for _, msg := range batch {
		content, err := msg.AsBytes()
		assert.NoError(t, err)
		call, metadata := map[string]any{}, map[string]string{}
		decoder := json.NewDecoder(bytes.NewReader(content))
		decoder.UseNumber()
		assert.NoError(t, decoder.Decode(&call))
		_ = msg.MetaWalk(func(key, value string) error {
			if key == notes.NoteKey {
				assert.Equal(t, "null", value, "a note is nobody else's")
				return nil
			}
			metadata[key] = value
			return nil
		})
		p.got, p.meta = append(p.got, call), append(p.meta, metadata)
	}
	return nil
}

func (p *pipeline) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = err
}

// rest are the calls since it was last asked.
func (p *pipeline) rest() []map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got, p.meta, p.sizes = nil, nil, nil
	return got
}

func packed(t *testing.T, body string) string {
	t.Helper()
	return packedTimes(t, body, 1)
}

// readOne reads the next batch within a few seconds.
func readOne(t *testing.T, in *segmentHTTP) (service.MessageBatch, service.AckFunc) {
	t.Helper()
	ctx, done := contextFor(t, 10*time.Second)
	defer done()
	batch, ack, err := in.ReadBatch(ctx)
	require.NoError(t, err)
	return batch, ack
}

// signatureOf signs with the secret S.
func signatureOf(body string) string { return segment.Sign([]byte("S"), []byte(body)) }
