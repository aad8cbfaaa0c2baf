package main

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

var soakTime = flag.Duration("faults.soak", 20*time.Second, "how long the soak test runs")

func TestNothingGrowsAtASteadyRate(t *testing.T) {
	testenv.Program(t, "soak", "redis-server", "valkey-server")
	if !canSample() {
		testenv.Skip(t, "soak", "no /proc to read memory and file descriptors from")
	}
	t.Parallel()
	s := soak{
		duration: *soakTime, rate: 500, people: 1009, trouble: 0.1, every: 250 * time.Millisecond,
		settings: []string{clevertapOutput + "max_in_flight=1", clevertapOutput + "timeout=2s"},
	}
	result, err := testLab.soak(s)
	require.NoError(t, err, result.logs)
	result.print(testWriter{t}, s)
	assert.NoError(t, result.report.Lossless())
	assert.NoError(t, result.report.Ordered())
	assert.NoError(t, result.growth())
}

func TestGrowthIsWhatTheLeastLoadedMomentsSay(t *testing.T) {
	steady := moment{memory: 60e6, goroutines: 300, files: 16}
	busy := moment{memory: 65e6, goroutines: 900, files: 17}
	leaking := moment{memory: 150e6, goroutines: 900, files: 60}
	for _, c := range []struct {
		rule    string
		moments []moment
		growing bool
	}{
		{"the same at the end is flat", []moment{steady, steady, steady}, false},
		{"more calls under way for a while is no growth", []moment{steady, steady, steady, busy, busy, busy, busy, busy, steady}, false},
		{"more in all of the last third is", []moment{steady, steady, steady, busy, busy, busy, leaking, leaking, leaking}, true},
	} {
		t.Run(c.rule, func(t *testing.T) {
			err := soaked{moments: c.moments}.growth()
			assert.Equal(t, c.growing, err != nil, "%v", err)
		})
	}
}

func TestPercentilesOfNothingAndOfOne(t *testing.T) {
	assert.Zero(t, percentile(nil, 99))
	assert.Equal(t, time.Second, percentile([]time.Duration{time.Second}, 99))
	assert.Equal(t, []int{5, 6}, third([]int{1, 2, 3, 4, 5, 6}, 2))
}
