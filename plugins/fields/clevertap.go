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

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

const (
	ctFieldAccountID = "account_id"
	ctFieldPasscode  = "passcode"
	ctFieldRegion    = "region"
	ctFieldURL       = "url"
	ctFieldTimeout   = "timeout"
	ctFieldTLS       = "tls"
	ctFieldProxyURL  = "proxy_url"

	dialTimeout = 10 * time.Second
	idleTimeout = 90 * time.Second
)

// The rules let an empty value pass: that is what lint sees of a variable which is not set where it runs. What may
// not be empty is refused when the component is built.
const (
	ctLintURL = `root = if this != "" && !this.string().re_match("^https?://[^/?#@\\s]+(/[^?#@\\s]*)?$") {
  ["url must be an http or https address without credentials, query and fragment, such as https://api.clevertap.com"]
}`
	ctLintProxyURL = `root = if this != "" && !this.string().re_match("^(https?|socks5h?)://[^/?#\\s]+/?$") {
  ["proxy_url must be an http, https or socks5 address, such as http://proxy.internal:3128"]
}`
)

// CleverTapAccount returns the fields that say which account is meant and where it lives. They come first.
func CleverTapAccount() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(ctFieldAccountID).
			Description("The account id of the project (CleverTap dashboard, Settings, Project).").
			Example("${CLEVERTAP_ACCOUNT_ID}"),
		service.NewStringField(ctFieldPasscode).
			Description("A passcode of the account (CleverTap dashboard, Settings, Passcode). The SDK's account token is another credential and is refused.").
			Example("${CLEVERTAP_PASSCODE}").
			Secret(),
		regionField(),
		service.NewStringField(ctFieldURL).
			Description("The base address of the API, in place of `region`: for the sandbox, or for a region that this version does not know.").
			Example("http://127.0.0.1:8095").
			Default("").
			LintRule(ctLintURL),
	}
}

func regionField() *service.ConfigField {
	quoted, list := "", strings.Join(clevertap.Regions(), ", ")
	for _, code := range clevertap.Regions() {
		quoted += fmt.Sprintf("%q, ", code)
	}
	return service.NewStringEnumField(ctFieldRegion, clevertap.Regions()...).
		Description("The region of the account: the sub-domain of its dashboard. An account lives in exactly one region; any other refuses its credentials. Not used when `url` is set.").
		Default(clevertap.DefaultRegion).
		// In place of the engine's own rule, which takes any case.
		LintRule(`root = if this != "" && ![` + quoted + `].contains(this.string()) {
  ["region must be one of ` + list + `"]
}`)
}

// CleverTapConnection returns the fields that say how to talk to CleverTap. They come last.
func CleverTapConnection() []*service.ConfigField {
	return []*service.ConfigField{
		Duration(ctFieldTimeout, "30s").
			Description("How long one request may take, including its answer.").
			Advanced(),
		service.NewTLSToggledField(ctFieldTLS),
		service.NewStringField(ctFieldProxyURL).
			Description("The proxy to go through. Empty: as the environment says (`HTTPS_PROXY`, `NO_PROXY`).").
			Default("").
			Secret().
			Advanced().
			LintRule(ctLintProxyURL),
	}
}

// CleverTapConfig is what the fields of CleverTapAccount and CleverTapConnection hold.
type CleverTapConfig struct {
	AccountID, Passcode, BaseURL string
	Timeout                      time.Duration
	// TLS is nil for the defaults, ProxyURL is nil for the environment's.
	TLS      *tls.Config
	ProxyURL *url.URL
}

// CleverTapFromParsed reads the fields of CleverTapAccount and CleverTapConnection.
func CleverTapFromParsed(conf *service.ParsedConfig) (c CleverTapConfig, err error) {
	if c.AccountID, err = requiredString(conf, ctFieldAccountID); err != nil {
		return
	}
	if c.Passcode, err = requiredString(conf, ctFieldPasscode); err != nil {
		return
	}
	if c.BaseURL, err = cleverTapURL(conf); err != nil {
		return
	}
	if c.Timeout, err = conf.FieldDuration(ctFieldTimeout); err != nil {
		return
	}
	if c.Timeout <= 0 {
		return c, fmt.Errorf("%s must be longer than zero", ctFieldTimeout)
	}
	if c.ProxyURL, err = proxyURL(conf); err != nil {
		return
	}
	tlsConfig, enabled, err := conf.FieldTLSToggled(ctFieldTLS)
	if enabled {
		c.TLS = tlsConfig
	}
	return c, err
}

// NewHTTPClient returns a client that keeps as many connections as are used in parallel.
func (c CleverTapConfig) NewHTTPClient(parallel int) *http.Client {
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
	return &http.Client{Transport: transport}
}

func cleverTapURL(conf *service.ParsedConfig) (string, error) {
	address, err := conf.FieldString(ctFieldURL)
	if err != nil || address != "" {
		return address, err
	}
	region, err := conf.FieldString(ctFieldRegion)
	if err != nil {
		return "", err
	}
	base, known := clevertap.RegionURL(region)
	if !known {
		return "", fmt.Errorf("%s must be one of %s", ctFieldRegion, strings.Join(clevertap.Regions(), ", "))
	}
	return base, nil
}

func proxyURL(conf *service.ParsedConfig) (*url.URL, error) {
	raw, err := conf.FieldString(ctFieldProxyURL)
	if err != nil || raw == "" {
		return nil, err
	}
	proxy, err := url.Parse(raw)
	if err != nil || proxy.Host == "" {
		// The error of the URL package would quote the address, which may hold credentials.
		return nil, errors.New(ctFieldProxyURL + " is not an address")
	}
	return proxy, nil
}

func requiredString(conf *service.ParsedConfig, name string) (string, error) {
	value, err := conf.FieldString(name)
	if err == nil && value == "" {
		err = fmt.Errorf("%s is empty: set it to the value from CleverTap's settings", name)
	}
	return value, err
}
