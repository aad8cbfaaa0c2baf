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

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

const (
	cwhFieldAddress      = "address"
	cwhFieldPath         = "path"
	cwhFieldUsername     = "username"
	cwhFieldPassword     = "password"
	cwhFieldHeaderName   = "header_name"
	cwhFieldHeaderValue  = "header_value"
	cwhFieldAccountID    = "account_id"
	cwhFieldTimeout      = "timeout"
	cwhFieldMaxBodyBytes = "max_body_bytes"
	cwhFieldMaxRequests  = "max_in_flight_requests"
	cwhFieldTLS          = "tls"
	cwhFieldCertFile     = "cert_file"
	cwhFieldKeyFile      = "key_file"
	cwhFieldTCP          = "tcp"

	cwhBothAuths = "choose username and password, or header_name and header_value: CleverTap sends one of them"

	webhookHeaderTimeout = 5 * time.Second
	webhookIdleTimeout   = 90 * time.Second
	webhookWriteTimeout  = 10 * time.Second
	webhookCloseTimeout  = 3 * time.Second
	webhookHeaderBytes   = 32 << 10
)

func clevertapWebhookSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Version("0.1.0").
		Categories("Network", "Services").
		Summary("Receives the webhooks of CleverTap's campaigns and journeys, and answers when they have been delivered.").
		Description(cwhDescription).
		Fields(webhookServerFields()...).
		Fields(webhookLimitFields()...).
		LintRule(`root = if this.username.or("") != "" && this.header_name.or("") != "" { ["`+cwhBothAuths+`"] }`).
		Example(cwhExampleTitle, cwhExampleSummary, cwhExample)
}

func webhookServerFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(cwhFieldAddress).
			Description("The address to listen on. The default takes calls from this machine only, as from a proxy that terminates TLS; `0.0.0.0:4197` takes them from everywhere.").
			Default("127.0.0.1:4197"),
		service.NewStringField(cwhFieldPath).
			Description("The path that CleverTap calls; every other one is answered 404.").
			Default("/clevertap").
			LintRule(`root = if this != "" && !this.string().has_prefix("/") { ["path must begin with /"] }`),
		service.NewStringField(cwhFieldUsername).
			Description("The user name for Basic authentication. Without it and without `header_name` everybody who reaches the address can write, and a warning says so at the start.").
			Default(""),
		service.NewStringField(cwhFieldPassword).
			Description("The password for Basic authentication.").
			Default("").
			Secret(),
		service.NewStringField(cwhFieldHeaderName).
			Description("The name of a header that holds a secret, in place of Basic authentication.").
			Example("X-Webhook-Secret").
			Default("").
			LintRule("root = if this != \"\" && !this.string().re_match(\"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$\") { [\"header_name must be the name of a header\"] }"),
		service.NewStringField(cwhFieldHeaderValue).
			Description("The secret in that header.").
			Default("").
			Secret(),
		service.NewStringField(cwhFieldAccountID).
			Description("The account that calls, for the metadata `clevertap_account_id`. Set it when several accounts feed one Segment source.").
			Default(""),
	}
}

func webhookLimitFields() []*service.ConfigField {
	return []*service.ConfigField{
		fields.Duration(cwhFieldTimeout, "2.5s").
			Description("How long a caller waits for the acknowledgement before it is answered 504. CleverTap itself may wait only three seconds. The output's batching period and its retries must fit into it."),
		service.NewIntField(cwhFieldMaxBodyBytes).
			Description("The largest body.").
			Default(4 << 20).
			LintRule(`root = if this < 1 { ["max_body_bytes must be at least 1"] }`).
			Advanced(),
		service.NewIntField(cwhFieldMaxRequests).
			Description("How many calls may wait for their acknowledgement at once. Any other is answered 503 right away, and CleverTap tries it again.").
			Default(100).
			LintRule(`root = if this < 1 { ["max_in_flight_requests must be at least 1"] }`).
			Advanced(),
		service.NewObjectField(cwhFieldTLS,
			service.NewStringField(cwhFieldCertFile).Description("The certificate and its chain, a PEM file.").Default(""),
			service.NewStringField(cwhFieldKeyFile).Description("The key of the certificate, a PEM file.").Default(""),
		).Description("Serves HTTPS with a certificate that is read at the start. Without it: HTTP.").Advanced(),
		netutil.ListenerConfigSpec(),
	}
}

func init() {
	service.MustRegisterBatchInput("clevertap_webhook", clevertapWebhookSpec(),
		func(conf *service.ParsedConfig, mgr *service.Resources) (service.BatchInput, error) {
			c, err := clevertapWebhookConfigFromParsed(conf)
			if err != nil {
				return nil, err
			}
			return newClevertapWebhook(c, mgr.Logger(), mgr.Metrics()), nil
		})
}

type clevertapWebhook struct {
	config  clevertapWebhookConfig
	handler *webhookHandler
	log     *service.Logger

	mu     sync.Mutex // guards what follows
	server *http.Server
	served chan struct{} // closed when the server has ended
}

func newClevertapWebhook(c clevertapWebhookConfig, log *service.Logger, metrics *service.Metrics) *clevertapWebhook {
	if c.auth.open() {
		log.Warn("clevertap_webhook takes calls from everybody: set username and password, or header_name and header_value")
	}
	return &clevertapWebhook{config: c, handler: newWebhookHandler(c, metrics, time.Now), log: log}
}

// Connect listens, so that an address in use shows as a failed connection.
func (in *clevertapWebhook) Connect(ctx context.Context) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.server != nil && !webhookClosed(in.served) {
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
	go in.serve(in.server, listener, in.served)
	return nil
}

func (in *clevertapWebhook) newServer() *http.Server {
	return &http.Server{
		Handler:           in.handler,
		TLSConfig:         in.config.tls,
		ReadHeaderTimeout: webhookHeaderTimeout,
		// Longer than a caller may wait: when it passes, the server takes the caller for gone.
		ReadTimeout:    webhookHeaderTimeout + in.config.timeout + time.Second,
		WriteTimeout:   in.config.timeout + webhookWriteTimeout,
		IdleTimeout:    webhookIdleTimeout,
		MaxHeaderBytes: webhookHeaderBytes,
		// It quotes the addresses of callers, for every port scan.
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

func (in *clevertapWebhook) serve(server *http.Server, listener net.Listener, served chan<- struct{}) {
	defer close(served)
	serve := server.Serve
	if in.config.tls != nil {
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	if err := serve(listener); !errors.Is(err, http.ErrServerClosed) {
		in.log.Errorf("Serving webhooks: %v", err)
	}
}

// ReadBatch returns the profiles of the next call. Its context ends when the pipeline begins to stop.
func (in *clevertapWebhook) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	in.mu.Lock()
	served := in.served
	in.mu.Unlock()
	if served == nil || webhookClosed(served) {
		return nil, nil, service.ErrNotConnected
	}
	select {
	case call := <-in.handler.calls:
		return call.batch, call.ack, nil
	case <-served:
		return nil, nil, service.ErrNotConnected
	case <-ctx.Done():
		in.handler.drain()
		return nil, nil, ctx.Err()
	}
}

// Close answers those who still wait before it waits for the server: one of them may hold a call that was read and
// will never be acknowledged.
func (in *clevertapWebhook) Close(ctx context.Context) error {
	in.handler.drain()
	in.handler.stop()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.server == nil {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, webhookCloseTimeout)
	defer done()
	err := in.server.Shutdown(ctx)
	if err != nil {
		// Connections that never sent anything, or too slowly: nothing of theirs was taken.
		err = in.server.Close()
	}
	<-in.served
	return err
}

func webhookClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
