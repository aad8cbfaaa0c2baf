// Package testenv is how tests ask for programs that not every machine has: Redis, Node, a browser. It is the only place
// in the repository that skips a test. A skip is reported as "SKIPPED <what>: <reason>", and fails the test when
// E2E_REQUIRED=1, as in continuous integration: there a missing program must not look like success.
package testenv

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

const (
	// Required makes a skip a failure when it is 1.
	Required = "E2E_REQUIRED"
	// SkipLog names a file that collects the SKIPPED lines, because go test hides what passing packages print.
	SkipLog = "SKIP_LOG"
)

// Program returns the path of the first of the named programs that is installed, or skips the test.
func Program(t testing.TB, what string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Skip(t, what, strings.Join(names, " or ")+" not found")
	return ""
}

// Skip ends the test as skipped, or as failed if nothing may be skipped.
func Skip(t testing.TB, what, reason string) {
	t.Helper()
	line := fmt.Sprintf("SKIPPED %s: %s", what, reason)
	if os.Getenv(Required) == "1" {
		t.Fatalf("%s (%s=1 allows no skip)", line, Required)
	}
	if err := record(line); err != nil {
		t.Errorf("writing %s: %v", SkipLog, err)
	}
	t.Skip(line)
}

func record(line string) error {
	path := os.Getenv(SkipLog)
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := fmt.Fprintln(file, line); err != nil {
		return err
	}
	return file.Close()
}

// Ports below those that the system gives to clients, on Linux and elsewhere: a connection that goes out must not take the
// port before the program listens.
const (
	firstPort = 10_000
	lastPort  = 32_000
)

// givenPorts are those that tests of this process have got already.
var givenPorts sync.Map

// FreeAddress returns a loopback address nobody listens on at the moment, as host:port, for a program that cannot be
// given port 0. It returns no address twice.
func FreeAddress(t testing.TB) string {
	t.Helper()
	var err error
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(lastPort-firstPort))
		var listener net.Listener
		if listener, err = net.Listen("tcp", address); err != nil {
			continue
		}
		_ = listener.Close()
		if _, given := givenPorts.LoadOrStore(address, true); !given {
			return address
		}
	}
	t.Fatalf("finding a free port: %v", err)
	return ""
}
