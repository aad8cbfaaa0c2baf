// Package runstatus records how a run of this process went, for its exit code. The engine exits with 0 whenever its inputs
// have ended, and an input has no other way to report that it left something unread. The package knows no component.
package runstatus

import "sync/atomic"

var incomplete atomic.Bool

// MarkIncomplete notes that a source ended before all of it was read, or that the process stopped before what was read was
// delivered or stored.
func MarkIncomplete() { incomplete.Store(true) }

// ExitCode is what a process exits with that has ended without an error: 1 if something is incomplete.
func ExitCode() int {
	if incomplete.Load() {
		return 1
	}
	return 0
}

// Reset forgets all, for tests.
func Reset() { incomplete.Store(false) }
