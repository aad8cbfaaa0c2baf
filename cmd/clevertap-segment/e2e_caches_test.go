package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

var longOutages = flag.Bool("e2e.long", false, "outages of caches last 30 seconds, not 5")

func outageLength() time.Duration {
	if *longOutages {
		return 30 * time.Second
	}
	return 5 * time.Second // longer than the timeout of the input
}

// redisOfCaches is a Redis with something wrong with it.
type redisOfCaches struct {
	*testing.T
	address string
	process *os.Process
}

// command tells Redis something, over a connection of its own.
func (r *redisOfCaches) command(words ...string) { redis(r.T, r.address, words) }

// cacheTroubles are what happens to Redis, from its beginning to its end.
var cacheTroubles = []struct {
	name       string
	begin, end func(r *redisOfCaches)
	// during is called every 50 ms.
	during func(r *redisOfCaches)
}{
	{
		name:  "it hangs",
		begin: func(r *redisOfCaches) { require.NoError(r, r.process.Signal(syscall.SIGSTOP)) },
		end:   func(r *redisOfCaches) { require.NoError(r, r.process.Signal(syscall.SIGCONT)) },
	},
	{
		name:  "it is killed",
		begin: func(r *redisOfCaches) { require.NoError(r, r.process.Kill()) },
		end: func(r *redisOfCaches) {
			_, _ = r.process.Wait()
			r.process = startRedisAt(r.T, r.address)
		},
	},
	{
		name:   "it closes connections",
		during: func(r *redisOfCaches) { r.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") },
	},
	{
		name:  "it refuses to write",
		begin: func(r *redisOfCaches) { r.command("CONFIG", "SET", "maxmemory", "1") },
		end:   func(r *redisOfCaches) { r.command("CONFIG", "SET", "maxmemory", "0") },
	},
}

// bothCachesInRedis are settings of the example for SDKs. The caches have the retries that Redis caches have by default.
func bothCachesInRedis(t *testing.T, address string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "redis.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `
cache_resources:
  - label: ids_in_redis
    redis: { url: "redis://%[1]s", prefix: "delivered:" }
  - label: identities_in_redis
    redis: { url: "redis://%[1]s", prefix: "identities:" }
`, address), 0o600))
	return []string{
		"--resources=" + file, "input.segment_http.dedupe_cache=ids_in_redis",
		"pipeline.processors.0.try_catch.processors.0.segment_to_clevertap.identity_cache=identities_in_redis",
	}
}

// sender sends requests one after the other, each of them once, and keeps the answers.
type sender struct {
	name            string
	answered        map[int][]string // ids of calls, by status
	slowest         time.Duration
	sent, requested int
}

const (
	tracksInRequest     = 5
	identifiesInRequest = 3
)

// request is a body of new calls with its ids. Each call carries its id as a property or a trait, and each identify call
// needs the identity cache.
func (s *sender) request() (body string, ids []string) {
	var batch []map[string]any
	for range tracksInRequest + identifiesInRequest {
		id := fmt.Sprintf("%s-%d", s.name, s.sent)
		s.sent++
		call := map[string]any{"type": "track", "event": "Viewed", "userId": s.name, "messageId": id, "properties": map[string]any{"n": id}}
		if len(ids) >= tracksInRequest {
			call = map[string]any{"type": "identify", "userId": "u-" + id, "anonymousId": "a-" + id, "messageId": id, "traits": map[string]any{"n": id}}
		}
		batch, ids = append(batch, call), append(ids, id)
	}
	text, _ := json.Marshal(map[string]any{"batch": batch})
	return string(text), ids
}

func (s *sender) send(t *testing.T, url string, until <-chan struct{}) {
	for {
		select {
		case <-until:
			return
		case <-time.After(20 * time.Millisecond):
		}
		body, ids := s.request()
		began := time.Now()
		status := postAs(t, url, body, "TEST-WRITE-KEY")
		s.slowest = max(s.slowest, time.Since(began))
		s.answered[status] = append(s.answered[status], ids...)
		s.requested++
	}
}

// arrivals counts how often each call was accepted or written to the dead letter.
func arrivals(t *testing.T, fake *clevertaptest.Server, dead []deadLetter) map[string]int {
	t.Helper()
	seen := occurrences(t, fake)
	for _, profile := range fake.Profiles() {
		if id, ok := profile.Attributes["n"].(string); ok {
			seen[id]++
		}
	}
	for _, d := range dead {
		seen[d.MessageID]++
	}
	return seen
}

// While Redis is in trouble, several SDKs send. An answer that has them send again must not be given for calls that are
// delivered.
func TestE2ECaches_RedisInTroubleMisleadsNoSender(t *testing.T) {
	for _, trouble := range cacheTroubles {
		t.Run(trouble.name, func(t *testing.T) {
			address := testenv.FreeAddress(t)
			r := &redisOfCaches{T: t, address: address, process: startRedisAt(t, address)}
			fake, url := fakeClevertap(t, clevertaptest.Options{})
			p, batch := endpoint(t, append(bothCachesInRedis(t, address), "CLEVERTAP_URL="+url)...)

			senders, until := make([]*sender, 6), make(chan struct{})
			var sending sync.WaitGroup
			for i := range senders {
				s := &sender{name: fmt.Sprintf("s%d", i), answered: map[int][]string{}}
				senders[i] = s
				sending.Go(func() { s.send(t, batch, until) })
			}
			time.Sleep(time.Second)
			haveTrouble(r, trouble.begin, trouble.during, trouble.end)
			time.Sleep(time.Second)
			close(until)
			sending.Wait()
			assertDedupeWorks(t, fake, batch)
			p.stop()

			dead := p.deadLetters("dead")
			seen := arrivals(t, fake, dead)
			for _, s := range senders {
				t.Logf("%d requests, the slowest took %s", s.requested, s.slowest)
				for status, ids := range s.answered {
					want := 0
					if status == 200 {
						want = 1
					}
					for _, id := range ids {
						require.Equal(t, want, seen[id], "call %s was answered %d", id, status)
					}
				}
				assert.Len(t, s.answered[200], s.sent, "the delivery was never in trouble")
			}
			for _, d := range dead {
				assert.Equal(t, "identity_cache_failed", d.Reason)
			}
			if trouble.name != "it closes connections" { // the client may mend that by itself
				assert.NotEmpty(t, dead, "calls that needed the identity cache")
				assert.Contains(t, p.log.String(), "the dedupe_cache fails")
				assert.Contains(t, p.log.String(), `the identity_cache \"identities_in_redis\" fails`)
				assert.Contains(t, p.log.String(), "the dedupe_cache works again")
				assert.Positive(t, p.metric("segment_http_dedupe_errors_total"))
				assert.Positive(t, p.metric("segment_http_dedupe_unasked_total"))
			}
		})
	}
}

