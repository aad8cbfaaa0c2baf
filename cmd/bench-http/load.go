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

// load is a time under load, from the first request until the last one is answered.
type load struct {
	took      time.Duration
	latencies []time.Duration // of what was answered 200
	failures  int             // everything else
	generator time.Duration   // CPU time of the load generator
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

// generate lets callers call for a while, and waits for the answers to what they have sent. Their time counts, too: a
// server that serves all callers alike answers them in waves, and a time that ends at any moment would cut one off.
func generate(ctx context.Context, callers []*caller, duration time.Duration) (all load) {
	ctx, done := context.WithTimeout(ctx, duration)
	defer done()
	seen := make([]load, len(callers))
	began, busy := time.Now(), ownCPU()
	var running sync.WaitGroup
	for i, c := range callers {
		running.Go(func() { seen[i] = c.call(ctx) })
	}
	running.Wait()
	took, busy := time.Since(began), ownCPU()-busy
	for _, one := range seen {
		all.add(one)
	}
	all.took, all.generator = took, busy
	return all
}

// call sends requests until the context ends.
func (c *caller) call(ctx context.Context) (seen load) {
	for ; ctx.Err() == nil; c.next++ {
		sent := time.Now()
		t := c.own[c.next%uint64(len(c.own))]
		t.renumber(c.next)
		status, _, err := c.send(ctx, t.raw)
		if err != nil || status != http.StatusOK {
			seen.failures++
		} else {
			seen.latencies = append(seen.latencies, time.Since(sent))
		}
	}
	return seen
}

// add puts two loads together.
func (l *load) add(other load) {
	l.took += other.took
	l.latencies = append(l.latencies, other.latencies...)
	l.failures += other.failures
	l.generator += other.generator
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
