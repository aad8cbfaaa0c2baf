package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestASpreadIsTheMiddleAndTheEnds(t *testing.T) {
	assert.Equal(t, spread{median: 2, least: 1, most: 9}, spreadOf([]float64{9, 1, 2}))
	assert.Equal(t, spread{median: 2.5, least: 1, most: 4}, spreadOf([]float64{4, 1, 2, 3}))
	assert.Equal(t, spread{}, spreadOf(nil))
}

func TestASpreadIsShownOnlyWhereThereIsOne(t *testing.T) {
	assert.Equal(t, "1.00", show(spread{median: 1, least: 1.001, most: 0.999}, "%.2f"))
	assert.Equal(t, "2 (1–9)", show(spread{median: 2, least: 1, most: 9}, "%.0f"))
}

// A machine that is twice as slow for one round makes no difference between two rows.
func TestRowsAreComparedRoundByRound(t *testing.T) {
	run := func(seconds int) sample {
		return sample{usage: usage{wall: time.Duration(seconds) * time.Second, cpu: time.Duration(seconds) * time.Second}}
	}
	base := result{corpus: corpus{tally: tally{Lines: 100}}, samples: []sample{run(4), run(8), run(4)}}
	own := result{corpus: corpus{tally: tally{Lines: 50}}, samples: []sample{run(1), run(2), run(1)}}
	assert.Equal(t, spread{median: 2, least: 2, most: 2}, own.fasterThan(base))
	assert.Equal(t, spread{median: 2, least: 2, most: 2}, own.cheaperThan(base))
	assert.Equal(t, spread{median: 50, least: 25, most: 50}, own.perSecond())
	assert.Equal(t, spread{median: 20_000, least: 20_000, most: 40_000}, own.cpuPerMillion())
}

func TestATargetIsReachedByWhatIsShown(t *testing.T) {
	least := target{wanted: 0.75, format: "%.2f"}
	assert.True(t, least.reached(spread{median: 0.7451}))
	assert.False(t, least.reached(spread{median: 0.744}))
	most := target{wanted: 4, format: "%.2f", atMost: true}
	assert.True(t, most.reached(spread{median: 4}))
	assert.False(t, most.reached(spread{median: 4.01}))
	assert.Equal(t, "≤ 4.00", most.bound())
}

func TestEveryTargetIsAboutARow(t *testing.T) {
	names := map[string]bool{"": true}
	for _, r := range rows(options{memoryCalls: 1}) {
		names[r.name] = true
	}
	for _, goal := range targets {
		assert.True(t, names[goal.row] && names[goal.base], goal.what)
	}
}
