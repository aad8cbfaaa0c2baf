package inputs

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFurtherConnectionsWait(t *testing.T) {
	target := newHostileTarget(t, "max_connections: 2")
	first, second, third := target.dial(t), target.dial(t), target.dial(t)
	defer second.Close()
	defer third.Close()
	ask := hostileHead("GET /canary HTTP/1.1")
	for _, conn := range []net.Conn{first, second, third} {
		_, err := io.WriteString(conn, ask)
		require.NoError(t, err)
	}
	for _, conn := range []net.Conn{first, second} {
		assert.Equal(t, 404, readHostileReply(t, bufio.NewReader(conn), "GET").status)
	}
	require.NoError(t, third.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := third.Read(make([]byte, 1))
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, first.Close())
	require.NoError(t, third.SetReadDeadline(time.Now().Add(10*time.Second)))
	assert.Equal(t, 404, readHostileReply(t, bufio.NewReader(third), "GET").status)
	require.NoError(t, second.Close())
	require.NoError(t, third.Close())
	target.works(t)
}

// A connection that is closed while its peer still sends is reset, and for some peers the answer with it.
func TestWhoIsStillSendingCanReadTheRefusal(t *testing.T) {
	target := newHostileTarget(t, "")
	request := hostileUnkeyed("/v1/track", strings.Repeat(" ", 8<<20), "Authorization: Basic Y2FuYXJ5Og==")
	// A few at a time: on a busy machine, more keep each other from sending their headers in time, which is answered 408.
	for range 8 {
		var senders sync.WaitGroup
		for range 5 {
			conn := target.dial(t)
			senders.Go(func() { _, _ = io.WriteString(conn, request) })
			senders.Go(func() {
				all, err := io.ReadAll(conn)
				assert.NoError(t, err)
				assert.Contains(t, string(all), "HTTP/1.1 401 ")
				assert.NoError(t, conn.Close())
			})
		}
		senders.Wait()
	}
}

type panicking struct{ httpHandler }

func (p panicking) serveHTTP(x *exchange) {
	if x.path == "/canary" {
		panic(x.path)
	}
	p.httpHandler.serveHTTP(x)
}

func TestAPanicIsAnsweredAndTheServerGoesOn(t *testing.T) {
	target := newHostileTarget(t, "")
	target.httpServer.handler = panicking{target.handler}
	for range 3 {
		assert.Equal(t, 500, target.send(t, hostilePost("/canary", hostileCall)).status)
	}
	assert.Contains(t, target.log.String(), "panic")
	target.works(t)
}

func TestClosingHangsUpOnEverybody(t *testing.T) {
	in, call := listenSegmentHTTP(t, "", nil)
	var conns []net.Conn
	for _, sent := range []string{"", "POST /v1", hostileHead("GET /canary HTTP/1.1")} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(call.url, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, sent)
		require.NoError(t, err)
		conns = append(conns, conn)
	}
	assert.Equal(t, 404, call.postTo(t, "/canary", "").status)
	began := time.Now()
	require.NoError(t, in.Close(context.Background()))
	assert.Less(t, time.Since(began), httpCloseTimeout+2*time.Second)
	for _, conn := range conns {
		// By itself the server would wait longer for the rest of a request: httpHeaderTimeout.
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(300*time.Millisecond)))
		_, err := io.Copy(io.Discard, conn)
		assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it is still open")
	}
}

// scarceListener runs out of file descriptors at first.
type scarceListener struct {
	net.Listener
	failures atomic.Int32
}

func (l *scarceListener) Accept() (net.Conn, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

func TestHTTPListener_WaitsForFileDescriptors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	scarce := &scarceListener{Listener: listener}
	scarce.failures.Store(3)
	told := 0
	ours := newHTTPListener(scarce, 10, func(error) { told++ })
	defer ours.Close()
	go func() {
		if conn, err := net.Dial("tcp", listener.Addr().String()); err == nil {
			defer conn.Close()
			_, _ = io.Copy(io.Discard, conn)
		}
	}()
	conn, err := ours.Accept()
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	assert.Equal(t, 3, told)
}

func TestHTTPListener_CloseEndsTheWaitForFileDescriptors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	scarce := &scarceListener{Listener: listener}
	scarce.failures.Store(1 << 20)
	ours := newHTTPListener(scarce, 10, func(error) {})
	ended := make(chan error, 1)
	go func() {
		_, err := ours.Accept()
		ended <- err
	}()
	require.NoError(t, ours.Close())
	assert.ErrorIs(t, <-ended, net.ErrClosed)
}
