package outputs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

// The bar of the output: whatever Segment does, everything arrives once, and what is bad leaves with a reason.
func TestSegmentStreamDeliversEverythingElseOnce(t *testing.T) {
	for name, faults := range map[string]segmenttest.Faults{
		"healthy":     {},
		"429":         {ThrottleRate: 0.4},
		"500":         {ErrorRate: 0.4},
		"cut replies": {CutRate: 0.4},
		"all of it":   {ThrottleRate: 0.2, ErrorRate: 0.2, CutRate: 0.2},
	} {
		t.Run(name, func(t *testing.T) {
			fake, url := newSegmentFake(t, segmenttest.Options{Faults: faults, Seed: 7})
			resetAndPoison(fake)
			batches, bad := mixedBatches(40, 25)
			letters := runOutput(t, segmentWithDeadLetter(url, "max_retries: 1000\nbatching: { count: 100, period: 5ms }"), batches...)

			assert.Len(t, letters.messages, len(bad))
			for call, reason := range bad {
				require.Contains(t, letters.messages, call)
				assert.Regexp(t, "^segment: "+reason+": ", letters.messages[call]["fallback_error"])
			}
			stats := fake.Stats()
			assert.EqualValues(t, 40*25-len(bad), stats.Accepted[segment.Track])
			assert.Len(t, fake.Calls(), 40*25-len(bad))
			assert.Empty(t, fake.Rejections())
			if faults.CutRate == 0 {
				assert.Zero(t, stats.Duplicates)
			}
		})
	}
}

// resetAndPoison breaks every seventh connection, and answers 400 to requests with the event Poison.
func resetAndPoison(fake *segmenttest.Server) {
	fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if fake.Stats().Requests%7 == 0 {
			panic(http.ErrAbortHandler)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte("Poison")) {
			w.WriteHeader(http.StatusBadRequest)
			return true
		}
		return false
	})
}

// mixedBatches returns calls of which some are bad, and these with the reason.
func mixedBatches(batches, size int) ([]service.MessageBatch, map[string]string) {
	bad := map[string]string{}
	all := make([]service.MessageBatch, batches)
	for b := range all {
		all[b] = tracks(fmt.Sprint(b), size)
		replace := func(i int, call, reason string) {
			all[b][i] = service.NewMessage([]byte(call))
			bad[call] = reason
		}
		switch b % 4 {
		case 1:
			replace(3, track(fmt.Sprintf("%d-3", b), "Poison"), "rejected")
		case 2:
			replace(0, fmt.Sprintf(`{"type":"track","userId":"%d"}`, b), "event_not_defined")
			replace(24, track(fmt.Sprintf("%d-24", b), strings.Repeat("e", segment.MaxCallBytes)), "too_large")
		}
	}
	return all, bad
}

func TestSegmentStreamKeepsMaxInFlight(t *testing.T) {
	for _, limit := range []int{1, 3} {
		fake, url := newSegmentFake(t, segmenttest.Options{Faults: segmenttest.Faults{Latency: 5 * time.Millisecond}})
		batches := make([]service.MessageBatch, 30)
		for i := range batches {
			batches[i] = tracks(fmt.Sprint(i), 4)
		}
		letters := runOutput(t, segmentWithDeadLetter(url, fmt.Sprintf("max_in_flight: %d\nbatching: { count: 0 }", limit)), batches...)
		assert.Empty(t, letters.messages)
		assert.Len(t, fake.Calls(), 120)
		assert.Equal(t, limit, fake.Stats().MaxInFlight)
		assert.LessOrEqual(t, fake.Stats().Connections, int64(limit))
	}
}

func TestSegmentStreamReusesConnections(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{})
	batches := make([]service.MessageBatch, 200)
	for i := range batches {
		batches[i] = tracks(fmt.Sprint(i), 5)
	}
	letters := runOutput(t, segmentWithDeadLetter(url, "batching: { count: 0 }"), batches...)
	assert.Empty(t, letters.messages)
	assert.EqualValues(t, 200, fake.Stats().Requests)
	assert.LessOrEqual(t, fake.Stats().Connections, int64(20), "about max_in_flight")
}

func TestSegmentStreamClosingWaitsForWhatIsUnderWay(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{Faults: segmenttest.Faults{Latency: 200 * time.Millisecond}})
	builder := service.NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	produce, err := builder.AddBatchProducerFunc()
	require.NoError(t, err)
	require.NoError(t, builder.AddOutputYAML("segment:\n  write_key: TEST-WRITE-KEY\n  endpoint: "+url+"\n  batching: { count: 0 }\n"))
	stream, err := builder.Build()
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- stream.Run(context.Background()) }()
	outcome := make(chan error, 1)
	go func() { outcome <- produce(t.Context(), tracks("m", 300)) }()
	for changed := fake.Changed(); fake.Stats().MaxInFlight == 0; changed = fake.Changed() {
		<-changed
	}
	require.NoError(t, stream.StopWithin(10*time.Second))
	require.NoError(t, <-done)
	require.NoError(t, <-outcome, "acknowledged")
	assert.Len(t, fake.Calls(), 300)
	assert.EqualValues(t, 1, fake.Stats().Requests)
}

func TestSegmentStreamSendsEverythingToTheDeadLetterWhenSegmentIsDown(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{Faults: segmenttest.Faults{ErrorRate: 1}})
	letters := runOutput(t, segmentWithDeadLetter(url, ""), tracks("m", 30))
	assert.Len(t, letters.messages, 30)
	for _, metadata := range letters.messages {
		assert.Equal(t, "segment: server_error: Segment answered 500 internal_error (attempts: 4)", metadata["fallback_error"])
	}
	assert.Empty(t, fake.Calls())
}

func TestSegmentStreamCutsLargeBatches(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{})
	batch := tracks("m", 6000)
	letters := runOutput(t, segmentWithDeadLetter(url, "batching: { count: 0 }"), batch)
	assert.Empty(t, letters.messages)
	assert.EqualValues(t, 3, fake.Stats().Requests)
	for i, call := range fake.Calls() {
		require.Equal(t, fmt.Sprintf("m-%d", i), call.MessageID, "the order is kept across requests")
	}
}

func TestSegmentMetricsTellWhatHappened(t *testing.T) {
	fake, url := newSegmentFake(t, segmenttest.Options{})
	answers := []int{503, 429, 0}
	fake.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		if len(answers) == 0 {
			return false
		}
		status := answers[0]
		answers = answers[1:]
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
		return true
	})
	counts := &recorder{counts: map[string]int64{}}
	stream, produce := newMeasured(t, counts, "segment:\n      write_key: TEST-WRITE-KEY\n      endpoint: "+url)
	produceAll(t, stream, produce, []service.MessageBatch{batchOf(track("a", "A"), `{"type":"page","userId":"u"}`, track("b", "B"), `{}`)})
	assert.Equal(t, map[string]int64{
		"segment_requests_total 200":              1,
		"segment_requests_total 429":              1,
		"segment_requests_total 503":              1,
		"segment_requests_total unreachable":      1,
		"segment_request_latency_ns":              4,
		"segment_calls_total track":               2,
		"segment_calls_total page":                1,
		"segment_rejected_total unsupported_type": 1,
		"segment_retries_total server_error":      1,
		"segment_retries_total throttled":         1,
		"segment_retries_total unreachable":       1,
	}, counts.own("segment_"))
}
