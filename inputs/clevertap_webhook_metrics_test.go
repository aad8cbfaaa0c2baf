package inputs

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// webhookCounts is a metrics exporter that keeps the counts of this input by name and code.
type webhookCounts struct {
	mu     sync.Mutex // guards counts
	counts map[string]int64
}

type webhookCount func(int64)

func (f webhookCount) Incr(n int64)   { f(n) }
func (f webhookCount) Timing(n int64) { f(n) }
func (f webhookCount) Set(n int64)    { f(n) }

func (c *webhookCounts) add(name string, labels, values []string) webhookCount {
	for i, label := range labels {
		if label == "code" {
			name += " " + values[i]
		}
	}
	return func(n int64) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if strings.HasPrefix(name, "clevertap_webhook_") {
			c.counts[name] += n
		}
	}
}

func (c *webhookCounts) NewCounterCtor(name string, labels ...string) service.MetricsExporterCounterCtor {
	return func(values ...string) service.MetricsExporterCounter { return c.add(name, labels, values) }
}

func (c *webhookCounts) NewTimerCtor(name string, labels ...string) service.MetricsExporterTimerCtor {
	return func(values ...string) service.MetricsExporterTimer { return c.add(name, labels, values) }
}

func (c *webhookCounts) NewGaugeCtor(name string, labels ...string) service.MetricsExporterGaugeCtor {
	return func(values ...string) service.MetricsExporterGauge { return c.add(name, labels, values) }
}

func (c *webhookCounts) Close(context.Context) error { return nil }

func TestWebhookMetricsTellAnswersAndProfiles(t *testing.T) {
	address := testenv.FreeAddress(t)
	call := newWebhookCaller(t, "http://"+address+"/clevertap")
	counts := &webhookCounts{counts: map[string]int64{}}
	env := service.NewEnvironment()
	require.NoError(t, env.RegisterMetricsExporter("counts", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Logger) (service.MetricsExporter, error) { return counts, nil }))
	builder := env.NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	require.NoError(t, builder.SetMetricsYAML("counts: {}"))
	require.NoError(t, builder.AddInputYAML("clevertap_webhook: { address: '"+address+"', timeout: 10s }"))
	far := &webhookSink{}
	require.NoError(t, builder.AddBatchConsumerFunc(far.take))
	stream, err := builder.Build()
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- stream.Run(context.Background()) }()
	require.Eventually(t, func() bool {
		response, err := call.client.Post(call.url, "", strings.NewReader(webhookOne))
		return err == nil && response.Body.Close() == nil
	}, 5*time.Second, 5*time.Millisecond)

	assert.Equal(t, 200, call.post(t, webhookTwo).status)
	assert.Equal(t, 200, call.post(t, webhookTest).status)
	assert.Equal(t, 400, call.post(t, "{").status)
	far.fail(1)
	assert.Equal(t, 503, call.post(t, webhookTwo).status)
	require.NoError(t, stream.StopWithin(5*time.Second))
	require.NoError(t, <-ended)
	assert.Equal(t, map[string]int64{
		"clevertap_webhook_requests_total 200": 3,
		"clevertap_webhook_requests_total 400": 1,
		"clevertap_webhook_requests_total 503": 1,
		"clevertap_webhook_profiles_total":     3,
	}, counts.counts)
}
