package outputs

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// deadLetter is the tier behind the output; it keeps content and metadata of what arrives.
type deadLetter struct {
	mu       sync.Mutex
	messages map[string]map[string]string
}

func (*deadLetter) Connect(context.Context) error { return nil }

func (d *deadLetter) Write(_ context.Context, m *service.Message) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	content, _ := m.AsBytes()
	d.messages[string(content)] = map[string]string{}
	return m.MetaWalk(func(key, value string) error {
		d.messages[string(content)][key] = value
		return nil
	})
}

func (*deadLetter) Close(context.Context) error { return nil }

// withDeadLetter is a fallback of the output and a dead letter that takes the error apart as the documentation shows.
func withDeadLetter(url, config string) string {
	return fmt.Sprintf(`
fallback:
  - clevertap:
      account_id: TEST-ACCOUNT
      passcode: TEST-PASSCODE
      url: %s
      %s
  - dead_letter: {}
    processors:
      - mapping: |
          meta clevertap_error = @fallback_error
          meta clevertap_error_code = @fallback_error.re_find_object("^clevertap: rejected (?P<code>[0-9]+)").code | ""
`, url, indent(strings.TrimSpace(settings(config)), 6))
}

func indent(text string, by int) string {
	return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", by))
}

// runStream sends batches, in parallel, through the output and its dead letter.
func runStream(t *testing.T, url, config string, batches ...service.MessageBatch) *deadLetter {
	t.Helper()
	return runOutput(t, withDeadLetter(url, config), batches...)
}

func runOutput(t *testing.T, output string, batches ...service.MessageBatch) *deadLetter {
	t.Helper()
	letters := &deadLetter{messages: map[string]map[string]string{}}
	env := service.NewEnvironment()
	require.NoError(t, env.RegisterOutput("dead_letter", service.NewConfigSpec(), func(*service.ParsedConfig, *service.Resources) (service.Output, int, error) {
		return letters, 1, nil
	}))
	builder := env.NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	produce, err := builder.AddBatchProducerFunc()
	require.NoError(t, err)
	require.NoError(t, builder.AddOutputYAML(output))
	stream, err := builder.Build()
	require.NoError(t, err)
	produceAll(t, stream, produce, batches)
	return letters
}

// settings are those of the test, with fast retries and batches unless it says otherwise.
func settings(config string) string {
	retries := fastRetries
	if strings.Contains(config, "max_retries") {
		_, retries, _ = strings.Cut(fastRetries, "\n")
	}
	if !strings.Contains(config, "batching") {
		retries += "batching: { count: 1000, period: 5ms }\n"
	}
	return retries + config
}

func produceAll(t *testing.T, stream *service.Stream, produce service.MessageBatchHandlerFunc, batches []service.MessageBatch) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- stream.Run(context.Background()) }()
	var producers sync.WaitGroup
	for _, batch := range batches {
		producers.Go(func() { assert.NoError(t, produce(t.Context(), batch)) })
	}
	producers.Wait()
	require.NoError(t, stream.StopWithin(5*time.Second))
	require.NoError(t, <-done)
}

func newFake(t *testing.T, options clevertaptest.Options) (*clevertaptest.Server, string) {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	fake := clevertaptest.New(options)
	server := httptest.NewServer(fake)
	t.Cleanup(func() {
		server.Close()
		goleak.VerifyNone(t, leaks)
	})
	return fake, server.URL
}

func TestStreamSendsOnlyRefusedRecordsToTheDeadLetter(t *testing.T) {
	fake, url := newFake(t, clevertaptest.Options{})
	batch := make(service.MessageBatch, 1000)
	bad := map[string]string{}
	for i := range batch {
		record := event(fmt.Sprintf("u%d", i), "Item Viewed")
		switch i % 100 {
		case 13:
			record = event(fmt.Sprintf("u%d", i), "Stayed")
			bad[record] = "513"
		case 57:
			record = fmt.Sprintf(`{"type":"event","identity":"u%d","ts":0,"evtName":"Item Viewed","evtData":{}}`, i)
			bad[record] = "525"
		}
		batch[i] = service.NewMessage([]byte(record))
	}
	letters := runStream(t, url, "", batch)

	assert.Len(t, letters.messages, len(bad))
	for record, code := range bad {
		require.Contains(t, letters.messages, record)
		metadata := letters.messages[record]
		assert.Equal(t, code, metadata["clevertap_error_code"])
		assert.Regexp(t, "^clevertap: rejected "+code+" .", metadata["clevertap_error"])
		assert.Equal(t, metadata["fallback_error"], metadata["clevertap_error"])
	}
	stats := fake.Stats()
	assert.EqualValues(t, 1, stats.Uploads)
	assert.EqualValues(t, 1000-len(bad), stats.Accepted["event"], "accepted exactly once")
	assert.EqualValues(t, 1000-len(bad), len(fake.Events()))
}

func TestStreamTracesFailuresThroughJoinedBatches(t *testing.T) {
	for name, output := range map[string]func(url string) string{
		"fallback": func(url string) string { return withDeadLetter(url, "") },
		"fallback in a switch": func(url string) string {
			return "switch:\n  cases:\n    - check: '@error != null'\n      output: { dead_letter: {} }\n    - output:" +
				indent(withDeadLetter(url, ""), 8)
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake, url := newFake(t, clevertaptest.Options{})
			batches := make([]service.MessageBatch, 40)
			for i := range batches {
				person := fmt.Sprintf("u%d", i)
				batches[i] = batchOf(event(person, "A"), event(person, "Stayed"), event(person, "B"))
			}
			letters := runOutput(t, output(url), batches...)
			assert.Len(t, letters.messages, len(batches), "what was delivered with them is no failure")
			for record, metadata := range letters.messages {
				assert.Contains(t, record, "Stayed")
				assert.Equal(t, "513", metadata["clevertap_error_code"])
			}
			stats := fake.Stats()
			assert.EqualValues(t, 80, stats.Accepted["event"])
			assert.Less(t, stats.Uploads, int64(40), "the batches were joined")
		})
	}
}

