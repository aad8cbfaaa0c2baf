package inputs

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// heapPeak runs something and returns the most bytes on the heap meanwhile, beyond what was there before. Garbage that
// was not yet collected counts, too: up to as much again as is in use.
func heapPeak(run func()) uint64 {
	live := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	before, peak := live(), uint64(0)
	done, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for !closed(done) {
			peak = max(peak, live())
			time.Sleep(time.Millisecond)
		}
	}()
	run()
	close(done)
	<-sampled
	return max(peak, before) - before
}

// TestHostileFloods: what callers without a key make the input keep in memory is bounded, however many they are.
func TestHostileFloods(t *testing.T) {
	const megabyte = 1 << 20
	bomb := strings.Repeat(packedTimes(t, strings.Repeat("\x00", megabyte), 64), 16)
	tests := []struct {
		name, body, headers string
		status              map[int]bool
	}{
		{"1 GB of zeros, packed", bomb, "Content-Encoding: gzip", map[int]bool{400: true, 429: true}},
		{"numbers", batchOf("", fill("1", 500<<10)), "X: x", map[int]bool{400: true, 429: true}},
		{"not quite as many numbers", batchOf("", fill("1", 100_000)), "X: x", map[int]bool{400: true, 429: true}},
		{"empty names", with(`{"userId":"u"}`, fill(`"":0`, 250_000)), "X: x", map[int]bool{400: true, 429: true}},
		{"arrays in arrays", batchOf("", fill("[[],[]]", 150_000)), "X: x", map[int]bool{400: true, 429: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			target := newHostileTarget(t, "")
			request := hostileUnkeyed("/v1/batch", test.body, test.headers)
			peak := heapPeak(func() {
				var callers sync.WaitGroup
				for range 24 {
					callers.Go(func() { assert.Contains(t, test.status, target.send(t, request).status) })
				}
				callers.Wait()
			})
			// 64 MiB are allowed, and as much garbage.
			assert.Less(t, peak, uint64(192*megabyte))
			assert.Empty(t, target.delivered())
			target.works(t)
		})
	}
}

// TestHostileFloodOfCalls: while nothing is acknowledged, only so many calls are kept, small as they may be.
func TestHostileFloodOfCalls(t *testing.T) {
	parsed, err := segmentHTTPSpec().ParseYAML("timeout: 60s", nil)
	require.NoError(t, err)
	c, err := segmentHTTPConfigFromParsed(parsed)
	require.NoError(t, err)
	handler := newSegmentHTTPHandler(c, nil, nil, nil, time.Now)
	body := batchOf("", fill(`{"type":"page","userId":1}`, 400<<10))
	var waiting sync.WaitGroup
	var shed atomic.Int64
	peak := heapPeak(func() {
		for range 60 {
			waiting.Go(func() {
				x := exchangeOf(httptest.NewRequest(http.MethodPost, "/v1/b", strings.NewReader(body)))
				handler.serveHTTP(x)
				if x.ctx.Response.StatusCode() == http.StatusTooManyRequests {
					shed.Add(1)
				}
			})
		}
		require.Eventually(t, func() bool { return int(shed.Load())+len(handler.handover.slots) == 60 && shed.Load() > 50 }, 30*time.Second, time.Millisecond)
	})
	handler.handover.drain()
	waiting.Wait()
	assert.Less(t, peak, uint64(192<<20))
	assert.Zero(t, handler.allowance.used.Load())
}

// hostileLabels is a metrics exporter that keeps all label values.
type hostileLabels struct {
	mu   sync.Mutex // guards seen
	seen map[string]bool
}

func (l *hostileLabels) add(name string, values []string) webhookCount {
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.HasPrefix(name, "segment_http_") {
		l.seen[name+" "+strings.Join(values, " ")] = true
	}
	return func(int64) {}
}

func (l *hostileLabels) NewCounterCtor(name string, _ ...string) service.MetricsExporterCounterCtor {
	return func(values ...string) service.MetricsExporterCounter { return l.add(name, values) }
}

func (l *hostileLabels) NewTimerCtor(name string, _ ...string) service.MetricsExporterTimerCtor {
	return func(values ...string) service.MetricsExporterTimer { return l.add(name, values) }
}

func (l *hostileLabels) NewGaugeCtor(name string, _ ...string) service.MetricsExporterGaugeCtor {
	return func(values ...string) service.MetricsExporterGauge { return l.add(name, values) }
}

func (l *hostileLabels) Close(context.Context) error { return nil }

// TestHostileTelemetry: nothing that callers send stands in a log or a label, at any level, in a whole pipeline.
func TestHostileTelemetry(t *testing.T) {
	target := &hostileTarget{address: testenv.FreeAddress(t), log: &hostileLog{}}
	labels := &hostileLabels{seen: map[string]bool{}}
	env := service.NewEnvironment()
	require.NoError(t, env.RegisterMetricsExporter("labels", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Logger) (service.MetricsExporter, error) { return labels, nil }))
	builder := env.NewStreamBuilder()
	builder.SetLogger(slog.New(slog.NewTextHandler(target.log, &slog.HandlerOptions{Level: slog.LevelDebug - 4})))
	require.NoError(t, builder.SetMetricsYAML("labels: {}"))
	require.NoError(t, builder.AddInputYAML(fmt.Sprintf("segment_http: { address: '%s', write_keys: [ %s ], webhook_secret: %s }", target.address, hostileKey, hostileSecret)))
	require.NoError(t, builder.AddBatchConsumerFunc(func(context.Context, service.MessageBatch) error { return nil }))
	stream, err := builder.Build()
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- stream.Run(context.Background()) }()
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + target.address)
		return err == nil && response.Body.Close() == nil
	}, 5*time.Second, 5*time.Millisecond)
	http.DefaultClient.CloseIdleConnections()

	for _, request := range []string{
		hostilePost("/v1/track", hostileCall), hostilePost("/v1/batch", batchOf("", hostileCall, `{"type":"canary","userId":"u"}`, `{"type":"track","userId":{"canary":1}}`)),
		hostilePost("/v1/track", `{"canary`), hostilePost("/canary", ""), hostileHead("CANARY /v1/canary HTTP/1.1", "Canary: canary"),
		hostileUnkeyed("/v1/track", with(hostileCall, `"writeKey":"canary"`)), hostileUnkeyed("/webhook", hostileCall, "X-Signature: canary"),
		hostileHead("GET /v1/projects/canary/settings HTTP/1.1"), "canary\r\n\r\n", hostilePost("/v1/track", hostileCall, "Transfer-Encoding: canary"),
	} {
		target.send(t, request)
	}
	require.NoError(t, stream.StopWithin(5*time.Second))
	require.NoError(t, <-ended)
	assert.NotContains(t, strings.ToLower(target.log.String()), hostileMark)
	assert.Contains(t, labels.seen, "segment_http_requests_total  root.input tracking 200")
	for seen := range labels.seen {
		assert.NotContains(t, strings.ToLower(seen), hostileMark)
	}
}
