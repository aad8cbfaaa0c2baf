package outputs

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder is a metrics exporter that keeps its counts by name and label values.
type recorder struct {
	mu     sync.Mutex
	counts map[string]int64
}

type recorded func(int64)

func (f recorded) Incr(n int64)   { f(n) }
func (f recorded) Timing(n int64) { f(1) }
func (f recorded) Set(int64)      {}

func (r *recorder) add(name string, labels []string) recorded {
	return func(n int64) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.counts[strings.Join(append([]string{name}, labels...), " ")] += n
	}
}

func (r *recorder) NewCounterCtor(name string, _ ...string) service.MetricsExporterCounterCtor {
	return func(labels ...string) service.MetricsExporterCounter { return r.add(name, labels) }
}

func (r *recorder) NewTimerCtor(name string, _ ...string) service.MetricsExporterTimerCtor {
	return func(labels ...string) service.MetricsExporterTimer { return r.add(name, labels) }
}

func (r *recorder) NewGaugeCtor(name string, _ ...string) service.MetricsExporterGaugeCtor {
	return func(labels ...string) service.MetricsExporterGauge { return r.add(name, labels) }
}

func (r *recorder) Close(context.Context) error { return nil }

func TestMetricsTellWhatHappened(t *testing.T) {
	server := newScripted(t, first("503", `429 {}`, "0",
		`200 {"status":"partial","processed":1,"unprocessed":[{"code":555,"error":"Skipped record number : 2"},{"code":513,"error":"Skipped record number : 3"},{"code":7,"error":"Skipped record number : 4"}]}`))
	counts := &recorder{counts: map[string]int64{}}
	stream, produce := newMeasured(t, counts, "clevertap:\n      account_id: A\n      passcode: P\n      url: "+server.URL)
	produceAll(t, stream, produce, []service.MessageBatch{batchOf(
		event("u1", "A"), `{"type":"profile","identity":"u2"}`, event("u3", "B"), event("u4", "C"))})

	assert.Equal(t, map[string]int64{
		"clevertap_requests_total 200":           2,
		"clevertap_requests_total 429":           1,
		"clevertap_requests_total 503":           1,
		"clevertap_requests_total unreachable":   1,
		"clevertap_request_latency_ns":           5,
		"clevertap_records_total event":          1,
		"clevertap_records_total profile":        1,
		"clevertap_records_rejected_total 513":   1,
		"clevertap_records_rejected_total other": 1,
		"clevertap_retries_total server_error":   2,
		"clevertap_retries_total throttled":      1,
		"clevertap_retries_total unreachable":    1,
	}, counts.own("clevertap_"))
}

// own are the counts of a component's own metrics.
func (r *recorder) own(prefix string) map[string]int64 {
	counts := map[string]int64{}
	for name, n := range r.counts {
		if strings.HasPrefix(name, prefix) {
			counts[withoutStreamLabels(name)] += n
		}
	}
	return counts
}

// newMeasured is a stream with one output, which retries at once, and nothing behind it.
func newMeasured(t *testing.T, exporter service.MetricsExporter, output string) (*service.Stream, service.MessageBatchHandlerFunc) {
	t.Helper()
	env := service.NewEnvironment()
	require.NoError(t, env.RegisterMetricsExporter("recorder", service.NewConfigSpec(), func(*service.ParsedConfig, *service.Logger) (service.MetricsExporter, error) {
		return exporter, nil
	}))
	builder := env.NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	require.NoError(t, builder.SetMetricsYAML("recorder: {}"))
	produce, err := builder.AddBatchProducerFunc()
	require.NoError(t, err)
	require.NoError(t, builder.AddOutputYAML("fallback:\n  - "+output+
		"\n      max_retries: 8\n      backoff: { initial_interval: 1ms, max_interval: 1ms }\n      batching: { count: 0 }\n  - drop: {}"))
	stream, err := builder.Build()
	require.NoError(t, err)
	return stream, produce
}

// withoutStreamLabels leaves out the component's label and path, which the engine adds.
func withoutStreamLabels(name string) string {
	words := []string{}
	for _, word := range strings.Fields(name) {
		if !strings.HasPrefix(word, "root.") {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}
