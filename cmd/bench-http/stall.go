package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// drainLimit is how long callers may go on trying after the load has ended.
const drainLimit = 90 * time.Second

const stallConfig = `
http: { enabled: false }
logger: { level: ERROR }
input:
  segment_http: { address: "%[1]s", write_keys: [ ` + writeKey + ` ], integration: Benchmark, dedupe_cache: "%[2]s" }
pipeline: { processors: [ archive: { format: lines } ] }
output:
  http_client:
    url: %[3]s
    verb: POST
    timeout: 10m
    retries: 0
    max_in_flight: 64
cache_resources:
  - label: ids
    memory: { default_ttl: 1h }
`

// The times of a run with -stall.
const (
	before = iota
	during
	after
	phases
)

var phaseNames = [phases]string{"before", "during the stall", "after"}

// stallRun is a server under load whose output stops for a while.
type stallRun struct {
	ledger *ledger
	sink   *sink
	server *server

	phase    atomic.Int32
	mu       sync.Mutex // guards answers
	answers  [phases]map[int]int
	peaks    [phases]int64
	took     [phases]time.Duration
	stranded atomic.Int64 // requests that were never answered 200
}

func runStall(ctx context.Context, o options, out, progress io.Writer) error {
	run := &stallRun{ledger: newLedger()}
	for i := range run.answers {
		run.answers[i] = map[int]int{}
	}
	run.sink = newSink(run.ledger)
	defer run.sink.Close()
	address, err := freeAddress()
	if err != nil {
		return err
	}
	cache := ""
	if o.dedupe {
		cache = "ids"
	}
	run.server, err = startServer(ctx, o, address, fmt.Sprintf(stallConfig, address, cache, run.sink.URL))
	if err != nil {
		return err
	}
	defer run.server.stop()
	if err := run.load(ctx, o, progress); err != nil {
		return err
	}
	return run.report(out, o)
}

func (run *stallRun) load(ctx context.Context, o options, progress io.Writer) error {
	callers, err := newStallCallers(o)
	if err != nil {
		return err
	}
	interrupted := ctx
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	ended := make(chan struct{})
	var running sync.WaitGroup
	for i, t := range callers {
		running.Go(func() { run.caller(ctx, t, uint64(i), ended) })
	}
	defer running.Wait()
	pace := o.warmUp + o.duration

	run.during(ctx, progress, before, pace, len(callers))
	release := run.sink.stall()
	defer release()
	run.during(ctx, progress, during, o.stall, 0)
	release()
	run.during(ctx, progress, after, pace, 0)
	close(ended)
	limit := time.AfterFunc(drainLimit, abandon)
	defer limit.Stop()
	began := time.Now()
	running.Wait()
	run.took[after] += time.Since(began)
	run.peaks[after] = run.server.peak()
	if interrupted.Err() != nil {
		return fmt.Errorf("stopped: %w", interrupted.Err())
	}
	return nil
}

// during lasts so long, and until so many requests have been answered 200 in it.
func (run *stallRun) during(ctx context.Context, progress io.Writer, phase int32, d time.Duration, least int) {
	fmt.Fprintf(progress, "%s: %s\n", phaseNames[phase], d)
	run.phase.Store(phase)
	run.server.forgetPeak()
	began := time.Now()
	pause(ctx, d)
	for ctx.Err() == nil && run.delivered(phase) < least {
		pause(ctx, 20*time.Millisecond)
	}
	run.took[phase], run.peaks[phase] = time.Since(began), run.server.peak()
}

// newStallCallers gives each caller a request: one call, or a hundred.
func newStallCallers(o options) (callers []template, err error) {
	var kinds [2][]template
	for i, calls := range []int{1, 100} {
		if kinds[i], err = newTemplates(workload{calls: calls}, 16); err != nil {
			return nil, err
		}
	}
	for i := range o.stallCallers {
		kind := kinds[i%len(kinds)]
		callers = append(callers, kind[i/len(kinds)%len(kind)].copied())
	}
	return callers, nil
}

// caller sends one request after the other as SDKs do: what was not answered 200 comes again, after the pause that the
// answer asks for. When the load has ended, it only finishes what it has begun.
func (run *stallRun) caller(ctx context.Context, t template, number uint64, ended <-chan struct{}) {
	c := connection{address: run.server.address}
	defer c.close()
	for n := uint64(0); ; n++ {
		select {
		case <-ended:
			return
		default:
		}
		t.renumber(number<<32 | n)
		ids := t.messageIDs()
		for {
			status, header, _ := c.send(ctx, t.raw)
			if ctx.Err() != nil {
				run.stranded.Add(1)
				return
			}
			run.count(status)
			if status == http.StatusOK {
				run.ledger.accept(ids)
				break
			}
			run.ledger.refuse(ids)
			pause(ctx, retryAfter(header))
		}
	}
}

func (run *stallRun) delivered(phase int32) int {
	run.mu.Lock()
	defer run.mu.Unlock()
	return run.answers[phase][http.StatusOK]
}

// count takes a lost connection for the status 0.
func (run *stallRun) count(status int) {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.answers[run.phase.Load()][status]++
}

func retryAfter(header http.Header) time.Duration {
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil {
		return time.Duration(seconds) * time.Second
	}
	return time.Duration(100+rand.IntN(400)) * time.Millisecond
}

func (run *stallRun) report(out io.Writer, o options) error {
	fmt.Fprintf(out, "The output stalled for %s. %d callers, half with 1 call in a body, half with 100; dedupe_cache: %t.\n\n",
		o.stall, o.stallCallers, o.dedupe)
	statuses := []int{200, 429, 503, 0}
	rows := [][]string{{"", "seconds", "requests", "200", "429", "503", "no answer", "other", "peak MB"}}
	for phase, answers := range run.answers {
		all, rest := 0, 0
		for status, n := range answers {
			all, rest = all+n, rest+n
			for _, listed := range statuses {
				if status == listed {
					rest -= n
				}
			}
		}
		row := []string{phaseNames[phase], fmt.Sprintf("%.1f", run.took[phase].Seconds()), strconv.Itoa(all)}
		for _, status := range statuses {
			row = append(row, strconv.Itoa(answers[status]))
		}
		rows = append(rows, append(row, strconv.Itoa(rest), fmt.Sprintf("%.0f", megabytes(run.peaks[phase]))))
	}
	if err := printTable(out, rows, o.markdown); err != nil {
		return err
	}
	b := run.ledger.balance()
	fmt.Fprintf(out, "\n%d calls sent, %d answered 200, lost = %d, repeated = %d (of calls that had been answered 200 at once: %d), requests given up = %d\n",
		b.sent, b.accepted, b.lost, b.repeated, b.unfounded, run.stranded.Load())
	switch {
	case b.lost > 0, b.unfounded > 0, run.stranded.Load() > 0, o.dedupe && b.repeated > 0:
		return errors.New("calls were lost, repeated without need or never delivered")
	}
	return nil
}
