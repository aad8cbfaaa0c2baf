package main

import (
	"context"
	"fmt"
	"io"
	"sync"
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

// slice is how long a contender is under load until it is another's turn.
const slice = 250 * time.Millisecond

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

// measure takes a sample of each contender. All of them run meanwhile, and are under load in turns.
func (g *group) measure(ctx context.Context, o options, idle map[string]time.Duration) error {
	// Enough for the callers to differ, and few enough to stay in the caches of this process.
	templates, err := newTemplates(g.workload, 32)
	if err != nil {
		return err
	}
	trials := make([]*trial, len(g.series))
	for i, s := range g.series {
		if trials[i], err = newTrial(ctx, o, g.workload, s.contender, templates); err != nil {
			return fmt.Errorf("%s, %s: %w", s.name, g, err)
		}
		defer trials[i].end()
	}
	var profiling sync.WaitGroup
	for i, t := range trials {
		profiling.Go(func() {
			t.profiled = saveProfile(ctx, o, t.debug, g.under(i), time.Duration(len(trials))*(o.warmUp+o.duration))
		})
	}
	for _, t := range trials {
		t.warmedUp = generate(ctx, t.callers, o.warmUp)
	}
	for turn := 0; time.Duration(turn)*slice < o.duration; turn++ {
		for i := range trials {
			t := trials[(turn+i)%len(trials)] // nobody always comes after the same neighbour
			t.seen.add(generate(ctx, t.callers, min(slice, o.duration-time.Duration(turn)*slice)))
		}
	}
	profiling.Wait()
	for i, t := range trials {
		s := &g.series[i]
		taken, err := t.sample(ctx, idle[s.name])
		if err != nil {
			return fmt.Errorf("%s, %s: %w", s.name, g, err)
		}
		s.samples = append(s.samples, taken)
	}
	return nil
}

// under is what the measurement of a contender is called.
func (g *group) under(i int) string { return g.series[i].under(g.workload) }

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
	if c.binary != "" {
		o.binary = c.binary
	}
	return startServer(ctx, o, address, c.config(address, w.path(), debug))
}

// trial is a contender that runs, and who calls it.
type trial struct {
	*server
	debug    string // address of its profiles, if they are asked for
	callers  []*caller
	warmedUp load
	seen     load
	profiled error
}

func newTrial(ctx context.Context, o options, w workload, c contender, templates []template) (*trial, error) {
	t := &trial{}
	var err error
	if o.profiles != "" {
		if t.debug, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	if t.server, err = start(ctx, o, c, w, t.debug); err != nil {
		return nil, err
	}
	t.callers = newCallers(t.address, templates, w.callers)
	return t, nil
}

// end lets everybody hang up, and stops the server. It returns the CPU time of its life.
func (t *trial) end() time.Duration {
	for _, c := range t.callers {
		c.close()
	}
	return t.stop()
}

// sample ends the trial.
func (t *trial) sample(ctx context.Context, idle time.Duration) (sample, error) {
	peak := t.peak()
	cpu := t.end() - idle
	switch {
	case ctx.Err() != nil:
		return sample{}, fmt.Errorf("stopped: %w", ctx.Err())
	case t.profiled != nil:
		return sample{}, t.profiled
	case len(t.seen.latencies) == 0:
		return sample{}, fmt.Errorf("no request was answered 200 in time, %d otherwise\n%s", t.seen.failures, t.log.String())
	}
	l, requests := t.seen, len(t.warmedUp.latencies)+len(t.seen.latencies)
	return sample{
		perSecond: float64(len(l.latencies)) / l.took.Seconds(),
		p50:       quantile(l.latencies, 0.5), p99: quantile(l.latencies, 0.99),
		cpu: cpu / time.Duration(requests), peak: peak, failures: t.warmedUp.failures + l.failures,
		generator: l.generator.Seconds() / l.took.Seconds(),
	}, nil
}
