package inputs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
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

// stallLedger is what became of calls, by message id.
type stallLedger struct {
	mu      sync.Mutex // guards what follows
	arrived map[string]int
	refused map[string]bool
	early   int // calls answered 200 before they had arrived
}

func (l *stallLedger) arrive(batch service.MessageBatch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, msg := range batch {
		id, _ := msg.MetaGet(shMetaMessageID)
		l.arrived[id]++
	}
}

// answer enters what the caller of these ids was told.
func (l *stallLedger) answer(status int, ids ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if status != http.StatusOK {
			l.refused[id] = true
		} else if l.arrived[id] == 0 {
			l.early++
		}
	}
}

// stallBalance counts calls that have gone astray.
type stallBalance struct{ repeated, unfounded, missing int }

func (l *stallLedger) balance() (b stallBalance) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, times := range l.arrived {
		switch {
		case times == 1:
		case l.refused[id]:
			b.repeated++
		default:
			b.unfounded++
		}
	}
	for id := range l.refused {
		if l.arrived[id] == 0 {
			b.missing++
		}
	}
	return b
}

// stallingSink is the far end of a pipeline, which holds on to everything while it is stalled.
type stallingSink struct {
	ledger  *stallLedger
	stalled atomic.Pointer[chan struct{}]
}

func (s *stallingSink) take(ctx context.Context, batch service.MessageBatch) error {
	if open := s.stalled.Load(); open != nil {
		select {
		case <-*open:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.ledger.arrive(batch)
	return nil
}

// stallTest is a pipeline whose output stalls under load.
type stallTest struct {
	*testing.T
	call     *segmentCaller
	sink     *stallingSink
	ledger   *stallLedger
	statuses sync.Map // status: *atomic.Int64
}

func newStallTest(t *testing.T, config string) *stallTest {
	t.Helper()
	address := testenv.FreeAddress(t)
	ledger := &stallLedger{arrived: map[string]int{}, refused: map[string]bool{}}
	x := &stallTest{
		T: t, call: &segmentCaller{newWebhookCaller(t, "http://"+address)},
		sink: &stallingSink{ledger: ledger}, ledger: ledger,
	}
	builder := service.NewEnvironment().NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	require.NoError(t, builder.AddCacheYAML("label: ids\nmemory: {}"))
	require.NoError(t, builder.AddInputYAML("segment_http:\n  address: "+address+"\n  "+strings.ReplaceAll(config, "\n", "\n  ")))
	require.NoError(t, builder.AddBatchConsumerFunc(x.sink.take))
	stream, err := builder.Build()
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- stream.Run(context.Background()) }()
	t.Cleanup(func() {
		assert.NoError(t, stream.StopWithin(10*time.Second))
		assert.NoError(t, <-ended)
	})
	require.Eventually(t, func() bool {
		response, err := x.call.client.Get(x.call.url)
		return err == nil && response.Body.Close() == nil
	}, 5*time.Second, 5*time.Millisecond)
	return x
}

// caller sends one batch after the other, and each until it is answered 200, as SDKs do. When the load has ended, it
// finishes what it has begun.
func (x *stallTest) caller(name string, size int, ended <-chan struct{}) {
	for n := 0; !closed(ended); n++ {
		var ids, calls []string
		for i := range size {
			ids = append(ids, fmt.Sprintf("%s-%d-%d", name, n, i))
			calls = append(calls, fmt.Sprintf(`{"type":"track","event":"Bought","userId":"u1","messageId":%q}`, ids[i]))
		}
		body := `{"batch":[` + strings.Join(calls, ",") + `]}`
		for {
			status := x.call.postTo(x.T, "/v1/batch", body).status
			counter, _ := x.statuses.LoadOrStore(status, new(atomic.Int64))
			counter.(*atomic.Int64).Add(1)
			x.ledger.answer(status, ids...)
			if status == http.StatusOK || x.Failed() {
				break
			}
			// A tenth of the pause that an SDK makes.
			time.Sleep(time.Duration(50+rand.IntN(100)) * time.Millisecond)
		}
	}
}

func (x *stallTest) answered(status int) int64 {
	counter, _ := x.statuses.LoadOrStore(status, new(atomic.Int64))
	return counter.(*atomic.Int64).Load()
}

// stallFor runs load, stalls the output in the middle of it, and returns when every call has been answered 200.
func (x *stallTest) stallFor(stall time.Duration) {
	ended, released := make(chan struct{}), make(chan struct{})
	var callers sync.WaitGroup
	for i := range 48 {
		callers.Go(func() { x.caller(fmt.Sprint(i), 1+i%2*99, ended) })
	}
	assert.Eventually(x, func() bool { return x.answered(200) > 200 }, 20*time.Second, time.Millisecond)
	x.sink.stalled.Store(&released)
	time.Sleep(stall)
	before := x.answered(200)
	x.sink.stalled.Store(nil)
	close(released)
	assert.Eventually(x, func() bool { return x.answered(200) > before+200 }, 20*time.Second, time.Millisecond)
	close(ended)
	callers.Wait()
}

// The output stops for a while under load and goes on. Nothing that was answered 200 is missing, then or later;
// everything else comes again and arrives; what was refused may arrive twice, unless a cache remembers it.
func TestSegmentHTTPStalledOutputLosesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		config  string
		repeats bool
	}{
		"without a cache":     {"", true},
		"with a dedupe_cache": {"\ndedupe_cache: ids", false},
	} {
		t.Run(name, func(t *testing.T) {
			x := newStallTest(t, "timeout: 2s\nmax_in_flight_requests: 32"+test.config)
			x.stallFor(4 * time.Second)

			assert.Positive(t, x.answered(503), "nobody waited in vain: there was no stall")
			assert.Positive(t, x.answered(429), "all callers were let in at once")
			b := x.ledger.balance()
			assert.Zero(t, x.ledger.early, "calls were answered 200 before they had arrived")
			assert.Zero(t, b.missing, "calls that were refused never arrived")
			assert.Zero(t, b.unfounded, "calls that were answered 200 at once arrived again")
			if !test.repeats {
				assert.Zero(t, b.repeated, "calls arrived again")
			}
			t.Logf("%d calls, %d repeated; answers 200: %d, 429: %d, 503: %d", len(x.ledger.arrived), b.repeated,
				x.answered(200), x.answered(429), x.answered(503))
		})
	}
}
