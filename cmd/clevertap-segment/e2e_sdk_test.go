package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// The tests named TestE2ESDK… let Segment's own SDKs, as they are published, send to segment_http, and look at what
// CleverTap's stand-in holds afterwards.

const (
	sdkTests  = "end-to-end tests with Segment's SDKs"
	sdkFiles  = "testdata/sdk"
	sdkBridge = "../cmd/clevertap-segment/" + sdkFiles + "/bridge.yaml" // as seen from the examples
	// sdkPackages is where `make sdk` installs the packages of the lockfile.
	sdkPackages = root + "/tmp/sdk"
	// oldestNode is the major version that the SDK for Node and the browser driver need.
	oldestNode = 20
	writeKey   = "TEST-WRITE-KEY"
)

// nodeProgram returns the path of Node, or skips the test where it, or what the scripts need, is not there.
func nodeProgram(t *testing.T) string {
	t.Helper()
	program := testenv.Program(t, sdkTests, "node")
	version, err := exec.Command(program, "--version").Output()
	require.NoError(t, err)
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(version)), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldestNode {
		testenv.Skip(t, sdkTests, "Node is older than version "+strconv.Itoa(oldestNode))
	}
	wanted, err := os.ReadFile(sdkFiles + "/package-lock.json")
	require.NoError(t, err)
	installed, err := os.ReadFile(sdkPackages + "/installed")
	if err != nil || !bytes.Equal(wanted, installed) {
		testenv.Skip(t, sdkTests, "their npm packages are not installed, or of another lockfile: run make sdk")
	}
	return program
}

// node returns a command that runs one of our scripts. It ends with the test at the latest.
func node(t *testing.T, script string, env ...string) *exec.Cmd {
	t.Helper()
	program := nodeProgram(t)
	packages, err := filepath.Abs(sdkPackages + "/node_modules")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, sdkFiles+"/"+script)
	cmd.Env = append(append(os.Environ(), "NODE_PATH="+packages, "WRITE_KEY="+writeKey), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends its browser first
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// runNode runs a script to its end and decodes what it prints.
func runNode(t *testing.T, script string, result any, env ...string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := node(t, script, env...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	require.NoError(t, json.Unmarshal(out, result), string(out))
}

// browser is a visit in Chromium that is under way.
type browser struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdin          io.Closer
	stdout, stderr logBuffer
	exited         chan struct{}
	failure        error
}

// browserTask is what the script that drives the browser is told.
type browserTask struct {
	Chromium string         `json:"chromium"`
	Profile  string         `json:"profile"`
	Page     string         `json:"page"`
	Settings map[string]any `json:"settings"`
	Watch    *watchTask     `json:"watch,omitempty"`
}

// browserReport is what it saw. IDs are the anonymous ids of the two visitors.
type browserReport struct {
	IDs  struct{ First, Second string }
	Log  []string
	Seen sandboxPage
}

// chromium returns the path of a browser, or skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	nodeProgram(t)
	return testenv.Program(t, sdkTests, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
}

// startBrowser lets the visit of the task happen in a browser that knows nothing yet.
func startBrowser(t *testing.T, task browserTask) *browser {
	t.Helper()
	task.Chromium, task.Profile = chromium(t), t.TempDir()
	text, err := json.Marshal(task)
	require.NoError(t, err)
	b := &browser{t: t, cmd: node(t, "browser.js", "TASK="+string(text)), exited: make(chan struct{})}
	b.cmd.Stdout, b.cmd.Stderr = &b.stdout, &b.stderr
	b.stdin, err = b.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, b.cmd.Start())
	go func() {
		b.failure = b.cmd.Wait()
		close(b.exited)
	}()
	t.Cleanup(b.end)
	return b
}

// leave closes the browser when the visit is over, and returns what was seen.
func (b *browser) leave() browserReport {
	b.t.Helper()
	require.NoError(b.t, b.stdin.Close())
	<-b.exited
	require.NoError(b.t, b.failure, b.stderr.String())
	var report browserReport
	require.NoError(b.t, json.Unmarshal([]byte(b.stdout.String()), &report), b.stdout.String())
	return report
}

// end closes the browser in any case, and says what it knows of a failure.
func (b *browser) end() {
	_ = b.cmd.Process.Signal(os.Interrupt)
	<-b.exited
	if b.t.Failed() {
		b.t.Log(b.stdout.String(), b.stderr.String())
	}
}

// startBridge starts segment_http before the two mappings and CleverTap at this address, and returns it with a tap
// before it that SDKs are to send to.
func startBridge(t *testing.T, clevertapURL string, settings ...string) (*process, *tap) {
	t.Helper()
	address, admin := testenv.FreeAddress(t), testenv.FreeAddress(t)
	p := start(t, sdkBridge, append(settings,
		"SEGMENT_ADDRESS="+address, "CLEVERTAP_URL="+clevertapURL, "http.address="+admin)...)
	eventually(t, "segment_http listens", func() bool { return answers("http://" + admin + "/ready") })
	return p, newTap(t, address)
}
