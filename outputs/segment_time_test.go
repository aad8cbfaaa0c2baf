package outputs

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

// pipes is a network inside the process: time in a bubble goes on only while nobody waits for the real one.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, errors.New("closed")
	}
}

func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.connections <- server
	return client, nil
}

// The library ends every request after ten seconds, and then replaces the error: neither may show.
func TestSegmentTimeIsOursAndNotTheLibrarys(t *testing.T) {
	for name, test := range map[string]struct {
		faults segmenttest.Faults
		config string
		want   map[int]string
		took   time.Duration
	}{
		"a late success": {segmenttest.Faults{Latency: 14 * time.Second}, "", map[int]string{}, 14 * time.Second},
		"a longer time limit": {
			segmenttest.Faults{BlackHoleRate: 1}, "timeout: 40s\nmax_retries: 0",
			map[int]string{0: "segment: timeout: no answer within 40s (attempts: 1)"}, 40 * time.Second,
		},
		"a pause of a minute at most": {
			segmenttest.Faults{ThrottleRate: 1, RetryAfter: 3600}, "max_retries: 1",
			map[int]string{0: "segment: throttled: Segment answered 429 rate_limited (attempts: 2)"}, time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
				server := &http.Server{Handler: segmenttest.New(segmenttest.Options{Faults: test.faults})}
				go func() { _ = server.Serve(network) }()
				out := newTestSegment(t, "http://segment.test", test.config)
				out.sender.http.DialContext = network.dial
				out.sender.http.Proxy = nil
				start := time.Now()
				batch := tracks("m", 1)
				assert.Equal(t, test.want, failures(t, batch, out.WriteBatch(t.Context(), batch)))
				assert.Equal(t, test.took, time.Since(start))
				require.NoError(t, out.Close(t.Context()))
				require.NoError(t, server.Close())
			})
		})
	}
}
