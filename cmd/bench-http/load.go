package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

const answerLimit = 30 * time.Second

// connection is a caller's, kept from one request to the next. It writes whole requests that were prepared before: a
// usual client would need more CPU time than the servers.
type connection struct {
	address string
	conn    net.Conn
	reader  *bufio.Reader
}

// send returns the answer's status and headers.
func (c *connection) send(ctx context.Context, raw []byte) (int, http.Header, error) {
	status, header, err := c.exchange(ctx, raw)
	if err != nil {
		c.close()
	}
	return status, header, err
}

func (c *connection) exchange(ctx context.Context, raw []byte) (int, http.Header, error) {
	if c.conn == nil {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", c.address)
		if err != nil {
			return 0, nil, err
		}
		c.conn, c.reader = conn, bufio.NewReader(conn)
	}
	if err := c.conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(raw); err != nil {
		return 0, nil, err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return 0, nil, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if response.Close {
		c.close()
	}
	return response.StatusCode, response.Header, err
}

func (c *connection) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// answered is a request that was answered 200.
type answered struct{ sent, done time.Time }

// tally is what callers have seen.
type tally struct {
	answers  []answered
	failures int // everything else
}

// load is a time under load.
type load struct {
	took      time.Duration
	latencies []time.Duration // of what was answered in that time
	generator time.Duration   // CPU time of the load generator
	// These count from the start.
	requests, failures int
}

// caller sends one request after the other, over a connection that it keeps.
type caller struct {
	connection
	own []template
	// next is the number of its next request; the upper half of it is the caller's.
	next uint64
}

// perCaller is how many requests a caller sends in turn; with packed bodies they come again unchanged.
const perCaller = 2

func newCallers(address string, templates []template, count int) []*caller {
	callers := make([]*caller, count)
	for i := range callers {
		c := &caller{connection: connection{address: address}, next: uint64(i) << 32}
		for j := range perCaller {
			c.own = append(c.own, templates[(i*perCaller+j)%len(templates)].copied())
		}
		callers[i] = c
	}
	return callers
}

// generate lets callers call for a while. The time that counts begins after the warm-up, when every caller has been
// answered once.
func generate(ctx context.Context, callers []*caller, warmUp, duration time.Duration) load {
	ctx, done := context.WithCancel(ctx)
	defer done()
	tallies := make([]tally, len(callers))
	var running, begun sync.WaitGroup
	begun.Add(len(callers))
	for i, c := range callers {
		running.Go(func() { tallies[i] = c.call(ctx, begun.Done) })
	}
	pause(ctx, warmUp)
	begun.Wait()
	from, busy := time.Now(), ownCPU()
	pause(ctx, duration)
	until, busy := time.Now(), ownCPU()-busy
	done()
	running.Wait()
	all := load{took: until.Sub(from), generator: busy}
	for _, one := range tallies {
		all.count(one, from, until)
	}
	return all
}

// call sends requests until the context ends. It reports when the first one is over.
func (c *caller) call(ctx context.Context, begun func()) (seen tally) {
	begun = sync.OnceFunc(begun)
	defer begun()
	for ; ctx.Err() == nil; c.next++ {
		sent := time.Now()
		t := c.own[c.next%uint64(len(c.own))]
		t.renumber(c.next)
		status, _, err := c.send(ctx, t.raw)
		if err != nil || status != http.StatusOK {
			seen.failures++
		} else {
			seen.answers = append(seen.answers, answered{sent, time.Now()})
		}
		begun()
	}
	return seen
}

// add puts two times under load together.
func (l *load) add(other load) {
	l.took += other.took
	l.latencies = append(l.latencies, other.latencies...)
	l.generator += other.generator
	l.requests += other.requests
	l.failures += other.failures
}

func (l *load) count(one tally, from, until time.Time) {
	l.requests += len(one.answers)
	l.failures += one.failures
	for _, answer := range one.answers {
		if answer.done.After(from) && answer.done.Before(until) {
			l.latencies = append(l.latencies, answer.done.Sub(answer.sent))
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// ownCPU is the CPU time that this process has used.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
