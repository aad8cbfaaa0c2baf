package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	ucli "github.com/urfave/cli/v2"
)

// startSandbox runs the command and returns its URL, what it has printed, and its result once it has been stopped.
func startSandbox(t *testing.T, args ...string) (url, printed string, stop func() error) {
	t.Helper()
	read, write := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	app := &ucli.App{Commands: []*ucli.Command{sandboxCommand()}, Writer: write}
	ended := make(chan error, 1)
	go func() {
		err := app.RunContext(ctx, append([]string{product, "sandbox", "--address", "127.0.0.1:0"}, args...))
		_ = write.CloseWithError(err)
		ended <- err
	}()
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		printed += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Ctrl+C") {
			break
		}
	}
	require.NoError(t, lines.Err())
	_, url, _ = strings.Cut(printed, "arrives at ")
	url, _, _ = strings.Cut(url, "/\n")
	return url, printed, func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(20 * time.Second):
			t.Fatal("the sandbox does not stop")
			return nil
		}
	}
}

func TestSandboxServesAndStops(t *testing.T) {
	url, printed, stop := startSandbox(t, "--account-id", "A-1", "--partial-failures", "1")
	require.Contains(t, printed, "url: \""+url+"\"\n    account_id: \"A-1\"\n    passcode: \"TEST-PASSCODE\"")

	r, err := http.NewRequest(http.MethodPost, url+"/1/upload",
		strings.NewReader(`{"d":[{"type":"event","identity":"u","evtName":"e","evtData":{}}]}`))
	require.NoError(t, err)
	r.Header.Set("X-CleverTap-Account-Id", "A-1")
	r.Header.Set("X-CleverTap-Passcode", "TEST-PASSCODE")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Contains(t, string(body), `"code" : 555`, "faults of the flags are in force")

	page, err := http.Get(url + "/sandbox/live")
	require.NoError(t, err)
	defer page.Body.Close()
	require.NoError(t, stop(), "a page that is open does not keep the process")
}

func TestSandboxStopsInSpiteOfCallsThatAreNeverAnswered(t *testing.T) {
	url, _, stop := startSandbox(t, "--latency", "1h")
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		r, _ := http.NewRequest(http.MethodPost, url+"/1/upload", strings.NewReader(`{"d":[{}]}`))
		r.Header.Set("X-CleverTap-Account-Id", "TEST-ACCOUNT")
		r.Header.Set("X-CleverTap-Passcode", "TEST-PASSCODE")
		if resp, err := http.DefaultClient.Do(r); err == nil {
			_ = resp.Body.Close()
		}
	}()
	require.NoError(t, stop())
	<-sent
}

func TestSandboxRefusesWhatItCannotDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, test := range []struct {
		name, want string
		args       []string
	}{
		{"a taken port", "sandbox: another program listens on " + taken.Addr().String() +
			" already; stop it or choose another --address", []string{"--address", taken.Addr().String()}},
		{"an invalid address", "sandbox: listening on nowhere: ", []string{"--address", "nowhere"}},
		{"a share above one", "sandbox: error_rate: must be from 0 to 1", []string{"--error-rate", "5"}},
		{"an invalid zone", `sandbox: --timezone must be an IANA name such as Asia/Kolkata, not "Mars"`, []string{"--timezone", "Mars"}},
		{"the machine's own zone", "sandbox: --timezone must be", []string{"--timezone", "Local"}},
		{"a seed that is not there", "sandbox: reading --seed: open /none: ", []string{"--seed", "/none"}},
		{"a limit below zero", "sandbox: rate_limit: must not be negative", []string{"--rate-limit", "-1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			app := &ucli.App{Commands: []*ucli.Command{sandboxCommand()}, Writer: io.Discard}
			err := app.RunContext(t.Context(), append([]string{product, "sandbox"}, test.args...))
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestSandboxExportsItsSeed(t *testing.T) {
	seed := filepath.Join(t.TempDir(), "seed.jsonl")
	require.NoError(t, os.WriteFile(seed, []byte(`{"type":"event","identity":"u","evtName":"App Launched","evtData":{}}`), 0o600))
	url, printed, stop := startSandbox(t, "--seed", seed, "--timezone", "Asia/Kolkata", "--write-key", "K-1")
	require.Contains(t, printed, "segment:\n    endpoint: \""+url+"\"\n    write_key: \"K-1\"\n")

	r, err := http.NewRequest(http.MethodGet, url+"/getSchema?type=events", nil)
	require.NoError(t, err)
	r.Header.Set("X-CleverTap-Account-Id", "TEST-ACCOUNT")
	r.Header.Set("X-CleverTap-Passcode", "TEST-PASSCODE")
	require.Contains(t, answerTo(t, r), "App Launched")

	r, err = http.NewRequest(http.MethodPost, url+"/v1/track", strings.NewReader(`{"userId":"u","event":"e"}`))
	require.NoError(t, err)
	r.SetBasicAuth("K-1", "")
	require.Contains(t, answerTo(t, r), `"success":true`)
	r, err = http.NewRequest(http.MethodGet, url+"/sandbox/settings", nil)
	require.NoError(t, err)
	require.Contains(t, answerTo(t, r), `"timezone":"Asia/Kolkata"`)
	require.NoError(t, stop())
}

func answerTo(t *testing.T, r *http.Request) string {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

func TestSandboxSeedsThatAreWrong(t *testing.T) {
	for name, test := range map[string]struct{ lines, want string }{
		"not JSON":        {"\n\n{secret", ": line 3: not JSON"},
		"not a record":    {`{"type":"secret"}`, ": line 1: Record is neither an event nor a profile."},
		"a line too long": {"\n" + strings.Repeat("secret", 300_000), ": line 2 is longer than 1 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			seed := filepath.Join(t.TempDir(), "seed.jsonl")
			require.NoError(t, os.WriteFile(seed, []byte(test.lines), 0o600))
			app := &ucli.App{Commands: []*ucli.Command{sandboxCommand()}, Writer: io.Discard}
			err := app.RunContext(t.Context(), []string{product, "sandbox", "--seed", seed})
			require.EqualError(t, err, "sandbox: --seed "+seed+test.want)
		})
	}
}
