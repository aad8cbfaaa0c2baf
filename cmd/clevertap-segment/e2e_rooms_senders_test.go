package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// hostileKind is one way to make the process hold or store more than was sent.
type hostileKind struct {
	name string
	send func(s *hostileSender)

	requests, wire atomic.Int64
	stored         int64 // known at the end

	mu       sync.Mutex // guards statuses
	statuses map[int]int
}

func (k *hostileKind) count(status int) {
	k.requests.Add(1)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.statuses[status]++
}

func (k *hostileKind) answered() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return countsOf(k.statuses)
}

func kindNamed(kinds []*hostileKind, name string) *hostileKind {
	for _, k := range kinds {
		if k.name == name {
			return k
		}
	}
	return &hostileKind{}
}

// hostileSender sends one kind after the other. The requests of a kind go out at once, on connections of their own.
type hostileSender struct {
	address string
	hold    time.Duration // how long it keeps connections open that do no more

	kind   *hostileKind
	volley sync.WaitGroup

	mu   sync.Mutex // guards free
	free []*hostileConn
}

func newHostileSender(address string, hold time.Duration) *hostileSender {
	return &hostileSender{address: address, hold: hold}
}

// sendUntil starts with the kind of that number. However short the time is, all senders together send each kind.
func (s *hostileSender) sendUntil(ctx context.Context, kinds []*hostileKind, first int) {
	share := (len(kinds) + hostileSenders - 1) / hostileSenders
	for n := 0; n < share || ctx.Err() == nil; n++ {
		s.kind = kinds[(first+n)%len(kinds)]
		s.kind.send(s)
		s.volley.Wait()
	}
	for _, conn := range s.free {
		_ = conn.Close()
	}
}

// hostilePatience is how long a stranger waits for an answer: longer than the input waits for an acknowledgement.
const hostilePatience = 8 * time.Second

// hostileConn counts what is written.
type hostileConn struct {
	net.Conn
	in    *bufio.Reader
	wrote *atomic.Int64
}

func (c *hostileConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.wrote.Add(int64(n))
	return n, err
}

// dial opens a connection whose bytes count for the kind at hand.
func (s *hostileSender) dial() (*hostileConn, error) {
	conn, err := net.DialTimeout("tcp", s.address, hostilePatience)
	if err != nil {
		return nil, err
	}
	// Ports are few: a reset leaves none behind.
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.SetDeadline(time.Now().Add(hostilePatience))
	return &hostileConn{conn, bufio.NewReader(conn), &s.kind.wire}, nil
}

// connect returns a connection that is free, or a new one.
func (s *hostileSender) connect() (*hostileConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.free) - 1
	if last < 0 {
		return s.dial()
	}
	conn := s.free[last]
	s.free = s.free[:last]
	conn.wrote = &s.kind.wire
	return conn, conn.SetDeadline(time.Now().Add(hostilePatience))
}

// post sends a request, and does not wait for the answer.
func (s *hostileSender) post(path, body string, headers ...string) {
	s.request(hostileRequest(path, body, len(body), append(headers, basic(writeKey+":"))...), true)
}

func hostileRequest(path, body string, announced int, headers ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: calls.example.com\r\nContent-Length: %d\r\n%s\r\n\r\n%s",
		path, announced, strings.Join(headers, "\r\n"), body)
}

// request sends a text. Its connection can be used again if nothing of the text is left over.
func (s *hostileSender) request(text string, whole bool) {
	s.volley.Go(func() { s.kind.count(s.roundTrip(text, whole)) })
}

// roundTrip returns the status of the answer, 0 if there was none.
func (s *hostileSender) roundTrip(text string, whole bool) int {
	conn, err := s.connect()
	if err != nil {
		return 0
	}
	// The input may answer and close before it has read everything.
	_, sendErr := io.WriteString(conn, text)
	response, err := http.ReadResponse(conn.in, nil)
	if err != nil {
		_ = conn.Close()
		return 0
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	if err != nil || sendErr != nil || response.Close || !whole {
		_ = conn.Close()
		return response.StatusCode
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, conn)
	return response.StatusCode
}

// crowd opens many connections at once, and keeps them for a while. Each sends its greeting, and after that a byte now and
// then if it drips.
func (s *hostileSender) crowd(size int, greeting func(n int) string, drips bool) {
	conns := make([]*hostileConn, 0, size)
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	for n := range size {
		conn, err := s.dial()
		if err != nil {
			break
		}
		conns = append(conns, conn)
		_, _ = io.WriteString(conn, greeting(n))
	}
	s.kind.requests.Add(int64(len(conns)))
	for end := time.Now().Add(s.hold); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, conn := range conns {
			if drips {
				_, _ = io.WriteString(conn, " ")
			}
		}
	}
}

// honestSender sends a call every now and then, whether those before have been answered or not, and sends a call again that
// was not answered 200, as an SDK does.
type honestSender struct {
	url    string
	number int
	client *http.Client

	mu             sync.Mutex // guards what follows
	took           []time.Duration
	retried, never int
	first          map[int]int // answers to first attempts, by status
}

const (
	honestEvent    = "Honest call"
	honestPatience = 15 * time.Second
)

func newHonestSender(address string, number int) *honestSender {
	return &honestSender{
		url: "http://" + address + "/v1/track", number: number, first: map[int]int{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: honestPatience},
	}
}

func (s *honestSender) sendUntil(ctx context.Context) {
	tick := time.NewTicker(honestPause)
	defer tick.Stop()
	var calls sync.WaitGroup
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			calls.Wait()
			s.client.CloseIdleConnections()
			return
		case <-tick.C:
			calls.Go(func() { s.send(n) })
		}
	}
}

func (s *honestSender) send(n int) {
	id := fmt.Sprintf("honest-%d-%d", s.number, n)
	body := `{"type":"track","event":"` + honestEvent + `","userId":"honest-` + fmt.Sprint(s.number) + `","messageId":"` + id + `"}`
	began := time.Now()
	status := s.post(body)
	first := status
	for status != http.StatusOK && time.Since(began) < honestPatience {
		time.Sleep(100 * time.Millisecond)
		status = s.post(body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first[first]++
	switch {
	case status != http.StatusOK:
		s.never++
		return
	case first != http.StatusOK:
		s.retried++
	}
	s.took = append(s.took, time.Since(began))
}

func (s *honestSender) post(body string) int {
	request, err := http.NewRequest(http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	request.SetBasicAuth(writeKey, "")
	status, _, err := read(s.client.Do(request))
	if err != nil {
		return 0
	}
	return status
}
