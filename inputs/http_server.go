package inputs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/redpanda-data/benthos/v4/public/utils/netutil"
	xnetutil "golang.org/x/net/netutil"
)

const (
	httpHeaderTimeout = 5 * time.Second
	httpIdleTimeout   = 90 * time.Second
	httpWriteTimeout  = 10 * time.Second
	httpCloseTimeout  = 3 * time.Second
	httpHeaderBytes   = 32 << 10
)

// httpServer is what inputs share that take requests and answer them after the acknowledgement: it listens while the
// pipeline runs, and gives what its handler hands over to the pipeline.
type httpServer struct {
	config   httpConfig
	handler  http.Handler
	handover *handover
	log      *service.Logger

	mu     sync.Mutex // guards what follows
	server *http.Server
	served chan struct{} // closed when the server has ended
}

func newHTTPServer(c httpConfig, handler http.Handler, handover *handover, log *service.Logger) *httpServer {
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
	in.server, in.served = in.newServer(), make(chan struct{})
	go in.serve(in.server, yieldingListener{xnetutil.LimitListener(listener, in.config.maxConnections)}, in.served)
	return nil
}

func (in *httpServer) newServer() *http.Server {
	return &http.Server{
		Handler:           in.handler,
		TLSConfig:         in.config.tls,
		ReadHeaderTimeout: httpHeaderTimeout,
		// Longer than a caller may wait: when it passes, the server takes the caller for gone.
		ReadTimeout:    httpHeaderTimeout + in.config.timeout + time.Second,
		WriteTimeout:   in.config.timeout + httpWriteTimeout,
		IdleTimeout:    httpIdleTimeout,
		MaxHeaderBytes: httpHeaderBytes,
		ConnState:      yieldWhenIdle,
		// It quotes the addresses of callers, for every port scan.
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

func (in *httpServer) serve(server *http.Server, listener net.Listener, served chan<- struct{}) {
	defer close(served)
	serve := server.Serve
	if in.config.tls != nil {
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	if err := serve(listener); !errors.Is(err, http.ErrServerClosed) {
		in.log.Errorf("Serving requests: %v", err)
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
	err := in.server.Shutdown(ctx)
	if err != nil {
		// Connections that never sent anything, or too slowly: nothing of theirs was taken.
		err = in.server.Close()
	}
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
