package main

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

var soakTime = flag.Duration("faults.soak", time.Minute, "how long the soak test runs")

func TestNothingGrowsAtASteadyRate(t *testing.T) {
	testenv.Program(t, "soak", "redis-server", "valkey-server")
	if !canSample() {
		testenv.Skip(t, "soak", "no /proc to read memory and file descriptors from")
	}
	s := soak{
		duration: *soakTime, rate: 500, people: 1009, trouble: 0.1, every: 250 * time.Millisecond,
		settings: []string{clevertapOutput + "max_in_flight=" + parallel, clevertapOutput + "timeout=2s"},
	}
	result, err := testLab.soak(s)
	require.NoError(t, err, result.logs)
	result.print(testWriter{t}, s)
	assert.NoError(t, result.report.Lossless())
	assert.NoError(t, result.report.Ordered())
	assert.NoError(t, result.growth())
}

func TestGrowth(t *testing.T) {
	little, much := moment{memory: 60e6, goroutines: 60, files: 16}, moment{memory: 150e6, goroutines: 900, files: 60}
	for _, c := range []struct {
		rule    string
		result  soaked
		growing string
	}{
		{"no growth if the end is like the start", soaked{moments: []moment{little, much, little}, rests: [2]moment{little, little}}, ""},
		{"memory in the last third", soaked{moments: []moment{little, little, much}, rests: [2]moment{little, little}}, "bytes of memory have grown from 60000000 to 150000000"},
		{"what is not given back", soaked{moments: []moment{little, little, little}, rests: [2]moment{little, much}},
			"goroutines at rest have grown from 60 to 900\nfile descriptors at rest have grown from 16 to 60"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if err := c.result.growth(); c.growing != "" {
				assert.EqualError(t, err, c.growing)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}

func TestPercentilesOfNothingAndOfOne(t *testing.T) {
	assert.Zero(t, percentile(nil, 99))
	assert.Equal(t, time.Second, percentile([]time.Duration{time.Second}, 99))
	assert.Equal(t, []int{5, 6}, third([]int{1, 2, 3, 4, 5, 6}, 2))
}
