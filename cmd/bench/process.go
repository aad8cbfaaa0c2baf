package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// runLimit is how long one process may take. The slowest needs a minute or two.
const runLimit = 15 * time.Minute

// child is this program in another role, on so many cores. Its end is ours to bring about: it stands in a process group
// of its own, so that Ctrl-C reaches it once, through the context.
func child(ctx context.Context, cores int, profile string, args ...string) (*exec.Cmd, *bytes.Buffer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	log := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", cores), profileEnv+"="+profile)
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second // then it is killed
	return cmd, log, nil
}

// usage is what a process cost.
type usage struct {
	wall, cpu time.Duration
}

func usageOf(state *os.ProcessState, wall time.Duration) usage {
	return usage{wall: wall, cpu: state.UserTime() + state.SystemTime()}
}

// runChild runs a process to its end.
func runChild(ctx context.Context, cores int, profile string, args ...string) (usage, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	cmd, log, err := child(ctx, cores, profile, args...)
	if err != nil {
		return usage{}, err
	}
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%s: %w: %s", args[0], errors.Join(ctx.Err(), err), strings.TrimSpace(log.String()))
	}
	return usageOf(cmd.ProcessState, time.Since(started)), nil
}

// runningServer is a server in a process of its own.
type runningServer struct {
	url   string
	cmd   *exec.Cmd
	log   *bytes.Buffer
	stdin io.Closer
	lines *bufio.Reader
}

func startServer(ctx context.Context, cores int, args ...string) (*runningServer, error) {
	cmd, log, err := child(ctx, cores, "", append([]string{roleServer}, args...)...)
	if err != nil {
		return nil, err
	}
	s := &runningServer{cmd: cmd, log: log}
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s.lines = bufio.NewReader(stdout)
	url, err := s.lines.ReadString('\n')
	if err != nil {
		_, _, ended := s.stop()
		return nil, fmt.Errorf("the server did not start: %w", errors.Join(err, ended))
	}
	s.url = strings.TrimSpace(url)
	return s, nil
}

// stop ends the server and returns what it got and what it cost.
func (s *runningServer) stop() (got received, used usage, err error) {
	err = s.stdin.Close()
	if decoded := json.NewDecoder(s.lines).Decode(&got); decoded != nil {
		err = errors.Join(err, decoded)
	}
	if ended := s.cmd.Wait(); ended != nil {
		return got, used, fmt.Errorf("server: %w: %s", errors.Join(err, ended), strings.TrimSpace(s.log.String()))
	}
	return got, usageOf(s.cmd.ProcessState, 0), err
}
