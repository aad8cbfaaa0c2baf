package inputs

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// webhookOfProfiles is a call that repeats about so many bytes for each of so many profiles.
func webhookOfProfiles(repeated, profiles int) string {
	return `{"key_values":{"a":"` + strings.Repeat("x", repeated) + `"},"profiles":[` + strings.Repeat(`{"identity":"a"},`, profiles-1) + `{"identity":"z"}]}`
}

// TestWebhookBudget_BoundsWhatIsInMemory: while nothing is acknowledged, only so much is kept, however many call.
func TestWebhookBudget_BoundsWhatIsInMemory(t *testing.T) {
	in, call := listenWebhook(t, "timeout: 60s")
	body := webhookOfProfiles(4<<10, 5000) // 20 MB of messages
	var callers sync.WaitGroup
	var shed atomic.Int64
	peak := heapPeak(func() {
		for range 40 {
			callers.Go(func() {
				if call.post(t, body).status == http.StatusServiceUnavailable {
					shed.Add(1)
				}
			})
		}
		require.Eventually(t, func() bool { return int(shed.Load())+len(in.handler.handover.parcels) == 40 }, 30*time.Second, time.Millisecond)
	})
	assert.Positive(t, len(in.handler.handover.parcels))
	in.handler.handover.drain()
	in.handler.handover.stop()
	callers.Wait()
	assert.Less(t, peak, uint64(192<<20), "64 MiB are allowed, and as much garbage")
	assert.Zero(t, in.handler.allowance.used.Load())
}

func TestWebhookBudget_ComesBack(t *testing.T) {
	in, call := listenWebhook(t, "max_body_bytes: 1000000")
	answers := map[string]int{
		webhookTwo: 200, webhookOfProfiles(100, 2000): 200, `{"profiles":[]}`: 200, `{"is_test":true,"profiles":[{}]}`: 200,
		`{`: 400, `{"profiles":1}`: 400, webhookOfProfiles(1000, 9000): 413, strings.Repeat(" ", 1_000_001): 413,
	}
	stop := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			select {
			case parcel := <-in.handler.handover.parcels:
				if parcel.take() {
					assert.Positive(t, in.handler.allowance.used.Load(), "the pipeline still has it")
					_ = parcel.ack(t.Context(), nil)
				}
			case <-stop:
				return
			}
		}
	})
	for body, status := range answers {
		assert.Equal(t, status, call.post(t, body).status, body[:min(40, len(body))])
	}
	close(stop)
	reading.Wait()
	assert.Eventually(t, func() bool { return in.handler.allowance.used.Load() == 0 }, 5*time.Second, time.Millisecond)
}

func TestWebhookBudget_TheLargestCallAlwaysHasRoom(t *testing.T) {
	in, err := parseWebhook(t, "max_in_flight_bytes: 1")
	require.NoError(t, err)
	held := &share{of: in.handler.allowance}
	assert.True(t, held.take(cwhDefaults.maxBodyBytes))
	assert.True(t, held.take(webhookGrowth*cwhDefaults.maxBodyBytes))
}

// TestWebhookSlowBodiesTakeNoSlots: more of them than there are slots keep nobody out.
func TestWebhookSlowBodiesTakeNoSlots(t *testing.T) {
	in, call := listenWebhook(t, "timeout: 10s\nmax_in_flight_requests: 2")
	address := strings.TrimSuffix(strings.TrimPrefix(call.url, "http://"), "/clevertap")
	for range 50 {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST /clevertap HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(webhookOne), webhookOne[1:])
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return in.handler.allowance.used.Load() >= 50*httpLeastRead }, 5*time.Second, time.Millisecond)
	answered := make(chan webhookReply, 1)
	go func() { answered <- call.post(t, webhookOne) }()
	_, ack, err := in.ReadBatch(t.Context())
	require.NoError(t, err)
	require.NoError(t, ack(t.Context(), nil))
	assert.Equal(t, 200, (<-answered).status)
}
