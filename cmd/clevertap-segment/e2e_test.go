package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

// The tests named TestE2E… start the built binary with the shipped example configs, against a stand-in for CleverTap.

// binaryVariable names a binary to test; without it one is built.
const binaryVariable = "CLEVERTAP_SEGMENT_BINARY"

var buildOnce = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(binaryVariable); path != "" {
		return filepath.Abs(path)
	}
	path := filepath.Join(os.TempDir(), product+"-"+strconv.Itoa(os.Getpid()))
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		os.Stderr.Write(out)
	}
	return path, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if os.Getenv(binaryVariable) == "" {
		os.Remove(filepath.Join(os.TempDir(), product+"-"+strconv.Itoa(os.Getpid())))
	}
	os.Exit(code)
}

// fakeClevertap starts a stand-in and returns it with its address.
func fakeClevertap(t *testing.T, options clevertaptest.Options) (*clevertaptest.Server, string) {
	t.Helper()
	fake := clevertaptest.New(options)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return fake, server.URL
}

// fakeSegment starts a stand-in and returns it with its address.
func fakeSegment(t *testing.T, options segmenttest.Options) (*segmenttest.Server, string) {
	t.Helper()
	fake := segmenttest.New(options)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return fake, server.URL
}

// strictAndNot runs a test with both settings of error_handling.strict: examples have to be right under either.
func strictAndNot(t *testing.T, f func(t *testing.T, strict string)) {
	for _, strict := range []string{"error_handling.strict=false", "error_handling.strict=true"} {
		t.Run(strict, func(t *testing.T) { f(t, strict) })
	}
}

// process is a running binary.
type process struct {
	t       *testing.T
	cmd     *exec.Cmd
	log     logBuffer
	exited  chan struct{}
	failure error
	dir     string
}

// logBuffer is written by the process while the test reads it.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// shellPrefix marks a setting that is a command of the shell from which the binary is started.
const shellPrefix = "shell: "

// start runs an example. Settings with an upper-case name are variables of the environment, those with a hyphen flags,
// and those with shellPrefix are commands of the shell; others override the config.
func start(t *testing.T, example string, settings ...string) *process {
	t.Helper()
	dir := t.TempDir()
	args := []string{"run", "-s", "metrics.prometheus.file_output_path=" + filepath.Join(dir, "metrics")}
	env := []string{
		"DEAD_LETTER=" + filepath.Join(dir, "dead"), "STILL_DEAD=" + filepath.Join(dir, "still_dead"), "IDENTITIES=" + dir,
	}
	shell := ""
	for _, s := range settings {
		switch {
		case strings.HasPrefix(s, shellPrefix):
			shell = strings.TrimPrefix(s, shellPrefix)
		case s[0] >= 'A' && s[0] <= 'Z':
			env = append(env, s)
		case s[0] == '-':
			args = append(args, s)
		default:
			args = append(args, "-s", s)
		}
	}
	return launch(t, shell, dir, env, append(args, "config-examples/"+example)...)
}

// launch starts the binary, from a shell that runs a command before, such as umask.
func launch(t *testing.T, shell, dir string, env []string, args ...string) *process {
	t.Helper()
	binary, err := buildOnce()
	require.NoError(t, err)
	p := &process{t: t, exited: make(chan struct{}), dir: dir}
	p.cmd = exec.Command("sh", append([]string{"-c", shell + "\n" + `exec "$0" "$@"`, binary}, args...)...)
	p.cmd.Dir, p.cmd.Env = root, append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.run()
	return p
}

func (p *process) run() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Start())
	go func() {
		p.failure = p.cmd.Wait()
		close(p.exited)
	}()
	p.t.Cleanup(p.kill)
}

func (p *process) path(name string) string { return filepath.Join(p.dir, name) }

// wait returns when the process has ended by itself, without an error.
func (p *process) wait() {
	p.t.Helper()
	select {
	case <-p.exited:
		require.NoError(p.t, p.failure, p.log.String())
	case <-time.After(time.Minute):
		require.Fail(p.t, "the pipeline does not end", p.log.String())
	}
}

// stop ends the process as an operator does, and waits.
func (p *process) stop() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.wait()
}

func (p *process) kill() {
	select {
	case <-p.exited:
	default:
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	if p.t.Failed() {
		p.t.Log(p.log.String())
	}
}

// eventually waits for what another process does.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 30*time.Second, 20*time.Millisecond, what)
}

func answers(url string) bool {
	response, err := http.Get(url)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// deadLetter is one line of the dead-letter file.
type deadLetter struct {
	Kind, Reason, Error, Content string
	Code                         int
	Attempt                      int
	MessageID                    string `json:"message_id"`
}

func (p *process) deadLetters(name string) []deadLetter {
	p.t.Helper()
	text, err := os.ReadFile(p.path(name))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(p.t, err)
	var all []deadLetter
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // still being written
		}
		var d deadLetter
		require.NoError(p.t, json.Unmarshal([]byte(line), &d), line)
		all = append(all, d)
	}
	return all
}

// metric adds up the values of all label sets of a metric, after the process has ended.
func (p *process) metric(name string) int {
	p.t.Helper()
	text, err := os.ReadFile(p.path("metrics"))
	require.NoError(p.t, err)
	sum := 0
	for _, m := range regexp.MustCompile(`(?m)^`+name+`(?:\{[^\n]*\})? ([0-9.e+]+)$`).FindAllStringSubmatch(string(text), -1) {
		value, err := strconv.ParseFloat(m[1], 64)
		require.NoError(p.t, err)
		sum += int(value)
	}
	return sum
}
