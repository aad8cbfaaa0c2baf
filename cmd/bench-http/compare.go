package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// sample is one measurement.
type sample struct {
	perSecond float64 // requests
	p50, p99  time.Duration
	cpu       time.Duration // of the server, for one request
	peak      int64         // bytes
	failures  int
	generator float64 // processors that the load generator used
}

// series are the measurements of one contender under one workload, a sample a round.
type series struct {
	contender
	samples []sample
}

// group is one workload and who was measured under it.
type group struct {
	workload
	series []series
}

// runComparison measures everybody in turns: A B A B, so that a disturbance hits them alike.
func runComparison(ctx context.Context, o options, out, progress io.Writer) error {
	var groups []group
	for _, w := range o.workloads() {
		g := group{workload: w}
		for _, c := range o.contenders(w) {
			g.series = append(g.series, series{contender: c})
		}
		if len(g.series) > 0 {
			groups = append(groups, g)
		}
	}
	if len(groups) == 0 {
		return fmt.Errorf("-only %q names no server and load", o.only)
	}
	idle, err := idleCosts(ctx, o, groups)
	if err != nil {
		return err
	}
	for round := range o.rounds {
		for i := range groups {
			fmt.Fprintf(progress, "round %d of %d: %s\n", round+1, o.rounds, groups[i])
			if err := groups[i].measure(ctx, o, idle); err != nil {
				return err
			}
		}
	}
	return report(out, o, groups)
}

func (g *group) measure(ctx context.Context, o options, idle map[string]time.Duration) error {
	// Enough for the callers to differ, and few enough to stay in the caches of this process.
	templates, err := newTemplates(g.workload, 32)
	if err != nil {
		return err
	}
	for i := range g.series {
		s := &g.series[i]
		taken, err := measure(ctx, o, g.workload, s.contender, templates, idle[s.name])
		if err != nil {
			return fmt.Errorf("%s, %s: %w", s.name, g, err)
		}
		s.samples = append(s.samples, taken)
	}
	return nil
}

// idleCosts is the CPU time of each contender's start and stop.
func idleCosts(ctx context.Context, o options, groups []group) (map[string]time.Duration, error) {
	idle := map[string]time.Duration{}
	for _, g := range groups {
		for _, s := range g.series {
			if _, known := idle[s.name]; known {
				continue
			}
			running, err := start(ctx, o, s.contender, g.workload, "")
			if err != nil {
				return nil, err
			}
			idle[s.name] = running.stop()
		}
	}
	return idle, nil
}

func start(ctx context.Context, o options, c contender, w workload, debug string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return startServer(ctx, o, address, c.config(address, w.path(), debug))
}

func measure(ctx context.Context, o options, w workload, c contender, templates []template, idle time.Duration) (sample, error) {
	debug := ""
	if o.profiles != "" {
		var err error
		if debug, err = freeAddress(); err != nil {
			return sample{}, err
		}
	}
	running, err := start(ctx, o, c, w, debug)
	if err != nil {
		return sample{}, err
	}
	profiled := make(chan error, 1)
	go func() { profiled <- saveProfile(ctx, o, debug, w, c) }()
	seen := generate(ctx, running.address, templates, o, w.callers)
	err = <-profiled
	peak := running.peak()
	cpu := running.stop() - idle
	switch {
	case ctx.Err() != nil:
		return sample{}, fmt.Errorf("stopped: %w", ctx.Err())
	case err != nil:
		return sample{}, err
	case len(seen.latencies) == 0:
		return sample{}, fmt.Errorf("no request was answered 200 in time, %d otherwise\n%s", seen.failures, running.log.String())
	}
	return seen.sample(cpu, peak), nil
}

// sample is what a load shows of a server that has used so much CPU time and memory for it.
func (l load) sample(cpu time.Duration, peak int64) sample {
	return sample{
		perSecond: float64(len(l.latencies)) / l.took.Seconds(),
		p50:       quantile(l.latencies, 0.5), p99: quantile(l.latencies, 0.99),
		cpu: cpu / time.Duration(l.requests), peak: peak, failures: l.failures,
		generator: l.generator.Seconds() / l.took.Seconds(),
	}
}
