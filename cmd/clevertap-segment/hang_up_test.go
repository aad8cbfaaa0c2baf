//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// load sends single calls over some connections until its stop is called, which returns the ids of those answered 200.
func load(t *testing.T, url string) (answered *atomic.Int64, stop func() []string) {
	t.Helper()
	answered = new(atomic.Int64)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 20 * time.Second}
	var mu sync.Mutex
	var ids []string
	var ended atomic.Bool
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			for n := 0; !ended.Load(); n++ {
				id := fmt.Sprintf("%d-%d", sender, n)
				body := fmt.Sprintf(`{"userId":"u%d","event":"Viewed","messageId":"%s","properties":{"n":"%s"}}`, sender, id, id)
				request, err := http.NewRequest(http.MethodPost, url+"/v1/track", strings.NewReader(body))
				if err != nil {
					return
				}
				request.SetBasicAuth(writeKey, "")
				response, err := client.Do(request)
				if err != nil {
					time.Sleep(10 * time.Millisecond)
					continue
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if response.StatusCode == http.StatusOK {
					mu.Lock()
					ids = append(ids, id)
					mu.Unlock()
					answered.Add(1)
				}
			}
		})
	}
	var once sync.Once
	stop = func() []string {
		once.Do(func() {
			ended.Store(true)
			senders.Wait()
			client.CloseIdleConnections()
		})
		return ids
	}
	t.Cleanup(func() { stop() })
	return answered, stop
}

func TestE2EHangUp_StopsGracefullyUnderLoad(t *testing.T) {
	fake, clevertap := fakeClevertap(t, clevertaptest.Options{Faults: clevertaptest.Faults{Latency: 50 * time.Millisecond}})
	p, batch := endpoint(t, "CLEVERTAP_URL="+clevertap)
	answered, stop := load(t, strings.TrimSuffix(batch, "/v1/batch"))
	eventually(t, "calls are answered", func() bool { return answered.Load() > 50 })

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	p.wait() // as after SIGTERM: exit code 0
	delivered := occurrences(t, fake)
	for _, id := range stop() {
		assert.Contains(t, delivered, id, "answered 200")
	}
	assert.Contains(t, p.log.String(), "Received SIGHUP")
	assert.NotContains(t, p.log.String(), "level=error")
}

func TestE2EHangUp_StopsStreamsAndTheSandbox(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		ready string
	}{
		"streams": {[]string{"streams", "-s", "http.enabled=false", configFile(t, "config.yaml", idlePipeline)}, "Input type generate is now active"},
		"sandbox": {[]string{"sandbox", "--address", testenv.FreeAddress(t)}, "Ctrl+C"},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, "", t.TempDir(), nil, c.args...)
			eventually(t, "it runs", func() bool { return strings.Contains(p.log.String(), c.ready) })
			time.Sleep(100 * time.Millisecond) // the engine listens for signals a moment after it says so
			require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
			p.wait()
		})
	}
}

// The shell and the kernel may both send it when a terminal is closed.
func TestE2EHangUp_TwiceDoesNotHurry(t *testing.T) {
	p, _ := endpoint(t, "shutdown_delay=1s")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	eventually(t, "it stops", func() bool { return strings.Contains(p.log.String(), "Shutdown delay is in effect") })
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	p.wait()
	assert.NotContains(t, p.log.String(), "level=error")
}

func TestE2EHangUp_StaysIgnoredUnderNohup(t *testing.T) {
	fake, clevertap := fakeClevertap(t, clevertaptest.Options{})
	p, batch := endpoint(t, "CLEVERTAP_URL="+clevertap, shellPrefix+`trap "" HUP`)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	time.Sleep(300 * time.Millisecond)
	require.Equal(t, 200, postAs(t, batch, tenCalls(0), writeKey))
	assert.Len(t, fake.Events(), 10)
	p.stop()
	assert.NotContains(t, p.log.String(), "SIGHUP")
}

// When a terminal is closed, what reads the log may end before the process that writes it.
func TestE2EHangUp_WithoutAReaderOfTheLog(t *testing.T) {
	read, write, err := os.Pipe()
	require.NoError(t, err)
	binary, err := buildOnce()
	require.NoError(t, err)
	p := &process{t: t, exited: make(chan struct{}), cmd: exec.Command(binary, "run", "-s", "http.enabled=false", configFile(t, "config.yaml", idlePipeline))}
	p.cmd.Stdout, p.cmd.Stderr = write, write
	p.run()
	require.NoError(t, write.Close())
	for lines := bufio.NewScanner(read); lines.Scan() && !strings.Contains(lines.Text(), "generate is now active"); {
	}
	time.Sleep(100 * time.Millisecond) // the engine listens for signals a moment after it says so
	require.NoError(t, read.Close())
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	p.wait()
}
