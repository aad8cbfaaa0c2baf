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

// soaked is how it went: the moments, those at rest after the first third and at the end, and how long each call took from its publication to its first acceptance.
type soaked struct {
	report  ledger.Report
	moments []moment
	rests   [2]moment
	delays  []time.Duration
	logs    string
}

// soak plays it, from Redis Streams.
func (l *lab) soak(s soak) (result soaked, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.duration+2*time.Minute)
	defer cancel()
	calls := int(s.duration.Seconds()) * s.rate
	books := ledger.New(calls, s.people)
	in, err := l.open(ctx, "redis_streams", fmt.Sprintf("soak-%d", time.Now().UnixNano()), 1, s.people, books)
	if err != nil {
		return result, err
	}
	defer in.close()
	team, err := l.newFleet(ctx, in, books, 1, s.settings...)
	if err != nil {
		return result, err
	}
	defer team.discard()
	team.target.setTrouble(mixed(s.trouble))
	clock := newStopwatch(calls)
	team.target.arrived = clock.stop
	err = team.start(0)
	if err == nil {
		err = until(ctx, "the process can be measured", 30*time.Second, func() (bool, error) {
			_, err := team.bridges[0].measure()
			return err == nil, err
		})
	}
	if err != nil {
		return result, err
	}
	result.moments, result.rests, err = team.soak(s, calls, clock)
	err = errors.Join(err, team.finish(2*time.Minute))
	result.report, result.delays, result.logs = books.Report(), clock.delays(), team.logs()
	return result, err
}

// soak publishes a third of the calls and then the rest, and lets the process come to rest after each.
func (t *fleet) soak(s soak, calls int, clock *stopwatch) (moments []moment, rests [2]moment, err error) {
	for i, share := range [][2]int{{0, calls / 3}, {calls / 3, calls}} {
		more, err := t.steady(s, share[0], share[1], clock)
		moments = append(moments, more...)
		if err == nil {
			rests[i], err = t.rest()
		}
		if err != nil {
			return moments, rests, err
		}
	}
	return moments, rests, nil
}

// rest waits until nothing is under way and measures then: each call on its way has goroutines of its own.
func (t *fleet) rest() (moment, error) {
	err := until(t.ctx, "nothing is under way", time.Minute, func() (bool, error) { return t.source.done(t.ctx) })
	if err != nil {
		return moment{}, err
	}
	time.Sleep(time.Second)
	return t.bridges[0].measure()
}

// steady publishes from..to-1 at the rate, and measures the process meanwhile.
func (t *fleet) steady(s soak, from, to int, clock *stopwatch) (moments []moment, err error) {
	const tick = 50 * time.Millisecond
	start := time.Now()
	sample := start.Add(s.every)
	for published := from; published < to; time.Sleep(tick) {
		due := min(to, from+int(time.Since(start).Seconds()*float64(s.rate)))
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

// memory is the median of a third of the moments.
func (r soaked) memory(which int) int64 {
	var all []int64
	for _, m := range third(r.moments, which) {
		all = append(all, m.memory)
	}
	return median(all)
}

// growth returns an error for what is clearly more at the end than after the first third. Latency is for the reader: it
// depends on the machine.
func (r soaked) growth() error {
	var wrong []error
	for _, c := range []struct {
		what                 string
		first, last, allowed int64
	}{
		{"bytes of memory", r.memory(0), r.memory(2), r.memory(0)/4 + 20<<20},
		{"goroutines at rest", r.rests[0].goroutines, r.rests[1].goroutines, 20},
		{"file descriptors at rest", r.rests[0].files, r.rests[1].files, 10},
	} {
		if c.last > c.first+c.allowed {
			wrong = append(wrong, fmt.Errorf("%s have grown from %d to %d", c.what, c.first, c.last))
		}
	}
	return errors.Join(wrong...)
}

// print writes the report for people, the first third against the last.
func (r soaked) print(w io.Writer, s soak) {
	fmt.Fprintf(w, "%s at %d calls per second, trouble for %.0f %% of the requests\n\n%s\n", s.duration, s.rate, 100*s.trouble, r.report)
	fmt.Fprintf(w, "%-28s %12s %12s\n", "", "first third", "last third")
	fmt.Fprintf(w, "%-28s %12.1f %12.1f\n", "memory in MB, median", float64(r.memory(0))/1e6, float64(r.memory(2))/1e6)
	for _, q := range []int{50, 99} {
		fmt.Fprintf(w, "%-28s %12.2f %12.2f\n", fmt.Sprintf("seconds to delivery, p%d", q),
			percentile(third(r.delays, 0), q).Seconds(), percentile(third(r.delays, 2), q).Seconds())
	}
	fmt.Fprintf(w, "%-28s %12s %12s\n", "at rest", "after a third", "at the end")
	fmt.Fprintf(w, "%-28s %12d %12d\n", "goroutines", r.rests[0].goroutines, r.rests[1].goroutines)
	fmt.Fprintf(w, "%-28s %12d %12d\n", "file descriptors", r.rests[0].files, r.rests[1].files)
}

func percentile(delays []time.Duration, q int) time.Duration {
	if len(delays) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(delays))
	return sorted[min(len(sorted)-1, len(sorted)*q/100)]
}
