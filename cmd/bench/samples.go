package main

import (
	"slices"
	"time"
)

// spread is the middle of several measurements, and the least and the most of them.
type spread struct{ median, least, most float64 }

// spreadOf puts the values in order; the median of an even number is the mean of the two in the middle.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{median: (sorted[(n-1)/2] + sorted[n/2]) / 2, least: sorted[0], most: sorted[n-1]}
}

func (r result) each(of func(sample) float64) spread {
	var values []float64
	for _, round := range r.rounds {
		for _, s := range round {
			values = append(values, of(s))
		}
	}
	return spreadOf(values)
}

// perSecond is how many lines of the corpus were worked off in a second.
func (r result) perSecond() spread {
	return r.each(func(s sample) float64 { return float64(r.Lines) / s.wall.Seconds() })
}

// cpuPerMillion is CPU seconds for a million lines, without those of the server.
func (r result) cpuPerMillion() spread {
	return r.perMillion(func(s sample) time.Duration { return s.cpu })
}

func (r result) serverPerMillion() spread {
	return r.perMillion(func(s sample) time.Duration { return s.serverCPU })
}

func (r result) perMillion(of func(sample) time.Duration) spread {
	return r.each(func(s sample) float64 { return of(s).Seconds() * 1e6 / float64(r.Lines) })
}

// peakMB is the memory of the process in millions of bytes.
func (r result) peakMB() spread {
	return r.each(func(s sample) float64 { return float64(s.peak) / 1e6 })
}

func (r result) allocationsPerLine() spread {
	return r.each(func(s sample) float64 { return float64(s.allocations) / float64(r.Lines) })
}

// fasterThan is how many times as many lines a second this row does as the base, turn by turn: what slowed down both of a
// turn falls out.
func (r result) fasterThan(base result) spread {
	return r.against(base, func(s sample) time.Duration { return s.wall })
}

// cheaperThan is how many times as much CPU the base needs for a line, turn by turn.
func (r result) cheaperThan(base result) spread {
	return r.against(base, func(s sample) time.Duration { return s.cpu })
}

// against compares the turns of each round in their order. A row that has fewer of them is compared with its last.
func (r result) against(base result, of func(sample) time.Duration) spread {
	var values []float64
	for round, own := range r.rounds {
		others := base.rounds[round]
		if len(own) == 0 || len(others) == 0 {
			continue
		}
		for turn := range max(len(own), len(others)) {
			mine, other := of(own[min(turn, len(own)-1)]), of(others[min(turn, len(others)-1)])
			values = append(values, other.Seconds()/float64(base.Lines)/(mine.Seconds()/float64(r.Lines)))
		}
	}
	return spreadOf(values)
}
