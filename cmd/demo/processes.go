package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Names of the files that a run leaves in its directory.
const (
	deadLetterFile = "dead_letter.jsonl"
	metricsFile    = "metrics.txt"

	checkpointsDir    = "checkpoints"
	exportDeadLetter  = "export_dead_letter.jsonl"
	exportMetricsFile = "export_metrics_%d.txt"
)

// sandbox is a running `clevertap-segment sandbox`.
type sandbox struct {
	url     string
	cmd     *exec.Cmd
	exited  chan struct{}
	failure error
}

// startSandbox returns when the sandbox answers.
func startSandbox(ctx context.Context, o options, log string) (*sandbox, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	output, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer output.Close() // the process has its own handle
	s := &sandbox{url: "http://" + address, exited: make(chan struct{})}
	s.cmd = exec.Command(o.binary, "sandbox", "--address", address, "--seed", o.seed)
	s.cmd.Stdout, s.cmd.Stderr = output, output
	// In a group of its own, so that Ctrl-C reaches it through stop and not twice.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	go func() {
		s.failure = s.cmd.Wait()
		close(s.exited)
	}()
	if err := s.ready(ctx); err != nil {
		s.stop()
		text, _ := os.ReadFile(log)
		return nil, fmt.Errorf("starting the sandbox: %w\n%s", err, text)
	}
	return s, nil
}

func (s *sandbox) ready(ctx context.Context) error {
	deadline := time.After(15 * time.Second)
	for {
		if response, err := http.Get(s.url + statePath); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("interrupted")
		case <-s.exited:
			return fmt.Errorf("it has ended: %w", s.failure)
		case <-deadline:
			return errors.New("it does not answer")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// wait returns when the user interrupts, or the sandbox ends by itself.
func (s *sandbox) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-s.exited:
		return fmt.Errorf("the sandbox has ended: %w", s.failure)
	}
}

// stop ends the sandbox, by force if it does not obey.
func (s *sandbox) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// runPipeline runs an example to its end, against the sandbox.
func runPipeline(ctx context.Context, binary, config, metrics, url string, env ...string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, "run", "-s", "http.enabled=false",
		"-s", "metrics.prometheus.file_output_path="+metrics, config)
	// The demo talks to the sandbox whatever accounts the environment names.
	cmd.Env = append(os.Environ(), "CLEVERTAP_URL="+url, "CLEVERTAP_ACCOUNT_ID=", "CLEVERTAP_PASSCODE=",
		"SEGMENT_ENDPOINT="+url, "SEGMENT_WRITE_KEY=")
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("stopped: %w", ctx.Err())
		}
		return fmt.Errorf("running %s: %w\n%s", config, err, log.String())
	}
	return nil
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
