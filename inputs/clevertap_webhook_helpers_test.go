package inputs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

const (
	webhookOne = `{"targetId":7,"profiles":[{"identity":"a"}]}`
	webhookTwo = `{"targetId":7,"profiles":[{"identity":"a"},{"identity":"b"}]}`
)

// webhookReply is an answer as the caller sees it.
type webhookReply struct {
	status int
	body   string
	header http.Header
}

// webhookCaller posts to one address. Its connections are its own, so that tests can look for leaks.
type webhookCaller struct {
	url    string
	client *http.Client
}

func newWebhookCaller(t *testing.T, url string) *webhookCaller {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		goleak.VerifyNone(t, append(standing, leaks)...)
	})
	return &webhookCaller{url, &http.Client{Transport: transport, Timeout: 20 * time.Second}}
}

func (c *webhookCaller) post(t *testing.T, body string) webhookReply {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, c.url, strings.NewReader(body))
	require.NoError(t, err)
	return c.do(t, request)
}

func (c *webhookCaller) do(t *testing.T, request *http.Request) webhookReply {
	t.Helper()
	response, err := c.client.Do(request)
	if !assert.NoError(t, err) {
		return webhookReply{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	assert.NoError(t, err)
	return webhookReply{response.StatusCode, strings.TrimSpace(string(body)), response.Header}
}

// parseWebhook builds the input from its fields as a user would.
func parseWebhook(t *testing.T, config string) (*clevertapWebhook, error) {
	t.Helper()
	parsed, err := clevertapWebhookSpec().ParseYAML(config, nil)
	require.NoError(t, err)
	c, err := clevertapWebhookConfigFromParsed(parsed)
	if err != nil {
		return nil, err
	}
	return newClevertapWebhook(c, nil, nil), nil
}

// listenWebhook connects an input and returns it with somebody who calls it.
func listenWebhook(t *testing.T, config string) (*clevertapWebhook, *webhookCaller) {
	t.Helper()
	address := testenv.FreeAddress(t)
	call := newWebhookCaller(t, "http://"+address+"/clevertap")
	in, err := parseWebhook(t, "address: "+address+"\n"+config)
	require.NoError(t, err)
	require.NoError(t, in.Connect(t.Context()))
	t.Cleanup(func() { assert.NoError(t, in.Close(context.Background())) })
	return in, call
}

// webhookSink is the far end of a pipeline; it takes what it gets unless told otherwise.
type webhookSink struct {
	mu       sync.Mutex // guards what follows
	failures int
	contents []string
	batches  []int
	metadata []map[string]string
}

func (s *webhookSink) take(_ context.Context, batch service.MessageBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures > 0 {
		s.failures--
		return errors.New("no room for a@example.com")
	}
	s.batches = append(s.batches, len(batch))
	for _, msg := range batch {
		content, err := msg.AsBytes()
		if err != nil {
			return err
		}
		metadata := map[string]string{}
		_ = msg.MetaWalk(func(key, value string) error {
			metadata[key] = value
			return nil
		})
		s.contents = append(s.contents, string(content))
		s.metadata = append(s.metadata, metadata)
	}
	return nil
}

func (s *webhookSink) fail(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = times
}

func (s *webhookSink) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.contents...)
}

// runWebhook starts a pipeline from the input to a consumer.
func runWebhook(t *testing.T, config string, consume service.MessageBatchHandlerFunc) (stop func(), call *webhookCaller) {
	t.Helper()
	address := testenv.FreeAddress(t)
	call = newWebhookCaller(t, "http://"+address+"/clevertap")
	builder := service.NewEnvironment().NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	require.NoError(t, builder.AddInputYAML("clevertap_webhook:\n  address: "+address+"\n  "+strings.ReplaceAll(config, "\n", "\n  ")))
	require.NoError(t, builder.AddBatchConsumerFunc(consume))
	stream, err := builder.Build()
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- stream.Run(context.Background()) }()
	stop = sync.OnceFunc(func() {
		began := time.Now()
		assert.NoError(t, stream.StopWithin(10*time.Second))
		assert.NoError(t, <-ended)
		assert.Less(t, time.Since(began), 4*time.Second, "stopping takes long")
	})
	t.Cleanup(stop)
	require.Eventually(t, func() bool {
		response, err := call.client.Get(call.url)
		if err != nil {
			return false
		}
		return response.Body.Close() == nil
	}, 5*time.Second, 5*time.Millisecond)
	return stop, call
}
