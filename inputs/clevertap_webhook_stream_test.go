package inputs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWebhookStreamAnswersAfterTheSinkHasAccepted(t *testing.T) {
	far := &webhookSink{}
	release := make(chan struct{})
	_, call := runWebhook(t, "timeout: 10s", func(ctx context.Context, batch service.MessageBatch) error {
		<-release
		return far.take(ctx, batch)
	})
	answered := make(chan webhookReply, 1)
	go func() { answered <- call.post(t, webhookOne) }()
	select {
	case got := <-answered:
		t.Fatalf("answered before the sink has accepted: %v", got)
	case <-time.After(100 * time.Millisecond):
	}
	assert.Empty(t, far.got())
	close(release)
	assert.Equal(t, 200, (<-answered).status)
	assert.Equal(t, []string{webhookOne}, far.got())
}

func TestWebhookStreamDeliversEveryShape(t *testing.T) {
	far := &webhookSink{}
	_, call := runWebhook(t, "account_id: ACCOUNT", far.take)
	for body, profiles := range map[string]int{
		`{"targetId":1659684581,"key_values":{"k":"v"},"profiles":[{"key_values":{"k":"v"},"email":"a@x.io","identity":"a@x.io","all_identities":["a@x.io"],"profileData":{"last score":308,"ts":1586937505801},"event_properties":{"zip-code":"0500"},"session_props":{}}]}`: 1,
		`{"targetId":1,"key_values":{},"profiles":[{"Email":"a","ObjectId":"1"},{"Email":"b","ObjectId":"2"},{"Email":"c","ObjectId":"3"}]}`:                                                                                                                                  3,
		`{"targetId":2,"key_values":{},"profiles":{"Email":"d","ProfileData":{},"Event_properties":{"n":9007199254740993},"Push_token":"t"}}`:                                                                                                                                 1,
		`{"targetId":3,"profiles":[{"identity":"e","objectId":"5","payload":{"title":"t","kvs":{"wzrk_ttl_s":86400}}}]}`:                                                                                                                                                      1,
		`{"my":"own"}`: 1,
		`{"is_test":true,"targetId":1234,"profiles":[{"Identity":"UserId"},{"Identity":"UserId"}]}`: 0,
	} {
		before := len(far.got())
		assert.Equal(t, 200, call.post(t, body).status)
		assert.Len(t, far.got(), before+profiles, body)
	}
	assert.Contains(t, strings.Join(far.got(), "\n"), `"profiles":[{"Email":"d","ProfileData":{},"Event_properties":{"n":9007199254740993},"Push_token":"t"}]`)
	assert.Contains(t, far.batches, 3, "the profiles of a call stay together")
	for _, metadata := range far.metadata {
		assert.Equal(t, "webhook", metadata["clevertap_source"])
		assert.Equal(t, "ACCOUNT", metadata["clevertap_account_id"])
		assert.Regexp(t, `^\d{4}-\d\d-\d\d$`, metadata["clevertap_day"])
	}
}

func TestWebhookStreamAnswersARefusalWithAnError(t *testing.T) {
	far := &webhookSink{}
	_, call := runWebhook(t, "timeout: 10s", far.take)
	far.fail(1)
	got := call.post(t, webhookTwo)
	assert.Equal(t, 503, got.status)
	assert.Equal(t, `{"error":"not_delivered"}`, got.body, "the sink's error is not the caller's business")
	assert.Empty(t, far.got(), "it is not tried again behind the caller's back")
	assert.Equal(t, 200, call.post(t, webhookTwo).status)
	assert.Len(t, far.got(), 2)
}

// One of two profiles fails at the sink: the caller learns of it, whatever became of the other.
func TestWebhookStreamAnswersAPartialRefusalWithAnError(t *testing.T) {
	_, call := runWebhook(t, "timeout: 10s", func(_ context.Context, batch service.MessageBatch) error {
		return service.NewBatchError(batch, context.DeadlineExceeded).Failed(1, context.DeadlineExceeded)
	})
	assert.Equal(t, 503, call.post(t, webhookTwo).status)
}

// A stop finds calls in every state: the sink holds one, the pipeline cannot take another, and more stand at the door.
// Nobody hears 200 whose profile did not arrive, and the stop does not wait for anybody's timeout.
func TestWebhookStreamStopsWithCallsInEveryState(t *testing.T) {
	far := &webhookSink{}
	var held atomic.Int32
	release := make(chan struct{})
	stop, call := runWebhook(t, "timeout: 20s", func(ctx context.Context, batch service.MessageBatch) error {
		held.Add(1)
		<-release
		return far.take(ctx, batch)
	})
	const callers = 16
	answers := make([]webhookReply, callers)
	var waiting sync.WaitGroup
	for i := range callers {
		waiting.Go(func() {
			answers[i] = call.post(t, fmt.Sprintf(`{"profiles":[{"identity":"u%d"}]}`, i))
		})
	}
	require.Eventually(t, func() bool { return held.Load() > 0 }, 5*time.Second, time.Millisecond)
	time.Sleep(50 * time.Millisecond)
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	time.Sleep(100 * time.Millisecond)
	close(release)
	waiting.Wait()
	<-stopped

	arrived := strings.Join(far.got(), "\n")
	delivered := 0
	for i, got := range answers {
		if got.status == 200 {
			delivered++
			assert.Contains(t, arrived, fmt.Sprintf(`"u%d"`, i))
			continue
		}
		assert.Equal(t, 503, got.status)
	}
	assert.Positive(t, delivered)
	assert.Less(t, delivered, callers)
}

func TestWebhookStreamUnderLoad(t *testing.T) {
	far := &webhookSink{}
	far.fail(40)
	_, call := runWebhook(t, "timeout: 10s\nmax_in_flight_requests: 8", far.take)
	var callers sync.WaitGroup
	var refused atomic.Int32
	for i := range 32 {
		callers.Go(func() {
			for j := range 10 {
				body := fmt.Sprintf(`{"profiles":[{"identity":"u%d-%d"},{"identity":"v%d-%d"}]}`, i, j, i, j)
				for call.post(t, body).status != 200 {
					refused.Add(1)
				}
			}
		})
	}
	callers.Wait()
	got := far.got()
	assert.Len(t, got, 640, "each call was answered 200 once and delivered once")
	unique := map[string]bool{}
	for _, content := range got {
		unique[content] = true
	}
	assert.Len(t, unique, 640)
	assert.GreaterOrEqual(t, refused.Load(), int32(40))
}
