package inputs

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// httpLinger is how long a caller has to read the answer to what it is still sending: a closed connection resets both. Go's
// server waits as long: rstAvoidanceDelay in net/http.
const httpLinger = 500 * time.Millisecond

// httpListener keeps at most so many connections open, and knows them.
type httpListener struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	stop   func()

	mu   sync.Mutex // guards open
	open map[*httpConn]struct{}
}

func newHTTPListener(l net.Listener, connections int) *httpListener {
	closed := make(chan struct{})
	return &httpListener{
		Listener: l, room: make(chan struct{}, connections), open: map[*httpConn]struct{}{},
		closed: closed, stop: sync.OnceFunc(func() { close(closed) }),
	}
}

// Accept waits for room first.
func (l *httpListener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	c := &httpConn{Conn: conn}
	c.closeNow = sync.OnceValue(func() error {
		l.mu.Lock()
		delete(l.open, c)
		l.mu.Unlock()
		<-l.room
		return conn.Close()
	})
	l.mu.Lock()
	l.open[c] = struct{}{}
	l.mu.Unlock()
	return c, nil
}

func (l *httpListener) Close() error {
	l.stop()
	return l.Listener.Close()
}

// hangUp closes all connections.
func (l *httpListener) hangUp() {
	l.mu.Lock()
	open := make([]*httpConn, 0, len(l.open))
	for c := range l.open {
		open = append(open, c)
	}
	l.mu.Unlock()
	for _, c := range open {
		_ = c.closeNow()
	}
}

type httpConn struct {
	net.Conn
	lingers  atomic.Bool
	closeNow func() error
}

// Close says goodbye first where the caller may still be sending.
func (c *httpConn) Close() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.lingers.Load() && half.CloseWrite() == nil {
		time.AfterFunc(httpLinger, func() { _ = c.closeNow() })
		return nil
	}
	return c.closeNow()
}
