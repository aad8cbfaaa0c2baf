package main

import (
	"net"
	"net/netip"

	"github.com/redpanda-data/benthos/v4/public/service"
	ucli "github.com/urfave/cli/v2"
)

// defaultHTTPAddress is where the engine's HTTP server listens unless http.address says otherwise. The engine's own
// default is every interface, where everybody could add streams in streams mode.
const defaultHTTPAddress = "127.0.0.1:4195"

func mainSchema() *service.ConfigSchema {
	schema := service.GlobalEnvironment().FullConfigSchema(version, date)
	schema.SetFieldDefault(defaultHTTPAddress, "http", "address")
	return schema
}

// The help of streams is the engine's. What it does not say stands behind it.
func init() {
	ucli.CommandHelpTemplate += `{{if eq .Name "streams"}}
SECURITY:
   Everybody who reaches the HTTP API can read the configurations of all streams with their secrets, and add
   streams that run commands. It listens on ` + defaultHTTPAddress + ` unless http.address says otherwise, which keeps
   other machines out, but not the users of this one and the web pages that they open. Use --no-api unless you need
   the API. Otherwise set http.basic_auth, and http.cert_file with http.key_file if other machines can reach it.
{{end}}`
}

// httpAPI warns of an HTTP server that lets others do more than read metrics.
type httpAPI struct {
	streams bool // whether streams can be read and added
}

func (h *httpAPI) readFlags(c *ucli.Context) error {
	h.streams = c.Command.Name == "streams" && !c.Bool("no-api")
	return nil
}

func (h *httpAPI) examine(conf *service.ParsedConfig) error {
	server, err := httpServerFrom(conf.Namespace("http"))
	if err != nil {
		return err
	}
	if warning := server.warning(h.streams); warning != "" {
		conf.Resources().Logger().Warn("http: " + warning)
	}
	return nil
}

// httpServer is what the section http says of who can use the server.
type httpServer struct {
	enabled, debug, password, encrypted bool
	address                             string
}

func httpServerFrom(conf *service.ParsedConfig) (s httpServer, err error) {
	if s.enabled, err = conf.FieldBool("enabled"); err != nil {
		return
	}
	if s.debug, err = conf.FieldBool("debug_endpoints"); err != nil {
		return
	}
	if s.password, err = conf.FieldBool("basic_auth", "enabled"); err != nil {
		return
	}
	if s.address, err = conf.FieldString("address"); err != nil {
		return
	}
	certificate, err := conf.FieldString("cert_file")
	s.encrypted = certificate != ""
	return
}

func (s httpServer) warning(streams bool) string {
	local := onLoopback(s.address)
	switch {
	case !s.enabled:
		return ""
	case streams && !s.password && local:
		return "api_open: every user of this machine can read the configurations of streams with their secrets, " +
			"and they and every web page opened on it can add streams that run commands; use --no-api, or set http.basic_auth"
	case streams && !s.password:
		return "api_open: everybody who reaches " + s.address + " can read the configurations of streams with their secrets, " +
			"and add streams that run commands; use --no-api, or a loopback http.address, or set http.basic_auth"
	case streams && !local && !s.encrypted:
		return "api_unencrypted: the password and the secrets of streams travel as plain text to " + s.address + "; " +
			"set http.cert_file and http.key_file, or use a loopback http.address behind a proxy that terminates TLS"
	case s.debug && !s.password && !local:
		return "debug_open: everybody who reaches " + s.address + " can read the configuration and the memory profile; " +
			"turn off http.debug_endpoints, or use a loopback http.address, or set http.basic_auth"
	}
	return ""
}

// onLoopback reports whether only this machine reaches an address. Names are not looked up.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
