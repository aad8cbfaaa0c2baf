// Package heap prepares the garbage collector for a stream of short-lived messages.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// reserve is what a program may allocate at least between two collections. A pipeline keeps little alive and allocates a
	// lot: by its own rule, to collect when the heap has doubled, the collector would run again and again in every second of
	// a busy pipeline. In return the process holds as much more memory.
	reserve = 32 << 20
	// growth is by how many percent of what is alive the heap may grow besides. Go's own 100 would let a process that holds a
	// hundred megabytes, as under attack, take another hundred for garbage.
	growth = 25
	// most bounds the percentage while next to nothing is alive.
	most = 1600
)

// Spread makes collections rarer while little is alive, and keeps garbage in bounds while much is, in the whole process. It
// leaves the collector alone where its environment (GOGC, GOMEMLIMIT) says how to run.
func Spread() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		adjust()
	}
}

// adjust sets the collector's percentage by what is alive, now and after each collection, which ends the life of the mark.
func adjust() {
	debug.SetGCPercent(percent(alive()))
	mark := new([16]byte) // smaller objects share memory, and live as long as their neighbours
	runtime.AddCleanup(mark, func(struct{}) { adjust() }, struct{}{})
}

func percent(alive uint64) int { return int(min(growth+100*reserve/max(alive, 1), most)) }

// alive is how many bytes the last collection has found in use.
func alive() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