// haveTrouble lasts as long as the outage.
func haveTrouble(r *redisOfCaches, begin, during, end func(*redisOfCaches)) {
	if begin != nil {
		begin(r)
	}
	for began := time.Now(); time.Since(began) < outageLength(); time.Sleep(50 * time.Millisecond) {
		if during != nil {
			during(r)
		}
	}
	if end != nil {
		end(r)
	}
}

// assertDedupeWorks sends requests twice until one of them is not delivered again.
func assertDedupeWorks(t *testing.T, fake *clevertaptest.Server, batch string) {
	t.Helper()
	n := 0
	eventually(t, "delivered calls are known again", func() bool {
		n += 10
		for range 2 {
			require.Equal(t, 200, postAs(t, batch, tenCalls(n), "TEST-WRITE-KEY"))
		}
		return occurrences(t, fake)[fmt.Sprintf("m-%d", n)] == 1
	})
}

// Nobody waits for a file, so its calls wait for the cache.
func TestE2ECaches_AFileWaitsForAHungIdentityCache(t *testing.T) {
	address := testenv.FreeAddress(t)
	r := &redisOfCaches{T: t, address: address, process: startRedisAt(t, address)}
	fake, url := fakeClevertap(t, clevertaptest.Options{})
	const calls = 2000
	file := filepath.Join(t.TempDir(), "calls.jsonl.gz")
	var text bytes.Buffer
	archive := gzip.NewWriter(&text)
	for n := range calls {
		fmt.Fprintf(archive, `{"type":"identify","userId":"u%[1]d","anonymousId":"a%[1]d","messageId":"m%[1]d","traits":{"n":"m%[1]d"}}`+"\n", n)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, os.WriteFile(file, text.Bytes(), 0o600))

	trouble := cacheTroubles[0]
	trouble.begin(r)
	p := start(t, "file_to_clevertap.yaml", append(bothCachesInRedis(t, address)[:1], "CLEVERTAP_URL="+url, "CALLS="+file,
		"pipeline.processors.0.try_catch.processors.0.segment_to_clevertap.identity_cache=identities_in_redis")...)
	eventually(t, "the log says what is waited for", func() bool {
		return strings.Contains(p.log.String(), `the identity_cache \"identities_in_redis\" fails`)
	})
	assert.Empty(t, fake.Profiles())
	trouble.end(r)
	p.wait()
	assert.Empty(t, p.deadLetters("dead"))
	assert.Len(t, arrivals(t, fake, nil), calls)
	assert.Contains(t, p.log.String(), "works again")
}
