package processors

import (
	"context"
	"fmt"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

// BenchmarkProcess compares a whole processor with one that only does what each has to: it copies the message, sets its
// bytes and two metadata keys. The difference is what the mapping costs in a pipeline.
func BenchmarkProcess(b *testing.B) {
	conf, err := segmentToClevertapSpec().ParseYAML(`{}`, nil)
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := segmentToClevertapFromParsed(conf)
	if err != nil {
		b.Fatal(err)
	}
	mapped, err := newSegmentToClevertap(cfg, service.MockResources())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("copy", func(b *testing.B) { benchmarkProcess(b, copier{}) })
	b.Run("segment_to_clevertap", func(b *testing.B) { benchmarkProcess(b, mapped) })
}

// copier is the least that a processor can do.
type copier struct{}

func (copier) Process(_ context.Context, msg *service.Message) (service.MessageBatch, error) {
	raw, err := msg.AsBytes()
	if err != nil {
		return nil, err
	}
	out := msg.Copy()
	out.SetBytes(raw)
	out.MetaSetMut("a", "1")
	out.MetaSetMut("b", "2")
	return service.MessageBatch{out}, nil
}

func (copier) Close(context.Context) error { return nil }

func benchmarkProcess(b *testing.B, p service.Processor) {
	generator := segmentgen.New(segmentgen.Config{Seed: 1, Mix: segmentgen.SpeedMix, Size: 1500})
	calls := make([][]byte, 5000)
	for i := range calls {
		calls[i] = generator.Next()
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := p.Process(b.Context(), service.NewMessage(calls[i%len(calls)])); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkProcess_IdentityCache is a processor whose calls all need the identity cache, which is in memory. All but the
// first of a visitor are known.
func BenchmarkProcess_IdentityCache(b *testing.B) {
	builder := service.NewResourceBuilder()
	if err := builder.AddCacheYAML("label: ids\nmemory: { compaction_interval: '' }"); err != nil {
		b.Fatal(err)
	}
	mgr, closeAll, err := builder.Build()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = closeAll(context.Background()) }()
	conf, err := segmentToClevertapSpec().ParseYAML(`identity_cache: ids`, nil)
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := segmentToClevertapFromParsed(conf)
	if err != nil {
		b.Fatal(err)
	}
	p, err := newSegmentToClevertap(cfg, mgr)
	if err != nil {
		b.Fatal(err)
	}
	calls := make([][]byte, 1000)
	for i := range calls {
		calls[i] = fmt.Appendf(nil, `{"type":"identify","userId":"u%d","anonymousId":"a%d","messageId":"m","traits":{"email":"a@example.com","plan":"gold","age":31}}`, i, i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := p.Process(b.Context(), service.NewMessage(calls[i%len(calls)])); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
