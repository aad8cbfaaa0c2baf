package outputs

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// serveInMemory lets an output speak to a server in its own bubble, and returns what ends the server.
func serveInMemory(t *testing.T, out *clevertapOutput, handler http.Handler) (closeServer func()) {
	t.Helper()
	network := &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(network) }()
	client, err := clevertap.NewClient(clevertap.Config{
		AccountID: "A", Passcode: "P", BaseURL: "http://clevertap.test",
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: network.dial, MaxIdleConnsPerHost: ctoMaxInFlight}},
	})
	require.NoError(t, err)
	out.client, out.sender.client = client, client
	return func() {
		client.Close()
		_ = server.Close()
	}
}

func TestWritesThatShareAPersonReturnInOrderWhateverFails(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		target, batches := newRestless(r), drawBatches(r)
		returned := make([]time.Duration, len(batches))
		synctest.Test(t, func(t *testing.T) {
			out := parsedOutput(t, "http://clevertap.test", fastRetries)
			defer serveInMemory(t, out, target)()
			start, slots := time.Now(), make(chan struct{}, ctoMaxInFlight)
			for i, records := range batches {
				slots <- struct{}{}
				go func() {
					_ = out.WriteBatch(t.Context(), batchOf(records...))
					returned[i] = time.Since(start)
					<-slots
				}()
				synctest.Wait()
			}
			for range cap(slots) {
				slots <- struct{}{}
			}
			requireForgotten(t, out.sender.queue)
		})
		latest := map[string]int{}
		for i, records := range batches {
			for _, id := range idsOf(r, records) {
				if earlier, shared := latest[id]; shared && earlier != i {
					require.GreaterOrEqual(r, returned[i]-returned[earlier], clevertapHandOver, "batch %d after %d", i, earlier)
				}
				latest[id] = i
			}
		}
	})
}

// acknowledged is a source that gives out messages of some people one by one, and notes in which order they are
// acknowledged.
type acknowledged struct {
	messages, people, next int

	mu    sync.Mutex
	order []int
}

func (*acknowledged) Connect(context.Context) error { return nil }
func (*acknowledged) Close(context.Context) error   { return nil }

func (a *acknowledged) Read(context.Context) (*service.Message, service.AckFunc, error) {
	n := a.next
	if a.next++; n >= a.messages {
		return nil, nil, service.ErrEndOfInput
	}
	record := fmt.Sprintf(`{"type":"event","identity":"u%d","n":%d}`, n%a.people, n)
	return service.NewMessage([]byte(record)), func(context.Context, error) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.order = append(a.order, n)
		return nil
	}, nil
}

// runThrough lets a stream of the real engine pass all messages of a source to a server.
func (a *acknowledged) runThrough(t *testing.T, target http.Handler) {
	env := service.NewEnvironment()
	require.NoError(t, env.RegisterInput("acknowledged", service.NewConfigSpec(), func(*service.ParsedConfig, *service.Resources) (service.Input, error) {
		return a, nil
	}))
	registerChanged(t, env, func(out *clevertapOutput) { t.Cleanup(serveInMemory(t, out, target)) })
	builder := env.NewStreamBuilder()
	require.NoError(t, builder.SetYAML(`
logger: { level: NONE }
input: { acknowledged: {} }
pipeline: { threads: 1 }
output:
  changed:
    account_id: A
    passcode: P
    url: http://clevertap.test
    max_in_flight: 10
    batching: { count: 20, period: 10ms }
    max_retries: 1000
    backoff: { initial_interval: 1ms, max_interval: 20ms, max_elapsed_time: 0s }
`))
	stream, err := builder.Build()
	require.NoError(t, err)
	require.NoError(t, stream.Run(t.Context()))
}

// A batch holds each person once: the engine acknowledges the messages of one batch in any order.
func TestStreamAcknowledgesAPersonsMessagesInTheirOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		target := newRestless(r)
		source := &acknowledged{messages: 600, people: 20}
		synctest.Test(t, func(t *testing.T) { source.runThrough(t, target) })
		assert.Len(r, source.order, source.messages)
		latest := map[int]int{}
		for _, n := range source.order {
			require.GreaterOrEqual(r, n, latest[n%source.people], "acknowledged after a later one")
			latest[n%source.people] = n
		}
	})
}
