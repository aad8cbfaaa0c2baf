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
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = of(s)
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

// fasterThan is how many times as many lines a second this row does as the base, round by round: what slowed down both
// of a round falls out.
func (r result) fasterThan(base result) spread {
	return r.against(base, func(s sample) time.Duration { return s.wall })
}

// cheaperThan is how many times as much CPU the base needs for a line, round by round.
func (r result) cheaperThan(base result) spread {
	return r.against(base, func(s sample) time.Duration { return s.cpu })
}

func (r result) against(base result, of func(sample) time.Duration) spread {
	var values []float64
	for i := range min(len(r.samples), len(base.samples)) {
		own := of(r.samples[i]).Seconds() / float64(r.Lines)
		values = append(values, of(base.samples[i]).Seconds()/float64(base.Lines)/own)
	}
	return spreadOf(values)
}
