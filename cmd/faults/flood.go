package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
)

// flood is a run of several processes on one source, of which one is killed every so often, while some requests fail.
type flood struct {
	source                               string
	calls, people, processes, partitions int
	killEvery, pause                     time.Duration
	trouble                              float64
	partial                              float64       // of the records are refused for now
	latency                              time.Duration // of each request, besides
	limit                                time.Duration
	settings                             []string
}

// flooded is how it went.
type flooded struct {
	report ledger.Report
	kills  int
	took   time.Duration
	// memory is the largest resident set of each process, in bytes, and median the median of all samples.
	memory []int64
	median int64
	// perRequest is how many records a request has held on average.
	perRequest float64
	logs       string
}

// flood plays it. All calls are there when the first process is killed.
func (l *lab) flood(f flood) (result flooded, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), f.limit)
	defer cancel()
	books := ledger.New(f.calls, f.people)
	s, err := l.open(ctx, f.source, fmt.Sprintf("flood-%d", time.Now().UnixNano()), f.partitions, f.people, books)
	if err != nil {
		return result, err
	}
	defer s.close()
	team, err := l.newFleet(ctx, s, books, f.processes, f.settings...)
	if err != nil {
		return result, err
	}
	defer team.discard()
	weather := mixed(f.trouble)
	weather.latency, weather.partial = f.latency, max(weather.partial, f.partial)
	team.target.setTrouble(weather)
	memory := newGauge(f.processes)
	if err := team.assemble(f.pause); err != nil {
		return result, fmt.Errorf("%w\n%s", err, team.logs())
	}
	start := time.Now()
	if err := s.publish(ctx, 0, f.calls); err != nil {
		return result, err
	}
	result.kills, err = team.disturb(f, memory)
	err = errors.Join(err, team.finish(f.limit))
	result.took, result.report, result.logs = team.target.latest.Sub(start), books.Report(), team.logs()
	stats := team.target.fake.Stats()
	result.perRequest = float64(stats.Records) / float64(max(1, stats.Uploads))
	result.memory, result.median = memory.highest, memory.median()
	return result, err
}

// disturb kills one process after the other, and starts it again, until all calls have ended.
func (t *fleet) disturb(f flood, memory *gauge) (kills int, err error) {
	dice := rand.New(rand.NewPCG(7, 7))
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	next, back := time.Now().Add(min(f.killEvery, 2*time.Second)), time.Time{}
	dead := -1
	for t.books.Ended() < f.calls {
		select {
		case <-tick.C:
		case <-t.ctx.Done():
			return kills, t.ctx.Err()
		}
		for p, b := range t.bridges {
			err = errors.Join(err, t.collect(p))
			memory.sample(p, b)
		}
		if err != nil {
			return kills, err
		}
		switch now := time.Now(); {
		case dead >= 0 && now.After(back):
			err, dead = t.start(dead), -1
		case dead < 0 && f.killEvery > 0 && now.After(next):
			dead, back, next = dice.IntN(f.processes), now.Add(f.pause), now.Add(f.killEvery)
			kills++
			err = t.kill(dead)
		}
		if err != nil {
			return kills, err
		}
	}
	if dead >= 0 {
		return kills, t.start(dead)
	}
	return kills, nil
}

// print writes the report for people.
func (r flooded) print(w io.Writer, f flood) {
	fmt.Fprintf(w, "%d calls from %s through %d processes, %d kills, trouble for %.0f %% of the requests\n\n%s\n",
		f.calls, f.source, f.processes, r.kills, 100*f.trouble, r.report)
	fmt.Fprintf(w, "%10.1f seconds, %.0f calls per second\n", r.took.Seconds(), float64(f.calls)/r.took.Seconds())
	for p, bytes := range r.memory {
		fmt.Fprintf(w, "%10.1f MB of memory at most in process %d\n", float64(bytes)/1e6, p)
	}
	fmt.Fprintf(w, "%10.1f MB of memory as a rule (median of all processes)\n", float64(r.median)/1e6)
}
