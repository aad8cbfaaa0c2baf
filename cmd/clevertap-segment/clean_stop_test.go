package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// cleanly is a shipped example and the traffic in the middle of which it is stopped.
type cleanly struct {
	file string
	// traffic keeps sending to an address until the test ends; nil where the example fetches for itself.
	traffic  func(t *testing.T, url string)
	settings func(t *testing.T) []string
}

var stopped = []cleanly{
	{file: "sdks_to_clevertap.yaml", traffic: tracking},
	{file: "webhook_to_clevertap.yaml", traffic: webhooks},
	{file: "both_directions.yaml", traffic: tracking},
	{file: "webhook_from_clevertap.yaml", traffic: campaigns},
	{file: "file_to_clevertap.yaml"},
	{file: "mobile_mode.yaml"},
	{file: "storage_files.yaml"},
	{file: "dead_letter_redrive.yaml"},
	{file: "events_export.yaml"},
	{file: "profiles_export.yaml", settings: func(*testing.T) []string { return []string{"EVENT=Bought"} }},
	{file: "redis_to_clevertap.yaml", settings: redisWithCalls},
	{file: "scale/redis_to_clevertap.yaml", settings: func(t *testing.T) []string {
		return append(redisWithCalls(t), `STREAMS="segment_calls"`)
	}},
}

// again sends requests over four connections until the test ends.
func again(t *testing.T, build func(n int) (*http.Request, error)) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}, Timeout: 20 * time.Second}
	ended := make(chan struct{})
	done := make(chan struct{})
	for sender := range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for n := sender; ; n += 4 {
				select {
				case <-ended:
					return
				case <-time.After(time.Millisecond):
				}
				request, err := build(n)
				if err != nil {
					return
				}
				if response, err := client.Do(request); err == nil {
					response.Body.Close()
				}
			}
		}()
	}
	t.Cleanup(func() {
		close(ended)
		for range 4 {
			<-done
		}
		client.CloseIdleConnections()
	})
}

func tracking(t *testing.T, url string) {
	again(t, func(n int) (*http.Request, error) {
		request, err := http.NewRequest(http.MethodPost, url+"/v1/batch", strings.NewReader(tenCalls(10*n)))
		if err == nil {
			request.SetBasicAuth(writeKey, "")
		}
		return request, err
	})
}

func webhooks(t *testing.T, url string) {
	again(t, func(n int) (*http.Request, error) {
		return signedRequest(url+"/webhook", signedUpAs(fmt.Sprint("m", n)), webhookSecret)
	})
}

func campaigns(t *testing.T, url string) {
	again(t, func(n int) (*http.Request, error) {
		body := fmt.Sprintf(`{"targetId":%d,"profiles":[{"identity":"u1","event_properties":{"n":%d}}]}`, n, n)
		request, err := http.NewRequest(http.MethodPost, url+"/clevertap", strings.NewReader(body))
		if err == nil {
			request.SetBasicAuth("clevertap", "TEST-PASSWORD")
		}
		return request, err
	})
}

func redisWithCalls(t *testing.T) []string {
	address := startRedis(t)
	calls := make([][]byte, 5000)
	for i := range calls {
		calls[i] = []byte(signedUpAs(fmt.Sprint("m", i)))
	}
	publish(t, address, calls)
	return []string{"REDIS_URL=redis://" + address}
}

// complaint is a line of the log that somebody has to look into.
var complaint = regexp.MustCompile(`(?m)^.*level=(?:error|warning).*$`)

// harmless are lines that say nothing of the stop: what CleverTap and Segment refuse is reported at any time, and the
// redis_streams input of Redpanda Connect reports the end of its own read, now and then.
var harmless = regexp.MustCompile(`: rejected |msg="Error from redis: context canceled"`)

// complaints are those of a stop.
func complaints(log string) (found []string) {
	_, stop, _ := strings.Cut(log, "Received SIGTERM")
	for _, line := range complaint.FindAllString(stop, -1) {
		if !harmless.MatchString(line) {
			found = append(found, line)
		}
	}
	return found
}

func TestE2ECleanStop_LogsNoComplaint(t *testing.T) {
	for _, example := range stopped {
		t.Run(example.file, func(t *testing.T) {
			fake, clevertap := fakeClevertap(t, clevertaptest.Options{Faults: clevertaptest.Faults{Latency: 30 * time.Millisecond}, InProgress: 2})
			require.NoError(t, fake.Seed(exportSeed()))
			there, segment := fakeSegment(t, segmenttest.Options{Faults: segmenttest.Faults{Latency: 30 * time.Millisecond}})
			address, admin := testenv.FreeAddress(t), testenv.FreeAddress(t)
			settings := []string{
				"ADDRESS=" + address, "WEBHOOK_ADDRESS=" + address, "SEGMENT_WEBHOOK_SECRET=" + webhookSecret, "CLEVERTAP_URL=" + clevertap,
				"SEGMENT_ENDPOINT=" + segment, "CHECKPOINTS=" + t.TempDir(), "HTTP_ADDRESS=" + admin,
				"http.enabled=true", "http.address=" + admin, "FROM=" + time.Now().Add(-96*time.Hour).Format(time.DateOnly),
			}
			if example.settings != nil {
				settings = append(settings, example.settings(t)...)
			}
			p := start(t, example.file, settings...)
			if example.traffic != nil {
				example.traffic(t, "http://"+address)
			}
			eventually(t, "something is delivered", func() bool { return accepted(fake) > 0 || len(there.Calls()) > 0 })
			_ = p.cmd.Process.Signal(syscall.SIGTERM) // short files may have come to their end
			p.wait()
			assert.Empty(t, complaints(p.log.String()))
		})
	}
}

func TestCleanStop_CoversEveryExample(t *testing.T) {
	var files []string
	for _, example := range stopped {
		if filepath.Dir(example.file) == "." {
			files = append(files, example.file)
		}
	}
	var shipped []string
	for _, path := range exampleConfigs(t) {
		shipped = append(shipped, filepath.Base(path))
	}
	assert.ElementsMatch(t, shipped, files)
}