func TestStreamCutsLargeBatches(t *testing.T) {
	fake, url := newFake(t, clevertaptest.Options{})
	batch := make(service.MessageBatch, 2500)
	for i := range batch {
		batch[i] = service.NewMessage([]byte(event(fmt.Sprintf("u%d", i%50), fmt.Sprintf("Event %d", i))))
	}
	letters := runStream(t, url, "batching: { count: 0 }", batch)
	assert.Empty(t, letters.messages)
	stats := fake.Stats()
	assert.EqualValues(t, 3, stats.Uploads)
	assert.EqualValues(t, 2500, stats.Accepted["event"])
	for i, event := range fake.Events() {
		require.Equal(t, fmt.Sprintf("Event %d", i), event.Name, "the order is kept across requests")
	}
}

func TestStreamKeepsToMaxInFlight(t *testing.T) {
	fake, url := newFake(t, clevertaptest.Options{Faults: clevertaptest.Faults{Latency: 5 * time.Millisecond}})
	batches := make([]service.MessageBatch, 60)
	for i := range batches {
		batches[i] = batchOf(
			fmt.Sprintf(`{"type":"profile","objectId":"a%d","profileData":{}}`, i),
			fmt.Sprintf(`{"type":"token","objectId":"a%d","tokenData":{"id":"t%d","type":"fcm"}}`, i, i))
	}
	letters := runStream(t, url, "batching: { count: 0 }", batches...)
	assert.Empty(t, letters.messages)
	stats := fake.Stats()
	assert.LessOrEqual(t, stats.MaxInFlight, 10)
	assert.Greater(t, stats.MaxInFlight, 1)
	assert.Zero(t, stats.Throttled)
	assert.EqualValues(t, 60, stats.Accepted["token"], "tokens come after the profile that has their device")
}

func TestStreamDeletesOneRequestAtATime(t *testing.T) {
	fake, url := newFake(t, clevertaptest.Options{MaxConcurrentOthers: 1, Faults: clevertaptest.Faults{Latency: 2 * time.Millisecond}})
	batches := make([]service.MessageBatch, 20)
	for i := range batches {
		batches[i] = batchOf(fmt.Sprintf(`{"type":"delete","identity":"u%d"}`, i))
	}
	letters := runStream(t, url, "batching: { count: 0 }", batches...)
	assert.Empty(t, letters.messages)
	stats := fake.Stats()
	assert.Zero(t, stats.Throttled)
	assert.EqualValues(t, 20, stats.DeleteCalls)
}

func TestStreamDeliversOnceWhenSomeRecordsNeedASecondAttempt(t *testing.T) {
	fake, url := newFake(t, clevertaptest.Options{Seed: 1, Faults: clevertaptest.Faults{PartialRate: 0.3}})
	batch := make(service.MessageBatch, 300)
	for i := range batch {
		batch[i] = service.NewMessage([]byte(event(fmt.Sprintf("u%d", i), "A")))
	}
	letters := runStream(t, url, "max_retries: 50", batch)
	assert.Empty(t, letters.messages)
	assert.EqualValues(t, 300, fake.Stats().Accepted["event"])
}

func TestStreamRepeatsARequestWhoseReplyWasLost(t *testing.T) {
	fake, url := newFake(t, clevertaptest.Options{Faults: clevertaptest.Faults{CutRate: 1}})
	var calls atomic.Int32
	fake.Intercept(func(http.ResponseWriter, *http.Request) bool {
		if calls.Add(1) == 2 {
			fake.SetFaults(clevertaptest.Faults{})
		}
		return false
	})
	letters := runStream(t, url, "", batchOf(event("u1", "A")))
	assert.Empty(t, letters.messages)
	assert.EqualValues(t, 2, fake.Stats().Accepted["event"], "the one case in which an event may count twice")
}

func TestStreamUnauthorized(t *testing.T) {
	fake, url := newFake(t, clevertaptest.Options{Passcode: "ANOTHER"})
	record := event("u1", "A")
	letters := runStream(t, url, "", batchOf(record))
	assert.Equal(t, "clevertap: unauthorized 401 the credentials are refused, check account id, passcode and region: Invalid Credentials",
		letters.messages[record]["clevertap_error"])
	assert.Empty(t, letters.messages[record]["clevertap_error_code"])
	assert.EqualValues(t, 1, fake.Stats().Requests)
}

func TestStreamDoesNotWaitForADeadHost(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	record := event("u1", "A")
	letters := runStream(t, server.URL, "", batchOf(record))
	assert.Regexp(t, `^clevertap: unreachable: connecting to 127\.0\.0\.1:\d+: the connection was refused \(attempts: 4\)$`,
		letters.messages[record]["clevertap_error"])
}

func TestStreamSurvivesABadDay(t *testing.T) {
	fake, url := newFake(t, clevertaptest.Options{Seed: 7, Faults: clevertaptest.Faults{ErrorRate: 0.2, ThrottleRate: 0.2, PartialRate: 0.05}})
	batches := make([]service.MessageBatch, 30)
	for i := range batches {
		batches[i] = batchOf(event("u1", "A"), event(fmt.Sprintf("u%d", i), "Stayed"), event("u3", "B"))
	}
	letters := runStream(t, url, "max_retries: 100\nbatching: { count: 0 }", batches...)
	assert.Len(t, letters.messages, 30)
	assert.EqualValues(t, 60, fake.Stats().Accepted["event"])
}
