package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// endpoint starts the example for SDKs and returns it with the address to post batches to.
func endpoint(t *testing.T, settings ...string) (*process, string) {
	t.Helper()
	address, admin := testenv.FreeAddress(t), testenv.FreeAddress(t)
	p := start(t, "sdks_to_clevertap.yaml", append(settings, "ADDRESS="+address, "http.address="+admin)...)
	eventually(t, "the endpoint listens", func() bool { return answers("http://" + admin + "/ready") })
	return p, "http://" + address + "/v1/batch"
}

// redisDedupe has the example remember delivered ids in Redis.
func redisDedupe(t *testing.T, address string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "redis.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
cache_resources:
  - label: ids_in_redis
    redis:
      url: redis://`+address+`
      prefix: "delivered:"
      retries: { initial_interval: 10ms, max_elapsed_time: 100ms }
`), 0o600))
	return []string{"--resources=" + file, "input.segment_http.dedupe_cache=ids_in_redis"}
}

// tenCalls is a request with the calls n to n+9.
func tenCalls(n int) string {
	batch := make([]map[string]any, 10)
	for i := range batch {
		id := fmt.Sprintf("m-%d", n+i)
		batch[i] = map[string]any{"type": "track", "event": "Viewed", "userId": fmt.Sprintf("u%d", i), "messageId": id, "properties": map[string]any{"n": id}}
	}
	body, _ := json.Marshal(map[string]any{"batch": batch})
	return string(body)
}

// occurrences counts how often each call arrived.
func occurrences(t *testing.T, fake *clevertaptest.Server) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for _, event := range fake.Events() {
		id, ok := event.Properties["n"].(string)
		require.True(t, ok)
		seen[id]++
	}
	return seen
}

// Callers time out long before a slow and failing CleverTap has accepted, and come again, some while their first
// attempt is under way. No reply of CleverTap's gets lost, so nothing may come twice.
func TestE2EDedupeUnderFaults(t *testing.T) {
	for name, settings := range map[string]func() []string{
		"memory": func() []string { return nil },
		"Redis":  func() []string { return redisDedupe(t, startRedis(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			fake, url := fakeClevertap(t, clevertaptest.Options{Faults: clevertaptest.Faults{
				Latency: 1200 * time.Millisecond, ErrorRate: 0.3, PartialRate: 0.05,
			}})
			const clevertap = "output.switch.cases.1.output.fallback.0.clevertap."
			p, batch := endpoint(t, append(settings(), "CLEVERTAP_URL="+url, "input.segment_http.timeout=900ms",
				clevertap+"backoff.initial_interval=10ms", clevertap+"backoff.max_interval=50ms", clevertap+"max_retries=100")...)
			const requests = 60
			var callers sync.WaitGroup
			var impatient sync.Map
			for i := range requests {
				callers.Go(func() {
					for postAs(t, batch, tenCalls(10*i), "TEST-WRITE-KEY") != 200 {
						impatient.Store(i, true)
						time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
					}
				})
			}
			callers.Wait()
			waited := 0
			impatient.Range(func(any, any) bool { waited++; return true })
			assert.Greater(t, waited, requests/4, "who came again")
			seen := occurrences(t, fake)
			assert.Len(t, seen, 10*requests)
			for id, times := range seen {
				assert.Equal(t, 1, times, id)
			}
			p.stop()
			assert.Empty(t, p.deadLetters("dead"))
		})
	}
}

// A crash between delivery and answer: callers send everything again, to a process that only knows what is in Redis.
func TestE2EDedupeOutlivesTheProcess(t *testing.T) {
	fake, url := fakeClevertap(t, clevertaptest.Options{})
	redisAddress := startRedis(t)
	settings := append(redisDedupe(t, redisAddress), "CLEVERTAP_URL="+url)
	first, batch := endpoint(t, settings...)
	for n := range 5 {
		require.Equal(t, 200, postAs(t, batch, tenCalls(10*n), "TEST-WRITE-KEY"))
	}
	first.kill()
	assertExpiring(t, redisAddress, 50)
	_, batch = endpoint(t, settings...)
	for n := range 6 {
		require.Equal(t, 200, postAs(t, batch, tenCalls(10*n), "TEST-WRITE-KEY"))
	}
	seen := occurrences(t, fake)
	assert.Len(t, seen, 60)
	for id, times := range seen {
		assert.Equal(t, 1, times, id)
	}
}

// assertExpiring checks that so many ids are in Redis, and that each expires after dedupe_ttl.
func assertExpiring(t *testing.T, address string, ids int) {
	t.Helper()
	const script = `local least, keys = 24 * 3600, redis.call('KEYS', 'delivered:*')
		for _, key in ipairs(keys) do least = math.min(least, redis.call('TTL', key)) end
		return #keys .. ' ' .. least`
	var keys, least int
	_, err := fmt.Sscanf(redis(t, address, []string{"EVAL", script, "0"})[0], "%d %d", &keys, &least)
	require.NoError(t, err)
	assert.Equal(t, ids, keys)
	assert.InDelta(t, 24*3600, least, 60)
}

// Without its cache the endpoint goes on. The calls differ: one whose id is still to be stored is known.
func TestE2EDedupeWithoutItsCache(t *testing.T) {
	fake, url := fakeClevertap(t, clevertaptest.Options{})
	p, batch := endpoint(t, append(redisDedupe(t, testenv.FreeAddress(t)), "CLEVERTAP_URL="+url)...)
	for n := range 3 {
		require.Equal(t, 200, postAs(t, batch, tenCalls(10*n), "TEST-WRITE-KEY"))
	}
	assert.Len(t, fake.Events(), 30)
	p.stop()
	assert.Positive(t, p.metric("segment_http_dedupe_errors_total"))
	assert.Contains(t, p.log.String(), "the dedupe_cache fails")
}
