package inputs

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
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
	// short is told why connections cannot be accepted for the moment.
	short func(error)

	mu   sync.Mutex // guards open
	open map[*httpConn]struct{}
}

func newHTTPListener(l net.Listener, connections int, short func(error)) *httpListener {
	closed := make(chan struct{})
	return &httpListener{
		Listener: l, room: make(chan struct{}, connections), open: map[*httpConn]struct{}{},
		closed: closed, stop: sync.OnceFunc(func() { close(closed) }), short: short,
	}
}

// Accept waits for room first.
func (l *httpListener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.acceptConn()
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

const (
	// acceptPause and acceptMaxPause are the first and the longest wait for what a connection could not be accepted without.
	acceptPause    = 5 * time.Millisecond
	acceptMaxPause = time.Second
)

// acceptConn waits where the process or the machine has run out of something, such as file descriptors: that passes when
// connections are closed.
func (l *httpListener) acceptConn() (net.Conn, error) {
	for pause := acceptPause; ; pause = min(2*pause, acceptMaxPause) {
		conn, err := l.Listener.Accept()
		if err == nil || !exhausted(err) {
			return conn, err
		}
		l.short(err)
		select {
		case <-time.After(pause):
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
}

func exhausted(err error) bool {
	for _, passing := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
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
