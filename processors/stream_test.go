package processors

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// collector is an output that keeps what it gets, by name.
type collector struct {
	mu  sync.Mutex // guards got: outputs write concurrently
	got map[string][]string
}

func (c *collector) register(t *testing.T, env *service.Environment) {
	spec := service.NewConfigSpec().Field(service.NewStringField("name"))
	require.NoError(t, env.RegisterBatchOutput("collect", spec,
		func(conf *service.ParsedConfig, _ *service.Resources) (service.BatchOutput, service.BatchPolicy, int, error) {
			name, err := conf.FieldString("name")
			return &collectorOutput{c, name}, service.BatchPolicy{}, 1, err
		}))
}

type collectorOutput struct {
	*collector
	name string
}

func (o *collectorOutput) Connect(context.Context) error { return nil }
func (o *collectorOutput) Close(context.Context) error   { return nil }

func (o *collectorOutput) WriteBatch(_ context.Context, batch service.MessageBatch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, msg := range batch {
		raw, err := msg.AsBytes()
		if err != nil {
			return err
		}
		o.got[o.name] = append(o.got[o.name], string(raw))
	}
	return nil
}

// TestTheRecommendedShape sends batches through the pipeline that the README recommends. Good calls arrive mapped and bad
// ones in the dead letter, whatever stands beside them and with both ways of handling errors.
func TestTheRecommendedShape(t *testing.T) {
	const good, bad = `{"type":"delete","userId":"u"}`, `{"type":"like","userId":"u"}`
	const mapped = `{"type":"delete","identity":"u"}`
	batches := map[string]struct {
		batch                []string
		delivered, deadLeter int
	}{
		"bad first":                    {[]string{bad, good, good}, 2, 1},
		"bad last":                     {[]string{good, good, bad}, 2, 1},
		"bad among the calls of one":   {[]string{`[` + good + `,` + bad + `,` + good + `]`}, 2, 1},
		"a bad one and an envelope":    {[]string{bad, `{"batch":[` + good + `,` + bad + `]}`, good}, 2, 2},
		"what holds no calls":          {[]string{`[]`, `{"type"`, good}, 1, 2},
		"a dropped call and a bad one": {[]string{`{"type":"group","userId":"u"}`, bad, good}, 1, 1},
	}
	shapes := map[string]string{
		"mapping alone": `
try_catch:
  processors:
    - segment_to_clevertap: {}`,
		"parsing first": `
processors:
  - try_catch:
      processors:
        - segment_parse: {}
  - try_catch:
      processors:
        - segment_to_clevertap: {}`,
	}
	for shapeName, shape := range shapes {
		for name, test := range batches {
			for _, strict := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/strict=%v", shapeName, name, strict), func(t *testing.T) {
					got := runShape(t, shape, strict, test.batch)
					require.Len(t, got["delivered"], test.delivered)
					for _, content := range got["delivered"] {
						assert.Equal(t, mapped, content)
					}
					assert.Len(t, got["dead"], test.deadLeter)
					sort.Strings(got["dead"])
					assert.NotContains(t, got["dead"], good)
				})
			}
		}
	}
}

func runShape(t *testing.T, processors string, strict bool, contents []string) map[string][]string {
	t.Helper()
	env := service.NewEnvironment()
	sink := &collector{got: map[string][]string{}}
	sink.register(t, env)
	builder := env.NewStreamBuilder()
	builder.SetStrict(strict)
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	require.NoError(t, builder.AddProcessorYAML(processors))
	require.NoError(t, builder.AddOutputYAML(`
switch:
  cases:
    - check: '@error != null'
      output: { collect: { name: dead } }
    - output: { collect: { name: delivered } }`))
	send, err := builder.AddBatchProducerFunc()
	require.NoError(t, err)
	stream, err := builder.Build()
	require.NoError(t, err)
	go func() { _ = stream.Run(context.Background()) }()
	var batch service.MessageBatch
	for _, content := range contents {
		batch = append(batch, service.NewMessage([]byte(content)))
	}
	ctx, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	require.NoError(t, send(ctx, batch))
	require.NoError(t, stream.StopWithin(5*time.Second))
	return sink.got
}
