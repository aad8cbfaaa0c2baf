package fields

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	conFieldTimeout  = "timeout"
	conFieldTLS      = "tls"
	conFieldProxyURL = "proxy_url"

	dialTimeout = 10 * time.Second
	idleTimeout = 90 * time.Second
)

// An empty value passes, as in the other rules of this package.
const conLintProxyURL = `root = if this != "" && !this.string().re_match("^(https?|socks5h?)://[^/?#\\s]+/?$") {
  ["proxy_url must be an http, https or socks5 address, such as http://proxy.internal:3128"]
}`

// connectionFields say how to talk to a service.
func connectionFields(timeout string) []*service.ConfigField {
	return []*service.ConfigField{
		Duration(conFieldTimeout, timeout).
			Description("How long one request may take, including its answer.").
			Advanced(),
		service.NewTLSToggledField(conFieldTLS),
		service.NewStringField(conFieldProxyURL).
			Description("The proxy to go through. Empty: as the environment says (`HTTPS_PROXY`, `NO_PROXY`).").
			Default("").
			Secret().
			Advanced().
			LintRule(conLintProxyURL),
	}
}

// Connection is how to talk to a service.
type Connection struct {
	Timeout time.Duration
	// TLS is nil for the defaults, ProxyURL is nil for the environment's.
	TLS      *tls.Config
	ProxyURL *url.URL
}

func connectionFromParsed(conf *service.ParsedConfig) (c Connection, err error) {
	if c.Timeout, err = conf.FieldDuration(conFieldTimeout); err != nil {
		return
	}
	if c.Timeout <= 0 {
		return c, fmt.Errorf("%s must be longer than zero", conFieldTimeout)
	}
	if c.ProxyURL, err = proxyURL(conf); err != nil {
		return
	}
	tlsConfig, enabled, err := conf.FieldTLSToggled(conFieldTLS)
	if enabled {
		c.TLS = tlsConfig
	}
	return c, err
}

// NewHTTPClient returns a client that keeps as many connections as are used in parallel.
func (c Connection) NewHTTPClient(parallel int) *http.Client {
	return &http.Client{Transport: c.NewTransport(parallel)}
}

// NewTransport returns what NewHTTPClient's client sends with.
func (c Connection) NewTransport(parallel int) *http.Transport {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout, KeepAlive: dialTimeout}).DialContext,
		TLSClientConfig:     c.TLS,
		TLSHandshakeTimeout: dialTimeout,
		IdleConnTimeout:     idleTimeout,
		MaxIdleConnsPerHost: parallel,
		// Setting the TLS config or the dialer would turn it off.
		ForceAttemptHTTP2: true,
	}
	if c.ProxyURL != nil {
		transport.Proxy = http.ProxyURL(c.ProxyURL)
	}
	return transport
}

func proxyURL(conf *service.ParsedConfig) (*url.URL, error) {
	raw, err := conf.FieldString(conFieldProxyURL)
	if err != nil || raw == "" {
		return nil, err
	}
	proxy, err := url.Parse(raw)
	if err != nil || proxy.Host == "" {
		// The error of the URL package would quote the address, which may hold credentials.
		return nil, errors.New(conFieldProxyURL + " is not an address")
	}
	return proxy, nil
}

func requiredString(conf *service.ParsedConfig, name, owner string) (string, error) {
	value, err := conf.FieldString(name)
	switch {
	case err != nil:
	case value == "":
		err = fmt.Errorf("%s is empty: set it to the value from %s's settings", name, owner)
	case strings.ContainsFunc(value, unicode.IsControl):
		// Mounted secrets often end in a line break, which no header can carry.
		err = fmt.Errorf("%s holds a line break or another control character: remove it", name)
	}
	return value, err
}
