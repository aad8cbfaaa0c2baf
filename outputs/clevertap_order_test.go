package outputs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// restless is a server that answers late and often badly, and keeps what it took in the order in which it took it.
type restless struct {
	delay                                 time.Duration
	resetRate, errorRate, again, refusals float64

	mu       sync.Mutex
	random   *rand.Rand
	requests int
	now      int
	most     int
	// taken holds the number of the request that a record was taken in; order is that of taking.
	taken map[string]int
	order []string
	// postponed holds the requests in which a record was answered 555.
	postponed map[string]map[int]bool
	twice     []string
}

func (s *restless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, err := readRequest(r)
	if err != nil {
		http.Error(w, "unreadable", http.StatusTeapot)
		return
	}
	wait, reset := s.begin()
	defer s.end()
	time.Sleep(wait)
	if reset {
		panic(http.ErrAbortHandler)
	}
	status, body := s.answer(asked)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func (s *restless) begin() (wait time.Duration, reset bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now++
	s.most = max(s.most, s.now)
	return time.Duration(s.random.Int64N(int64(s.delay))), s.random.Float64() < s.resetRate
}

func (s *restless) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
}

func (s *restless) answer(asked request) (status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.random.Float64() < s.errorRate {
		return http.StatusServiceUnavailable, ""
	}
	s.requests++
	if strings.Contains(asked.path, "delete") {
		for _, id := range asked.records {
			s.take(id)
		}
		return 200, `{"status":"success"}`
	}
	unprocessed := []string{}
	for i, raw := range asked.records {
		if code := s.code(raw); code != 0 {
			unprocessed = append(unprocessed, fmt.Sprintf(`{"code":%d,"error":"Refused. Skipped record number : %d"}`, code, i+1))
		}
	}
	return 200, fmt.Sprintf(`{"status":"partial","processed":%d,"unprocessed":[%s]}`, len(asked.records)-len(unprocessed), strings.Join(unprocessed, ","))
}

func (s *restless) code(raw string) int {
	switch luck := s.random.Float64(); {
	case luck < s.again:
		if s.postponed[raw] == nil {
			s.postponed[raw] = map[int]bool{}
		}
		s.postponed[raw][s.requests] = true
		return 555
	case luck < s.again+s.refusals:
		return 513
	}
	s.take(raw)
	return 0
}

func (s *restless) take(raw string) {
	if _, before := s.taken[raw]; before {
		s.twice = append(s.twice, raw)
	}
	s.taken[raw] = s.requests
	s.order = append(s.order, raw)
}

// postponedIn tells whether a record may have overtaken an earlier one, for the one reason that is documented: the
// earlier one was answered 555 in the request that the later one was taken in.
func (s *restless) postponedIn(earlier, later string) bool {
	return s.postponed[earlier][s.taken[later]]
}

func newRestless(t *rapid.T) *restless {
	rate := func(label string, most float64) float64 {
		return rapid.SampledFrom([]float64{0, most / 4, most}).Draw(t, label)
	}
	return &restless{
		delay:     time.Duration(rapid.IntRange(1, 1000).Draw(t, "delay in µs")) * time.Microsecond,
		resetRate: rate("resets", 0.4), errorRate: rate("503", 0.4), again: rate("555", 0.3), refusals: rate("513", 0.2),
		random: rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed"))),
		taken:  map[string]int{}, postponed: map[string]map[int]bool{},
	}
}

// numbered is a record of one of a few people that no other record equals.
func numbered(number int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		person, device := rapid.IntRange(0, 5).Draw(t, "person"), rapid.IntRange(0, 3).Draw(t, "device")
		switch rapid.IntRange(0, 11).Draw(t, "kind") {
		case 0:
			return fmt.Sprintf(`{"type":"token","objectId":"d%d","n":%d}`, device, number)
		case 1:
			return fmt.Sprintf(`{"type":"profile","objectId":"d%d","profileData":{"Identity":"p%d"},"n":%d}`, device, person, number)
		case 2:
			// The server sees no more of a delete than its id.
			return fmt.Sprintf(`{"type":"delete","identity":"p%d%s"}`, person, strings.Repeat(" ", number))
		case 3:
			return fmt.Sprintf(`{"type":"event","objectId":"d%d","n":%d}`, device, number)
		}
		return fmt.Sprintf(`{"type":"event","identity":"p%d","n":%d}`, person, number)
	})
}

func drawBatches(t *rapid.T) [][]string {
	batches := make([][]string, rapid.IntRange(1, 25).Draw(t, "batches"))
	number := 0
	for b := range batches {
		for range rapid.IntRange(0, 12).Draw(t, "records") {
			number++
			batches[b] = append(batches[b], numbered(number).Draw(t, "record"))
		}
	}
	return batches
}

