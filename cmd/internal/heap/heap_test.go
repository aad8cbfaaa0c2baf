package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// collections counts the collections that so many bytes of garbage take.
func collections(garbage int) uint32 {
	var before, after runtime.MemStats
	runtime.GC()
	time.Sleep(50 * time.Millisecond) // cleanups run a moment later
	runtime.ReadMemStats(&before)
	for range garbage >> 10 {
		sink = make([]byte, 1<<10)
	}
	runtime.ReadMemStats(&after)
	return after.NumGC - before.NumGC
}

var sink, held []byte

func TestSpread_CollectionsAreRareWhileLittleIsAlive(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	Spread()
	assert.LessOrEqual(t, collections(8*reserve), uint32(12), "by itself Go collects each time that 4 MB have come: 64 times")
}

func TestSpread_FollowsWhatIsAlive(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	Spread()
	held = make([]byte, 4*reserve)
	t.Cleanup(func() { held = nil })
	runtime.GC()
	assert.Eventually(t, func() bool { return current() <= growth+100/4 }, 10*time.Second, 10*time.Millisecond)
	held = nil
	runtime.GC()
	assert.Eventually(t, func() bool { return current() > 2*growth+100/4 }, 10*time.Second, 10*time.Millisecond)
}

// current is the percentage that is set.
func current() int {
	percent := debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return percent
}

func TestPercent(t *testing.T) {
	for alive, want := range map[uint64]int{0: most, 1 << 20: most, 16 << 20: growth + 200, reserve: growth + 100, 10 * reserve: growth + 10, 1 << 40: growth} {
		assert.Equal(t, want, percent(alive), alive)
	}
}

func TestSpread_TheEnvironmentOfTheCollectorCounts(t *testing.T) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOGC", "")
			t.Setenv("GOMEMLIMIT", "")
			t.Setenv(name, "100")
			before := debug.SetGCPercent(77)
			defer debug.SetGCPercent(before)
			Spread()
			assert.Equal(t, 77, current())
		})
	}
}
