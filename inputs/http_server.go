package inputs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/redpanda-data/benthos/v4/public/utils/netutil"
	"github.com/valyala/fasthttp"
)

const (
	httpHeaderTimeout = 5 * time.Second
	httpIdleTimeout   = 90 * time.Second
	httpWriteTimeout  = 10 * time.Second
	httpCloseTimeout  = 3 * time.Second
	// Each connection has room for so much; it is what Node.js takes.
	httpHeaderBytes = 16 << 10
)

// httpHandler answers one request.
type httpHandler interface {
	serveHTTP(x *exchange)
	// knows tells by the headers alone whether a sender is no stranger.
	knows(head *fasthttp.RequestHeader) bool
}

// httpServer is what inputs share that take requests and answer them after the acknowledgement: it listens while the
// pipeline runs, and gives what its handler hands over to the pipeline.
type httpServer struct {
	config   httpConfig
	handler  httpHandler
	handover *handover
	log      *service.Logger
	short    atomic.Int64 // when the log last said that connections cannot be accepted, in Unix seconds

	mu       sync.Mutex // guards what follows
	server   *fasthttp.Server
	listener *httpListener
	served   chan struct{} // closed when the server has ended
}

func newHTTPServer(c httpConfig, handler httpHandler, handover *handover, log *service.Logger) *httpServer {
	return &httpServer{config: c, handler: handler, handover: handover, log: log}
}

// Connect listens, so that an address in use shows as a failed connection.
func (in *httpServer) Connect(ctx context.Context) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.server != nil && !closed(in.served) {
		return nil
	}
	var listen net.ListenConfig
	if err := netutil.DecorateListenerConfig(&listen, in.config.listen); err != nil {
		return err
	}
	listener, err := listen.Listen(ctx, "tcp", in.config.address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	in.server, in.listener, in.served = in.newServer(), newHTTPListener(listener, in.config.maxConnections, in.shortOf), make(chan struct{})
	go in.serve(in.server, in.listener, in.served)
	return nil
}

func (in *httpServer) newServer() *fasthttp.Server {
	return &fasthttp.Server{
		Handler:      in.handle,
		ErrorHandler: refuseUnreadable,
		// A body of more than a byte is left for the handler to read.
		StreamRequestBody:            true,
		MaxRequestBodySize:           1,
		DisablePreParseMultipartForm: true,
		HeaderReceived: func(head *fasthttp.RequestHeader) fasthttp.RequestConfig {
			return fasthttp.RequestConfig{ReadTimeout: in.bodyTimeout(head)}
		},
		ReadTimeout:  httpHeaderTimeout,
		WriteTimeout: httpWriteTimeout,
		IdleTimeout:  httpIdleTimeout,
		// Headers must fit into it.
		ReadBufferSize: httpHeaderBytes,
		// The listener bounds it. A worker is not free yet when its connection is.
		Concurrency:           2 * in.config.maxConnections,
		CloseOnShutdown:       true,
		NoDefaultServerHeader: true,
		NoDefaultContentType:  true,
		// It quotes the addresses of callers, for every port scan.
		Logger: log.New(io.Discard, "", 0),
	}
}

// bodyTimeout is how long a body may take: half as long from a stranger.
func (in *httpServer) bodyTimeout(head *fasthttp.RequestHeader) time.Duration {
	if in.handler.knows(head) {
		return in.config.timeout
	}
	return in.config.timeout / 2
}

// handle gives a request to the handler. Unlike Go's own server, fasthttp leaves panics to it.
func (in *httpServer) handle(ctx *fasthttp.RequestCtx) {
	defer func() {
		if recover() != nil {
			// The value may hold what the caller sent.
			in.log.Errorf("Serving a request: panic\n%s", debug.Stack())
			refuseExchange(ctx, http.StatusInternalServerError)
		}
	}()
	x, refused := newExchange(ctx)
	if refused != 0 {
		refuseExchange(ctx, refused)
		return
	}
	in.handler.serveHTTP(x)
	x.finish()
}

// refuseUnreadable answers what cannot be read as a request.
func refuseUnreadable(ctx *fasthttp.RequestCtx, err error) {
	var tooLarge *fasthttp.ErrSmallBuffer
	switch {
	case errors.As(err, &tooLarge):
		refuseExchange(ctx, http.StatusRequestHeaderFieldsTooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		refuseExchange(ctx, http.StatusRequestTimeout)
	default:
		refuseExchange(ctx, http.StatusBadRequest)
	}
}

func (in *httpServer) serve(server *fasthttp.Server, listener net.Listener, served chan<- struct{}) {
	defer close(served)
	if in.config.tls != nil {
		listener = tls.NewListener(listener, in.config.tls)
	}
	if err := server.Serve(listener); err != nil {
		in.log.Errorf("Serving requests: %v", err)
		_ = listener.Close() // or the address could not be listened on again
	}
}

// shortPause is how often the log says that connections cannot be accepted, in seconds.
const shortPause = 60

// shortOf logs why connections cannot be accepted for the moment.
func (in *httpServer) shortOf(err error) {
	now, last := time.Now().Unix(), in.short.Load()
	if now-last >= shortPause && in.short.CompareAndSwap(last, now) {
		in.log.Errorf("No connection can be accepted until others are closed: %v. Raise the limit of open files (ulimit -n) above %s, or lower that",
			err, httpFieldMaxConnections)
	}
}

// ReadBatch returns what the next request holds. Its context ends when the pipeline begins to stop.
func (in *httpServer) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	in.mu.Lock()
	served := in.served
	in.mu.Unlock()
	if served == nil || closed(served) {
		return nil, nil, service.ErrNotConnected
	}
	for {
		select {
		case parcel := <-in.handover.parcels:
			if parcel.take() {
				return parcel.batch, parcel.ack, nil
			}
		case <-served:
			return nil, nil, service.ErrNotConnected
		case <-ctx.Done():
			in.handover.drain()
			return nil, nil, ctx.Err()
		}
	}
}

// Close answers those who still wait before it waits for the server: one of them may hold a batch that was read and
// will never be acknowledged.
func (in *httpServer) Close(ctx context.Context) error {
	in.handover.drain()
	in.handover.stop()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.server == nil {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, httpCloseTimeout)
	defer done()
	err := in.server.ShutdownWithContext(ctx)
	if ctx.Err() != nil {
		// Connections that never sent anything, or too slowly: nothing of theirs was taken.
		err = nil
	}
	// The server does not know of its listener before it has begun to serve.
	_ = in.listener.Close()
	in.listener.hangUp()
	<-in.served
	return err
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
