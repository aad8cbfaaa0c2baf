// Package heap prepares the garbage collector for a stream of short-lived messages.
package heap

import "os"

// reserve is what a program may allocate at least between two collections. A pipeline keeps little alive and allocates
// a lot: by its own rule, to collect when the heap has doubled, the collector would run again and again in every second of a
// busy pipeline. In return the process holds as much more memory.
const reserve = 24 << 20

// ballast counts as alive, so the heap may grow by as much more before it has doubled. It is never touched, and the
// system gives no memory for what is not.
var ballast []byte

// Spread makes collections rarer while little is alive, in the whole process. It leaves the collector alone where its
// environment (GOGC, GOMEMLIMIT) says how to run: ballast would count against a limit.
func Spread() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		ballast = make([]byte, reserve)
	}
}
