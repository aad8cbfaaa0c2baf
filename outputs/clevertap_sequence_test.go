package outputs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSequenceNumbersBatchesOfWhichSomethingIsSent(t *testing.T) {
	sequence := &clevertapSequence{}
	failed := func() *service.Message {
		message := service.NewMessage(nil)
		message.SetError(errors.New("no record"))
		return message
	}
	var numbers [][]uint64
	for _, batch := range []service.MessageBatch{
		batchOf("a", "b"),
		{failed(), service.NewMessage(nil)},
		{failed()},
		batchOf("c"),
	} {
		numbered, err := sequence.ProcessBatch(t.Context(), batch)
		require.NoError(t, err)
		require.Len(t, numbered, 1)
		numbers = append(numbers, sequenceOf(numbered[0]))
	}
	assert.Equal(t, [][]uint64{{1}, {2}, nil, {3}}, numbers)
}

func TestBatchesEnterByTheirNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		queue := newClevertapQueue()
		arrivals := rapid.Permutation(drawNumbers(t)).Draw(t, "arrivals")
		var entered []uint64
		var writers sync.WaitGroup
		for _, numbers := range arrivals {
			writers.Go(func() {
				turn, joined := queue.enter(context.Background(), numbers)
				<-turn
				entered = append(entered, numbers...)
				close(joined)
			})
		}
		writers.Wait()
		for i, number := range entered {
			require.EqualValues(t, i+1, number)
		}
		require.Empty(t, queue.arrivals.early)
		require.Empty(t, queue.arrivals.waiting)
	})
}

// drawNumbers are the numbers of batches, of which some have been joined.
func drawNumbers(t *rapid.T) [][]uint64 {
	var batches [][]uint64
	last := uint64(0)
	for range rapid.IntRange(0, 20).Draw(t, "batches") {
		var numbers []uint64
		for range rapid.IntRange(1, 3).Draw(t, "numbers") {
			last++
			numbers = append(numbers, last)
		}
		batches = append(batches, numbers)
	}
	return batches
}

func TestALostBatchHoldsNobodyUpForEver(t *testing.T) {
	queue := newClevertapQueue()
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	queue.enter(stopped, []uint64{3})
	assert.EqualValues(t, 4, queue.arrivals.next)
	queue.enter(t.Context(), []uint64{2})
	queue.enter(t.Context(), []uint64{4})
	assert.EqualValues(t, 5, queue.arrivals.next)
}

// ledger is a server that accepts everything and remembers the numbers of the records in the order of their arrival.
type ledger struct {
	mu      sync.Mutex
	numbers []int
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, err := readRequest(r)
	if err != nil {
		http.Error(w, "unreadable", http.StatusTeapot)
		return
	}
	l.mu.Lock()
	for _, raw := range asked.records {
		var record struct{ N int }
		_ = json.Unmarshal([]byte(raw), &record)
		l.numbers = append(l.numbers, record.N)
	}
	l.mu.Unlock()
	_, body := accepting(nil)(asked)
	_, _ = w.Write([]byte(body))
}

func TestStreamKeepsTheOrderOfTheInput(t *testing.T) {
	for name, batching := range map[string]string{
		"as they come":     "count: 0",
		"batched":          "count: 50, period: 1s",
		"split and joined": "count: 50, period: 1s, processors: [ { split: { size: 20 } } ]",
	} {
		t.Run(name, func(t *testing.T) {
			target := &ledger{}
			server := httptest.NewServer(target)
			defer server.Close()
			env := service.NewEnvironment()
			registerChanged(t, env, func(out *clevertapOutput) { out.sender.queue.handOver = 0 }) // to be done sooner
			builder := env.NewStreamBuilder()
			require.NoError(t, builder.SetYAML(`
logger: { level: NONE }
input: { generate: { count: 10000, interval: "", batch_size: 10, mapping: 'root = {"type":"event","identity":"u1","n":counter()}' } }
pipeline: { threads: 1 }
output: { changed: { account_id: A, passcode: P, url: "`+server.URL+`", max_in_flight: 10, batching: { `+batching+` } } }
`))
			stream, err := builder.Build()
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			require.NoError(t, stream.Run(ctx))
			server.Close()

			require.Len(t, target.numbers, 10000)
			for i, number := range target.numbers {
				require.Equal(t, i+1, number)
			}
		})
	}
}
