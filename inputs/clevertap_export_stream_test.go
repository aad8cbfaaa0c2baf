package inputs

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stream builds a pipeline around the input, with a consumer in place of an output.
func (x *exportTest) stream(input string, consume service.MessageBatchHandlerFunc) *service.Stream {
	x.Helper()
	builder := service.NewStreamBuilder()
	require.NoError(x, builder.SetLoggerYAML("level: NONE"))
	require.NoError(x, builder.AddInputYAML(input))
	require.NoError(x, builder.AddCacheYAML("label: c\nmemory: {}"))
	require.NoError(x, builder.AddBatchConsumerFunc(consume))
	stream, err := builder.Build()
	require.NoError(x, err)
	return stream
}

func (x *exportTest) inputYAML(component, more string) string {
	yaml := component + ":\n"
	for _, line := range splitLines(x.config("event_names: [Bought]\nbatch_size: 23\n" + more)) {
		yaml += "  " + line + "\n"
	}
	return yaml
}

// nowTest is one in which the stand-in has the real time, as components built by the engine do.
func nowTest(t *testing.T, records int) *exportTest {
	t.Helper()
	x := newExportTest(t, "UTC")
	x.clock.now = time.Now()
	for i := range records {
		x.seed(bought("p", i, time.Now().Add(-time.Duration(i)*time.Second)))
	}
	return x
}

func TestAStreamEndsAfterOneRoundAndRetriesWhatWasRejected(t *testing.T) {
	for _, component := range []string{"clevertap_events", "clevertap_profiles"} {
		t.Run(component, func(t *testing.T) {
			x := nowTest(t, 100)
			var mu sync.Mutex
			seen, rejected := map[string]int{}, false
			stream := x.stream(x.inputYAML(component, ""), func(_ context.Context, batch service.MessageBatch) error {
				mu.Lock()
				defer mu.Unlock()
				for i, text := range texts(batch) {
					if !rejected {
						rejected = true
						for _, other := range texts(batch) {
							seen[other]++
						}
						seen[text]--
						return service.NewBatchError(batch, errors.New("no")).Failed(i, errors.New("no"))
					}
					seen[text]++
				}
				return nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			require.NoError(t, stream.Run(ctx))
			for text, count := range seen {
				assert.Equal(t, 1, count, text)
			}
			assert.Len(t, seen, map[string]int{"clevertap_events": 100, "clevertap_profiles": 1}[component])
		})
	}
}

func TestAPollingStreamStopsAtOnce(t *testing.T) {
	for name, consumerWaits := range map[string]bool{"while it waits for the next round": false, "while a page is under way": true} {
		for _, replay := range []string{"true", "false"} {
			t.Run(name+", auto_replay_nacks "+replay, func(t *testing.T) {
				x := nowTest(t, 10)
				arrived, release := make(chan struct{}, 10), make(chan struct{})
				stream := x.stream(x.inputYAML("clevertap_events", "poll_interval: 1h\nauto_replay_nacks: "+replay), func(context.Context, service.MessageBatch) error {
					arrived <- struct{}{}
					if consumerWaits {
						<-release
					}
					return nil
				})
				ended := make(chan error, 1)
				go func() { ended <- stream.Run(context.Background()) }()
				<-arrived
				if consumerWaits {
					time.AfterFunc(50*time.Millisecond, func() { close(release) })
				}
				start := time.Now()
				require.NoError(t, stream.StopWithin(10*time.Second))
				require.NoError(t, <-ended)
				assert.Less(t, time.Since(start), 5*time.Second)
			})
		}
	}
}
