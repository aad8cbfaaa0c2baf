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

// A machine that is twice as slow for one turn makes no difference between two rows.
func TestRowsAreComparedTurnByTurn(t *testing.T) {
	base := result{corpus: corpus{tally: tally{Lines: 100}}, rounds: [][]sample{{took(4), took(8)}, {took(4)}}}
	own := result{corpus: corpus{tally: tally{Lines: 50}}, rounds: [][]sample{{took(1), took(2)}, {took(1)}}}
	assert.Equal(t, spread{median: 2, least: 2, most: 2}, own.fasterThan(base))
	assert.Equal(t, spread{median: 2, least: 2, most: 2}, own.cheaperThan(base))
	assert.Equal(t, spread{median: 50, least: 25, most: 50}, own.perSecond())
	assert.Equal(t, spread{median: 20_000, least: 20_000, most: 40_000}, own.cpuPerMillion())
}

func TestARowThatRunsOncePerRoundIsComparedWithAllTurnsOfTheOther(t *testing.T) {
	base := result{corpus: corpus{tally: tally{Lines: 1}}, rounds: [][]sample{{took(8)}, {took(8)}}}
	own := result{corpus: corpus{tally: tally{Lines: 1}}, rounds: [][]sample{{took(1), took(2), took(4)}, nil}}
	assert.Equal(t, spread{median: 4, least: 2, most: 8}, own.fasterThan(base))
	assert.Equal(t, spread{median: 0.25, least: 0.125, most: 0.5}, base.fasterThan(own))
}

func took(seconds int) sample {
	d := time.Duration(seconds) * time.Second
	return sample{usage: usage{wall: d, cpu: d}}
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
