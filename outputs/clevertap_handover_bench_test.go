package outputs

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/require"

	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
)

// told is a source that looks in which order it is told of its messages.
type told struct {
	waiting chan struct{} // for the outcome
	sent    int

	mu    sync.Mutex // guards what follows
	heard []bool
	floor int // the first message that it has not heard of
	early int // of how many it heard before all of the batch in front
}

func (s *told) Connect(context.Context) error { return nil }

func (s *told) Read(ctx context.Context) (*service.Message, service.AckFunc, error) {
	select {
	case s.waiting <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if s.sent == len(s.heard) {
		return nil, nil, service.ErrEndOfInput
	}
	n := s.sent
	s.sent++
	raw := fmt.Appendf(nil, `{"type":"event","identity":"u1","evtName":"Viewed","evtData":{"n":%d}}`, n)
	return service.NewMessage(raw), func(context.Context, error) error {
		s.hear(n)
		<-s.waiting
		return nil
	}, nil
}

func (s *told) hear(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.floor <= n-clevertapHandOverMessages { // those two are in different batches
		s.early++
	}
	for s.heard[n] = true; s.floor < len(s.heard) && s.heard[s.floor]; s.floor++ {
	}
}

func (s *told) Close(context.Context) error { return nil }

// BenchmarkHandOver sends batches of a thousand messages of one person, and reports of how many messages the source heard
// before it had heard of all of the batch in front: a crash at that moment would bring back an old message alone. That
// depends on the CPU time that the process gets: run it beside others that burn some.
func BenchmarkHandOver(b *testing.B) {
	server := newAnsweringServer()
	defer server.Close()
	source := &told{heard: make([]bool, b.N*clevertapHandOverMessages), waiting: make(chan struct{}, 20*clevertapHandOverMessages)}
	env := service.NewEnvironment()
	require.NoError(b, env.RegisterInput("told", service.NewConfigSpec(), func(*service.ParsedConfig, *service.Resources) (service.Input, error) {
		return source, nil
	}))
	builder := env.NewStreamBuilder()
	require.NoError(b, builder.SetYAML(`
logger: { level: NONE }
input: { told: {} }
pipeline: { threads: 1 }
output:
  fallback:
    - clevertap: { account_id: A, passcode: P, url: "`+server.URL+`", batching: { count: 1000, period: 1s } }
    - drop: {}
`))
	stream, err := builder.Build()
	require.NoError(b, err)
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	b.ResetTimer()
	require.NoError(b, stream.Run(ctx))
	b.ReportMetric(float64(source.early)/float64(b.N), "early/op")
}
