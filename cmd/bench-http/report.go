package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

func quantile(of []time.Duration, q float64) time.Duration {
	slices.Sort(of)
	return of[min(int(q*float64(len(of))), len(of)-1)]
}

// spread is the middle of some measurements, and their bounds.
type spread struct{ median, low, high float64 }

func newSpread(values []float64) spread {
	slices.Sort(values)
	n := len(values)
	return spread{(values[n/2] + values[(n-1)/2]) / 2, values[0], values[n-1]}
}

func (s series) over(value func(sample) float64) spread {
	values := make([]float64, len(s.samples))
	for i, taken := range s.samples {
		values[i] = value(taken)
	}
	return newSpread(values)
}

func requestsPerSecond(s sample) float64 { return s.perSecond }

// requestsPerCPU is how many requests a second of CPU time is enough for. Other processes on the machine disturb it less.
func requestsPerCPU(s sample) float64 { return 1 / s.cpu.Seconds() }

// ratio compares two contenders round by round: both have had the same neighbours then.
func (s series) ratio(other series, value func(sample) float64) spread {
	values := make([]float64, len(s.samples))
	for i := range s.samples {
		values[i] = value(s.samples[i]) / value(other.samples[i])
	}
	return newSpread(values)
}

var columns = []string{
	"server", "requests/s", "spread", "calls/s", "p50 ms", "p99 ms", "CPU µs/request", "peak MB", "not 200", "generator", "ratio", "ratio spread", "ratio by CPU",
}

// report prints a table for each workload: medians of the rounds, with the ratio to the first line.
func report(out io.Writer, o options, groups []group) error {
	fmt.Fprintf(out, "%s/%s, %d processors, %s; each server has %d. %d rounds of %s. Medians.\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), o.procs, o.rounds, o.duration)
	for _, g := range groups {
		rows := [][]string{columns}
		for _, s := range g.series {
			rows = append(rows, g.row(s))
		}
		fmt.Fprintf(out, "\n%s\n\n", g)
		if err := printTable(out, rows, o.markdown); err != nil {
			return err
		}
	}
	return nil
}

func (g group) row(s series) []string {
	rate, ratio := s.over(requestsPerSecond), s.ratio(g.series[0], requestsPerSecond)
	number := func(value func(sample) float64, digits int) string {
		return strconv.FormatFloat(s.over(value).median, 'f', digits, 64)
	}
	failures := 0
	for _, taken := range s.samples {
		failures += taken.failures
	}
	return []string{
		s.name,
		fmt.Sprintf("%.0f", rate.median),
		fmt.Sprintf("±%.0f %%", 50*(rate.high-rate.low)/rate.median),
		fmt.Sprintf("%.0f", rate.median*float64(g.calls)),
		number(func(s sample) float64 { return milliseconds(s.p50) }, 2),
		number(func(s sample) float64 { return milliseconds(s.p99) }, 2),
		number(func(s sample) float64 { return 1000 * milliseconds(s.cpu) }, 1),
		number(func(s sample) float64 { return megabytes(s.peak) }, 0),
		strconv.Itoa(failures),
		number(func(s sample) float64 { return s.generator }, 2),
		fmt.Sprintf("%.2f", ratio.median),
		fmt.Sprintf("%.2f to %.2f", ratio.low, ratio.high),
		fmt.Sprintf("%.2f", s.ratio(g.series[0], requestsPerCPU).median),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func megabytes(bytes int64) float64        { return float64(bytes) / 1e6 }

// printTable prints rows, the first of which are headings.
func printTable(out io.Writer, rows [][]string, markdown bool) error {
	if markdown {
		for i, row := range rows {
			fmt.Fprintf(out, "| %s |\n", strings.Join(row, " | "))
			if i == 0 {
				fmt.Fprintf(out, "|%s\n", " --- |"+strings.Repeat(" ---: |", len(row)-1))
			}
		}
		return nil
	}
	aligned := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(aligned, strings.Join(row, "\t"))
	}
	return aligned.Flush()
}
