package inputs

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A pipeline may stop before the goroutine that serves has run for the first time.
func TestHTTPServer_CloseRightAfterConnect(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	in := newHTTPServer(httpConfig{address: "127.0.0.1:0", timeout: time.Second, maxConnections: 1}, nil, newHandover(1), nil)
	closed := make(chan error, 1)
	go func() {
		if err := in.Connect(t.Context()); err != nil {
			closed <- err
			return
		}
		closed <- in.Close(t.Context())
	}()
	select {
	case err := <-closed:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		require.Fail(t, "Close does not return")
	}
}
