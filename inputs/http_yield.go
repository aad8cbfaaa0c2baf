package inputs

import (
	"net"
	"net/http"
	"runtime"
)

// Go's server asks the network twice for what has hardly ever come yet: for the next request of a connection right after
// its answer, and for a sign that the caller has left while a request waits for its outcome. Under load, letting others run
// first saves both questions: the request has come by then, or the outcome has. Without load there is nobody to wait for.

// yieldWhenIdle is for the first question.
func yieldWhenIdle(_ net.Conn, state http.ConnState) {
	if state == http.StateIdle {
		runtime.Gosched()
	}
}

// yieldingListener is for the second one. TLS asks for more than a byte at once, and so without a yield.
type yieldingListener struct{ net.Listener }

func (l yieldingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return yieldingConn{conn}, nil
}

type yieldingConn struct{ net.Conn }

// Read yields when it is asked for one byte, as the server does to learn whether the caller is there: connReader in
// net/http. It stops asking once it has the outcome.
func (c yieldingConn) Read(p []byte) (int, error) {
	if len(p) == 1 {
		runtime.Gosched()
	}
	return c.Conn.Read(p)
}
