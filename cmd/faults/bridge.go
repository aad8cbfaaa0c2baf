package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// bridge is one process of the binary under test, which can be ended and started again. What it writes stays in its
// directory over restarts: its config and its dead letter.
type bridge struct {
	binary   string
	process  int
	dir      string
	settings []string // environment, and settings of the config, as `-s` takes them
	address  string   // of its metrics, if it has any

	cmd    *exec.Cmd
	exited chan struct{}
	log    tail
	read   int64 // bytes of the dead letter that are in the books
}

// tail keeps the end of what a process prints.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > 2*tailBytes {
		t.text = append([]byte(nil), t.text[len(t.text)-tailBytes:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// newBridge copies the config, so that a test can change it while the process watches it.
func newBridge(binary, config string, process int, settings ...string) (*bridge, error) {
	dir, err := os.MkdirTemp("", "faults-")
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(config)
	if err != nil {
		return nil, err
	}
	b := &bridge{binary: binary, process: process, dir: dir, settings: settings}
	return b, os.WriteFile(b.config(), text, 0o600)
}

func (b *bridge) config() string     { return filepath.Join(b.dir, "config.yaml") }
func (b *bridge) deadLetter() string { return filepath.Join(b.dir, "dead_letter.jsonl") }

// start starts the process. With watch, it takes changes of its config file.
func (b *bridge) start(watch bool) error {
	args := []string{"run", "--chilled"}
	if watch {
		args = append(args, "--watcher")
	}
	env := append(os.Environ(), "DEAD_LETTER="+b.deadLetter())
	for _, s := range b.settings {
		if s[0] >= 'A' && s[0] <= 'Z' {
			env = append(env, s)
		} else {
			args = append(args, "-s", s)
		}
	}
	b.cmd = exec.Command(b.binary, append(args, b.config())...)
	b.cmd.Dir, b.cmd.Env = b.dir, env
	b.cmd.Stdout, b.cmd.Stderr = &b.log, &b.log
	if err := b.cmd.Start(); err != nil {
		return err
	}
	b.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(b.cmd, b.exited)
	return nil
}

func (b *bridge) running() bool {
	if b.exited == nil {
		return false
	}
	select {
	case <-b.exited:
		return false
	default:
		return true
	}
}

// stop ends the process as an operator does. What it cannot finish in time, it leaves.
func (b *bridge) stop() error {
	if !b.running() {
		return nil
	}
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-b.exited:
		return nil
	case <-time.After(time.Minute):
		b.kill()
		return errors.New("the process does not stop")
	}
}

// kill ends it with kill -9.
func (b *bridge) kill() {
	if b.running() {
		_ = b.cmd.Process.Kill()
		<-b.exited
	}
}

// reload changes the config file of a process that watches it.
func (b *bridge) reload() error {
	file, err := os.OpenFile(b.config(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "\n# Changed at %s.\n", time.Now().Format(time.RFC3339Nano))
	return errors.Join(err, file.Close())
}

// newDeadLetters returns the messages that have come to the dead letter since the last call.
func (b *bridge) newDeadLetters() ([]int, error) {
	text, err := os.ReadFile(b.deadLetter())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text = text[b.read:]
	end := bytes.LastIndexByte(text, '\n') + 1 // the last line may be half written
	b.read += int64(end)
	if !b.running() { // what was killed has left it so, and the next process goes on behind it
		b.read += int64(len(text) - end)
	}
	text = text[:end]
	var numbers []int
	for line := range bytes.Lines(text) {
		found := markers(line)
		if len(found) != 1 {
			return nil, fmt.Errorf("%d messages in one line of a dead letter", len(found))
		}
		numbers = append(numbers, found...)
	}
	return numbers, nil
}

// secrets returns what the process has written that it must not: the passcode.
func (b *bridge) secrets() error {
	text, err := os.ReadFile(b.deadLetter())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if strings.Contains(b.log.String()+string(text), passcode) {
		return errors.New("the passcode is in the log or in the dead letter")
	}
	return nil
}

// discard ends the process and removes its directory.
func (b *bridge) discard() {
	b.kill()
	_ = os.RemoveAll(b.dir)
}
