package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const (
	startLimit = 20 * time.Second
	stopLimit  = 10 * time.Second
)

// server is a running binary.
type server struct {
	address string
	cmd     *exec.Cmd
	exited  chan struct{}
	log     bytes.Buffer // read it after exited is closed
	config  string
}

// startServer returns when something listens on the address.
func startServer(ctx context.Context, o options, address, config string) (*server, error) {
	file, err := os.CreateTemp("", "bench-http-*.yaml")
	if err != nil {
		return nil, err
	}
	s := &server{address: address, exited: make(chan struct{}), config: file.Name()}
	_, err = file.WriteString(config)
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(s.config)
		return nil, err
	}
	s.cmd = exec.Command(o.binary, "run", s.config)
	s.cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(o.procs))
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	// In a group of its own, so that Ctrl-C reaches it through stop and not twice.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		os.Remove(s.config)
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.exited)
	}()
	if err := s.ready(ctx); err != nil {
		s.stop()
		return nil, fmt.Errorf("starting the server: %w\n%s", err, s.log.String())
	}
	return s, nil
}

func (s *server) ready(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, startLimit)
	defer done()
	var dialer net.Dialer
	for {
		if conn, err := dialer.DialContext(ctx, "tcp", s.address); err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.exited:
			return errors.New("it has ended")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop ends the server, by force if it does not obey, and returns the CPU time of its life.
func (s *server) stop() time.Duration {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopLimit):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
	os.Remove(s.config)
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
}

// peak is the most memory the server has had so far, in bytes; 0 where the system does not tell. What it tells on
// exit would be this process's own peak, if that was higher: Linux hands it down to children.
func (s *server) peak() int64 {
	status, err := os.ReadFile(s.proc("status"))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return kilobytes << 10
}

// forgetPeak lets peak begin anew.
func (s *server) forgetPeak() { _ = os.WriteFile(s.proc("clear_refs"), []byte("5"), 0) }

func (s *server) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", s.cmd.Process.Pid, name)
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
