package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

const (
	exportRecords = 30_000
	exportPage    = 1150
	exportConfig  = `
http: { enabled: false }
input:
  clevertap_events:
    account_id: TEST-ACCOUNT
    passcode: TEST-PASSCODE
    url: %s
    event_names: [ Bought ]
    from: '%s'
    timezone: Asia/Kolkata
    batch_size: %d
    checkpoint_cache: files
pipeline:
  processors:
    - mapping: 'root = content().string() + "#" + @clevertap_occurrence'
output:
  http_client:
    url: %s
    verb: POST
    retries: 0
  processors:
    - archive: { format: lines }
cache_resources:
  - label: files
    file: { directory: %s }
`
)

// exportSink counts the records that it was given, and tells when a page has come.
type exportSink struct {
	mu    sync.Mutex
	seen  map[string]int
	pages chan struct{}
}

func (s *exportSink) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender was killed
	}
	s.mu.Lock()
	for line := range strings.Lines(string(body)) {
		s.seen[strings.TrimSpace(line)]++
	}
	s.mu.Unlock()
	s.pages <- struct{}{}
}

func (s *exportSink) counts() (records, repeated int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.seen {
		repeated += n - 1
	}
	return len(s.seen), repeated
}

// exportSeed holds people with and without identity over four days, every tenth event twice.
func exportSeed() *bytes.Buffer {
	var lines bytes.Buffer
	for i := 0; i < exportRecords; i++ {
		kind := "identity"
		if i%2 == 0 {
			kind = "objectId"
		}
		at := time.Now().Add(-time.Duration(i*11) * time.Second).Unix()
		line := fmt.Sprintf(`{"type":"event","%s":"p%d","ts":%d,"evtName":"Bought","evtData":{"n":%d}}`+"\n", kind, i%997, at, i)
		lines.WriteString(line)
		if i%10 == 0 {
			lines.WriteString(line)
			i++
		}
	}
	return &lines
}

func TestE2EAnExportSurvivesTenKills(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Kolkata")
	require.NoError(t, err)
	fake, url := fakeClevertap(t, clevertaptest.Options{TimeZone: zone, InProgress: -1})
	require.NoError(t, fake.Seed(exportSeed()))
	sink := &exportSink{seen: map[string]int{}, pages: make(chan struct{}, 1000)}
	server := httptest.NewServer(sink)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	config := filepath.Join(dir, "export.yaml")
	from := time.Now().Add(-5 * 24 * time.Hour).Format("2006-01-02")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, exportConfig, url, from, exportPage, server.URL, dir), 0o600))

	dice := rand.New(rand.NewPCG(5, 6))
	for range 10 {
		killed := startExport(t, config)
		for range dice.IntN(2) + 1 {
			select {
			case <-sink.pages:
			case <-time.After(20 * time.Second):
				t.Fatal("no page came")
			}
		}
		time.Sleep(time.Duration(dice.IntN(20)) * time.Millisecond)
		require.NoError(t, killed.Process.Kill())
		_ = killed.Wait()
	}
	require.NoError(t, startExport(t, config).Wait())
	records, repeated := sink.counts()
	assert.Equal(t, exportRecords, records)
	assert.LessOrEqual(t, repeated, 10*exportPage, "at most a page per kill")
	assert.EqualValues(t, 1, fake.Stats().Exports, "the cursor was followed to its end")

	fake.ExpireCursors()
	require.NoError(t, startExport(t, config).Wait())
	_, again := sink.counts()
	assert.Equal(t, repeated, again, "another run delivers nothing")
}

func TestE2EAnExportThatLeavesAnEventUnreadExitsWithOne(t *testing.T) {
	fake, url := fakeClevertap(t, clevertaptest.Options{InProgress: -1})
	at := time.Now().Add(-time.Minute).Unix()
	require.NoError(t, fake.Seed(strings.NewReader(fmt.Sprintf(`{"type":"event","identity":"a","ts":%d,"evtName":"Bought","evtData":{"n":1}}`, at))))
	fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !bytes.Contains(body, []byte(`"Broken"`)) {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"status":"fail","error":"Something new","code":400}`)
		return true
	})
	sink := &exportSink{seen: map[string]int{}, pages: make(chan struct{}, 10)}
	server := httptest.NewServer(sink)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	config := filepath.Join(dir, "export.yaml")
	yaml := fmt.Sprintf(exportConfig, url, time.Now().Add(-48*time.Hour).Format("2006-01-02"), exportPage, server.URL, dir)
	yaml = strings.NewReplacer("[ Bought ]", "[ Broken, Bought ]", "Asia/Kolkata", "UTC").Replace(yaml)
	require.NoError(t, os.WriteFile(config, []byte(yaml), 0o600))

	incomplete := startExport(t, config)
	var exit *exec.ExitError
	require.ErrorAs(t, incomplete.Wait(), &exit)
	assert.Equal(t, 1, exit.ExitCode())
	records, _ := sink.counts()
	assert.Equal(t, 1, records, "the other event was read")
	assert.Contains(t, incomplete.Stdout.(*logBuffer).String(), `clevertap_events: incomplete: 1 event names were not read to their end: \"Broken\" (rejected)`)

	fake.Intercept(nil)
	require.ErrorAs(t, startExport(t, config).Wait(), &exit, "an event that nobody knows is most likely misspelt")
	require.NoError(t, fake.Seed(strings.NewReader(fmt.Sprintf(`{"type":"event","identity":"a","ts":%d,"evtName":"Broken","evtData":{"n":1}}`, at))))
	require.NoError(t, startExport(t, config).Wait())
	records, _ = sink.counts()
	assert.Equal(t, 2, records)
}

func startExport(t *testing.T, config string) *exec.Cmd {
	t.Helper()
	binary, err := buildOnce()
	require.NoError(t, err)
	cmd := exec.Command(binary, "run", config)
	log := &logBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return cmd
}