// writeInOrder writes batches, each when the one before has entered, as many at once as are in flight. It returns
// the failures of each batch by index.
func writeInOrder(t require.TestingT, out *clevertapOutput, inFlight int, batches [][]string) []map[int]string {
	written, errs := make([]service.MessageBatch, len(batches)), make([]error, len(batches))
	slots := make(chan struct{}, inFlight)
	var writers sync.WaitGroup
	for i, records := range batches {
		slots <- struct{}{}
		written[i] = batchOf(records...)
		before := latest(out.sender.queue)
		writers.Go(func() {
			errs[i] = out.WriteBatch(context.Background(), written[i])
			<-slots
		})
		requireEntered(t, out.sender.queue, before)
	}
	writers.Wait()
	outcomes := make([]map[int]string, len(batches))
	for i := range outcomes {
		outcomes[i] = failures(t, written[i], errs[i])
	}
	return outcomes
}

func TestOrderHoldsWithSeveralRequestsInFlight(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	const inFlight = 10
	rapid.Check(t, func(t *rapid.T) {
		target := newRestless(t)
		batches := drawBatches(t)
		server := httptest.NewServer(target)
		defer server.Close()
		out := parsedOutput(t, server.URL, fastRetries)
		out.sender.queue.handOver = time.Microsecond
		defer func() { _ = out.Close(context.Background()) }()
		outcomes := writeInOrder(t, out, inFlight, batches)
		server.Close()

		require.LessOrEqual(t, target.most, inFlight)
		require.Empty(t, target.twice, "nothing is accepted twice")
		requireForgotten(t, out.sender.queue)
		requireAccounted(t, target, batches, outcomes)
		requireOrder(t, target, batches)
	})
}

// requireForgotten waits until the last batch is released.
func requireForgotten(t require.TestingT, queue *clevertapQueue) {
	require.Eventually(t, func() bool {
		queue.mu.Lock()
		defer queue.mu.Unlock()
		return len(queue.lines) == 0
	}, 10*time.Second, 50*time.Microsecond, "ids are forgotten with the last batch that had them")
}

// requireAccounted checks that a record was either accepted or reported.
func requireAccounted(t *rapid.T, target *restless, batches [][]string, outcomes []map[int]string) {
	for b, records := range batches {
		for i, raw := range records {
			_, taken := target.taken[onWire(raw)]
			_, failed := outcomes[b][i]
			require.NotEqual(t, taken, failed, "record %d of batch %d: %s", i, b, outcomes[b][i])
		}
	}
}

func requireOrder(t *rapid.T, target *restless, batches [][]string) {
	position := map[string]int{}
	for i, raw := range target.order {
		position[raw] = i
	}
	lines := map[string][]string{}
	for _, records := range batches {
		for _, raw := range records {
			record, err := clevertap.Inspect([]byte(raw))
			require.NoError(t, err)
			if _, taken := position[onWire(raw)]; !taken {
				continue
			}
			for _, id := range record.IDs {
				for _, earlier := range lines[id] {
					ordered := position[earlier] < position[onWire(raw)] || target.postponedIn(earlier, onWire(raw))
					require.True(t, ordered, "%s was taken before %s", raw, earlier)
				}
				lines[id] = append(lines[id], onWire(raw))
			}
		}
	}
}

// onWire is what the server sees of a record.
func onWire(raw string) string {
	var record struct{ Type, Identity string }
	if json.Unmarshal([]byte(raw), &record) == nil && record.Type == "delete" {
		return fmt.Sprintf("%q", record.Identity)
	}
	return raw
}

// gated is a server that accepts everything, and answers a record named Slow only when its gate is open.
type gated struct {
	URL     string
	reached chan struct{}
}

func newGated(t *testing.T, gate <-chan struct{}) *gated {
	t.Helper()
	g := &gated{reached: make(chan struct{}, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := readRequest(r)
		assert.NoError(t, err)
		if asked.names() == "Slow" {
			g.reached <- struct{}{}
			<-gate
		}
		_, body := accepting(nil)(asked)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	g.URL = server.URL
	return g
}

func TestOneSlowRequestDoesNotHoldUpOtherPeople(t *testing.T) {
	slow := make(chan struct{})
	server := newGated(t, slow)
	out := newTestOutput(t, server.URL, fastRetries)
	done := make(chan error, 1)
	go func() { done <- out.WriteBatch(context.Background(), batchOf(event("u1", "Slow"))) }()
	<-server.reached

	require.NoError(t, out.WriteBatch(t.Context(), batchOf(event("u2", "A"))))
	assert.Empty(t, done)
	close(slow)
	require.NoError(t, <-done)
}

func TestStoppingEndsTheWaitForAnotherBatch(t *testing.T) {
	slow := make(chan struct{})
	server := newGated(t, slow)
	out := newTestOutput(t, server.URL, fastRetries)
	done := make(chan error, 1)
	go func() { done <- out.WriteBatch(context.Background(), batchOf(event("u1", "Slow"))) }()
	<-server.reached

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	batch := batchOf(event("u1", "A"), event("u1", "B"))
	const text = "clevertap: stopped: sending was interrupted"
	assert.Equal(t, map[int]string{0: text, 1: text}, failures(t, batch, out.WriteBatch(ctx, batch)))
	close(slow)
	require.NoError(t, <-done)
	require.NoError(t, out.WriteBatch(t.Context(), batchOf(event("u1", "C"))), "what was given up holds nobody up")
}
