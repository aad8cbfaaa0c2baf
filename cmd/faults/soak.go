package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
)

// soak is a long run of one process at a steady rate while some requests fail.
type soak struct {
	duration time.Duration
	rate     int // calls per second
	people   int
	trouble  float64
	every    time.Duration // between two samples
	settings []string
}

// moment is what was measured at one time.
type moment struct{ memory, goroutines, files int64 }

// soaked is how it went: the moments, and how long each call took from its publication to its first acceptance.
type soaked struct {
	report  ledger.Report
	moments []moment
	delays  []time.Duration
	logs    string
}

// soak plays it, from Redis Streams.
func (l *lab) soak(s soak) (result soaked, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.duration+2*time.Minute)
	defer cancel()
	calls := int(s.duration.Seconds()) * s.rate
	in, err := l.open(ctx, "redis_streams", fmt.Sprintf("soak-%d", time.Now().UnixNano()), 1, s.people, calls)
	if err != nil {
		return result, err
	}
	defer in.close()
	books := ledger.New(calls, s.people)
	team, err := l.newFleet(ctx, in, books, 1, s.settings...)
	if err != nil {
		return result, err
	}
	defer team.discard()
	team.target.setTrouble(mixed(s.trouble))
	clock := newStopwatch(calls)
	team.target.arrived = clock.stop
	if err := team.start(0); err != nil {
		return result, err
	}
	result.moments, err = team.steady(s, calls, clock)
	err = errors.Join(err, team.finish(2*time.Minute))
	result.report, result.delays, result.logs = books.Report(), clock.delays(), team.logs()
	return result, err
}

// steady publishes at the rate, and measures the process meanwhile.
func (t *fleet) steady(s soak, calls int, clock *stopwatch) (moments []moment, err error) {
	const tick = 50 * time.Millisecond
	start := time.Now()
	sample := start.Add(s.every)
	for published := 0; published < calls; time.Sleep(tick) {
		due := min(calls, int(time.Since(start).Seconds()*float64(s.rate)))
		clock.start(published, due)
		if err := t.source.publish(t.ctx, published, due); err != nil {
			return moments, err
		}
		published = due
		if time.Now().Before(sample) {
			continue
		}
		sample = sample.Add(s.every)
		m, err := t.bridges[0].measure()
		if err = errors.Join(err, t.collect(0)); err != nil {
			return moments, err
		}
		moments = append(moments, m)
	}
	return moments, nil
}

func (b *bridge) measure() (m moment, err error) {
	var errs [3]error
	m.memory, errs[0] = b.memory()
	m.goroutines, errs[1] = b.goroutines()
	m.files, errs[2] = b.files()
	return m, errors.Join(errs[:]...)
}

// stopwatch measures each call. It is safe for concurrent use.
type stopwatch struct {
	mu    sync.Mutex
	begun []time.Time
	took  []time.Duration
}

func newStopwatch(calls int) *stopwatch {
	return &stopwatch{begun: make([]time.Time, calls), took: make([]time.Duration, calls)}
}

func (s *stopwatch) start(from, to int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := from; n < to; n++ {
		s.begun[n] = time.Now()
	}
}

func (s *stopwatch) stop(numbers []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range numbers {
		if s.took[n] == 0 {
			s.took[n] = time.Since(s.begun[n])
		}
	}
}

// delays are those of the calls that were accepted, in the order of publication.
func (s *stopwatch) delays() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.took), func(d time.Duration) bool { return d == 0 })
}

// third returns the first (0) to last (2) third.
func third[T any](all []T, which int) []T { return all[which*len(all)/3 : (which+1)*len(all)/3] }

// calm is the least that the moments of a third show. How much is under way differs from moment to moment, each call on
// its way has goroutines of its own: what is never given back shows in the calmest moments.
func (r soaked) calm(which int) moment {
	moments := third(r.moments, which)
	if len(moments) == 0 {
		return moment{}
	}
	least := moments[0]
	for _, m := range moments[1:] {
		least = moment{min(least.memory, m.memory), min(least.goroutines, m.goroutines), min(least.files, m.files)}
	}
	return least
}

// growth returns an error for what is clearly more in the last third than in the first. Latency is for the reader: it
// depends on the machine.
func (r soaked) growth() error {
	first, last := r.calm(0), r.calm(2)
	var wrong []error
	for _, c := range []struct {
		what        string
		first, last int64
		allowed     int64
	}{
		{"bytes of memory", first.memory, last.memory, first.memory/4 + 20<<20},
		{"goroutines", first.goroutines, last.goroutines, first.goroutines/2 + 50},
		{"file descriptors", first.files, last.files, 10},
	} {
		if c.last > c.first+c.allowed {
			wrong = append(wrong, fmt.Errorf("%s have grown from %d to %d", c.what, c.first, c.last))
		}
	}
	return errors.Join(wrong...)
}

// print writes the report for people, the first third against the last.
func (r soaked) print(w io.Writer, s soak) {
	first, last := r.calm(0), r.calm(2)
	fmt.Fprintf(w, "%s at %d calls per second, trouble for %.0f %% of the requests\n\n%s\n", s.duration, s.rate, 100*s.trouble, r.report)
	fmt.Fprintf(w, "%-28s %12s %12s\n", "least of the samples", "first third", "last third")
	fmt.Fprintf(w, "%-28s %12.1f %12.1f\n", "memory in MB", float64(first.memory)/1e6, float64(last.memory)/1e6)
	fmt.Fprintf(w, "%-28s %12d %12d\n", "goroutines", first.goroutines, last.goroutines)
	fmt.Fprintf(w, "%-28s %12d %12d\n", "file descriptors", first.files, last.files)
	for _, q := range []int{50, 99} {
		fmt.Fprintf(w, "%-28s %12.2f %12.2f\n", fmt.Sprintf("seconds to delivery, p%d", q),
			percentile(third(r.delays, 0), q).Seconds(), percentile(third(r.delays, 2), q).Seconds())
	}
}

func percentile(delays []time.Duration, q int) time.Duration {
	if len(delays) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(delays))
	return sorted[min(len(sorted)-1, len(sorted)*q/100)]
}
