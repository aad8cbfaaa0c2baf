package heap

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

// collections counts the collections that so many bytes of garbage take.
func collections(garbage int) uint32 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range garbage >> 10 {
		sink = make([]byte, 1<<10)
	}
	runtime.ReadMemStats(&after)
	return after.NumGC - before.NumGC
}

var sink []byte

func TestCollectionsAreRareWhileLittleIsAlive(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	t.Cleanup(func() { ballast = nil })
	before := collections(8 * reserve)
	Spread()
	assert.Less(t, collections(8*reserve), before/2)
	assert.LessOrEqual(t, collections(8*reserve), uint32(9))
}

func TestTheEnvironmentOfTheCollectorCounts(t *testing.T) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOGC", "")
			t.Setenv("GOMEMLIMIT", "")
			t.Setenv(name, "100")
			Spread()
			assert.Empty(t, ballast)
		})
	}
}
