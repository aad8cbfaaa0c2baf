package inputs

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/redpanda-data/benthos/v4/public/utils/netutil"

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

const (
	httpFieldAddress        = "address"
	httpFieldTimeout        = "timeout"
	httpFieldMaxBodyBytes   = "max_body_bytes"
	httpFieldMaxRequests    = "max_in_flight_requests"
	httpFieldMaxBytes       = "max_in_flight_bytes"
	httpFieldMaxConnections = "max_connections"
	httpFieldTLS            = "tls"
	httpFieldCertFile       = "cert_file"
	httpFieldKeyFile        = "key_file"
	httpFieldTCP            = "tcp"
)

// httpDefaults are what differs between the inputs that take requests.
type httpDefaults struct {
	address, timeout, timeoutMeaning string
	maxBodyBytes, maxRequests        int
	bodyMeaning, requestsMeaning     string
}

func httpAddressField(d httpDefaults) *service.ConfigField {
	return service.NewStringField(httpFieldAddress).
		Description("The address to listen on. The default takes calls from this machine only, as from a proxy that terminates TLS; `0.0.0.0` in place of `127.0.0.1` takes them from everywhere.").
		Default(d.address).
		LintRule(`root = if this != "" && !this.string().re_match(":[0-9]+$") { ["address must end in a port, such as 127.0.0.1:4196"] }`)
}

func httpLimitFields(d httpDefaults) []*service.ConfigField {
	return []*service.ConfigField{
		fields.Duration(httpFieldTimeout, d.timeout).Description(d.timeoutMeaning),
		atLeastOne(httpFieldMaxBodyBytes, d.maxBodyBytes).Description(d.bodyMeaning),
		atLeastOne(httpFieldMaxRequests, d.maxRequests).Description(d.requestsMeaning),
		atLeastOne(httpFieldMaxBytes, 64<<20).
			Description("How many bytes of memory requests may take until they are acknowledged, parsing included. Further requests are refused, and their senders retry. A quarter is reserved for small requests, and senders that have not yet shown a key or a signature share at most a quarter. The limit is raised if the largest allowed request needs more."),
		atLeastOne(httpFieldMaxConnections, 10_000).
			Description("How many connections may be open at once, idle ones included: each takes some 20 KB. Further ones wait until one is closed."),
		service.NewObjectField(httpFieldTLS,
			service.NewStringField(httpFieldCertFile).Description("The certificate and its chain, a PEM file.").Default(""),
			service.NewStringField(httpFieldKeyFile).Description("The key of the certificate, a PEM file.").Default(""),
		).Description("Serves HTTPS with a certificate that is read at the start. Without it: HTTP. Both in version 1.1; a proxy in front may speak HTTP/2.").Advanced(),
		netutil.ListenerConfigSpec(),
	}
}

// atLeastOne is an advanced field for a limit.
func atLeastOne(name string, byDefault int) *service.ConfigField {
	return service.NewIntField(name).
		Default(byDefault).
		LintRule(`root = if this < 1 { ["` + name + ` must be at least 1"] }`).
		Advanced()
}

// httpConfig is what the fields hold.
type httpConfig struct {
	address                                   string
	timeout                                   time.Duration
	maxBodyBytes, maxRequests, maxConnections int
	maxInFlightBytes                          int
	// tls is nil for plain HTTP.
	tls    *tls.Config
	listen netutil.ListenerConfig
}

func httpConfigFromParsed(conf *service.ParsedConfig) (c httpConfig, err error) {
	if c.address, err = conf.FieldString(httpFieldAddress); err != nil {
		return
	}
	if c.timeout, err = conf.FieldDuration(httpFieldTimeout); err != nil {
		return
	}
	// Lint does not see every config.
	if c.timeout <= 0 {
		return c, fmt.Errorf("%s must be longer than zero", httpFieldTimeout)
	}
	for name, target := range map[string]*int{
		httpFieldMaxBodyBytes: &c.maxBodyBytes, httpFieldMaxRequests: &c.maxRequests, httpFieldMaxBytes: &c.maxInFlightBytes,
		httpFieldMaxConnections: &c.maxConnections,
	} {
		if *target, err = intAtLeastOne(conf, name); err != nil {
			return
		}
	}
	if c.tls, err = httpTLSFromParsed(conf.Namespace(httpFieldTLS)); err != nil {
		return
	}
	if conf.Contains(httpFieldTCP) {
		c.listen, err = netutil.ListenerConfigFromParsed(conf.Namespace(httpFieldTCP))
	}
	return c, err
}

func intAtLeastOne(conf *service.ParsedConfig, name string) (int, error) {
	n, err := conf.FieldInt(name)
	if err == nil && n < 1 {
		err = fmt.Errorf("%s must be at least 1", name)
	}
	return n, err
}

func httpTLSFromParsed(conf *service.ParsedConfig) (*tls.Config, error) {
	certFile, err := conf.FieldString(httpFieldCertFile)
	if err != nil {
		return nil, err
	}
	keyFile, err := conf.FieldString(httpFieldKeyFile)
	if err != nil {
		return nil, err
	}
	switch {
	case certFile == "" && keyFile == "":
		return nil, nil
	case certFile == "" || keyFile == "":
		return nil, fmt.Errorf("%s.%s and %s.%s go together: one of them is empty", httpFieldTLS, httpFieldCertFile, httpFieldTLS, httpFieldKeyFile)
	}
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}
