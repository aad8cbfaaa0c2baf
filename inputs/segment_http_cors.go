package inputs

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/rs/cors"
)

// shPreflightAge is how long browsers may remember what they are allowed: the longest that Chromium takes.
const shPreflightAge = 7200

// newCORS is nil without origins: pages elsewhere may not call then.
func newCORS(origins []string) *cors.Cors {
	if len(origins) == 0 {
		return nil
	}
	options := cors.Options{
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		// Users of the browser SDK add headers of their own.
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{"Retry-After", "X-RateLimit-Reset"},
		MaxAge:         shPreflightAge,
	}
	if slices.Contains(origins, "*") {
		// The library then answers *, which browsers do not accept together with credentials.
		options.AllowedOrigins = []string{"*"}
	} else {
		// The library's own wildcards match any text, also a slash.
		options.AllowOriginFunc = newAllowedOrigins(origins).allow
		options.AllowCredentials = true
	}
	return cors.New(options)
}

// corsAnswer is what the library writes: headers, and the status of a preflight.
type corsAnswer struct {
	header http.Header
	status int
}

func (a *corsAnswer) Header() http.Header         { return a.header }
func (a *corsAnswer) WriteHeader(status int)      { a.status = status }
func (a *corsAnswer) Write(p []byte) (int, error) { return len(p), nil }

// corsRequest is as much of a request as the library looks at.
func corsRequest(x *exchange) *http.Request {
	r := &http.Request{Method: x.method(), Header: make(http.Header, 3)}
	if origin := pageOrigin(x); origin != "" {
		r.Header.Set("Origin", origin)
	}
	for _, name := range []string{"Access-Control-Request-Method", "Access-Control-Request-Headers"} {
		if values := x.headers(name); values != nil {
			r.Header[name] = values
		}
	}
	return r
}

// answerPage tells browsers which pages may read the answer. It is the whole answer to the question that they ask before
// they send.
func (h *segmentHTTPHandler) answerPage(x *exchange) (answered bool) {
	if h.cors == nil {
		return false
	}
	asks := x.method() == http.MethodOptions && x.header("Access-Control-Request-Method") != ""
	if asks && !h.originAllowed(x) {
		h.refuse(shRouteTracking, shOrigin)
	}
	answer := &corsAnswer{header: http.Header{}}
	h.cors.HandlerFunc(answer, corsRequest(x))
	for name, values := range answer.header {
		for _, value := range values {
			x.add(name, value)
		}
	}
	if asks {
		x.ctx.SetStatusCode(answer.status)
	}
	return asks
}

// originAllowed refuses what browsers send from pages elsewhere without asking first: old SDKs do.
func (h *segmentHTTPHandler) originAllowed(x *exchange) bool {
	if h.cors == nil {
		return true
	}
	origin := pageOrigin(x)
	return origin == "" || h.cors.OriginAllowed(corsRequest(x)) || ownPage(x, origin)
}

// ownPage reports whether a page comes from the host that it calls. An equal Host header alone does not prove it: a
// stranger can point their own name at this listener once the page is loaded (DNS rebinding). For https, the certificate
// proves it, and browsers block calls of such pages to plain HTTP. Addresses and localhost cannot be rebound.
func ownPage(x *exchange, origin string) bool {
	name, valid := splitHost(x.host())
	scheme, host, _ := strings.Cut(origin, "://")
	if !valid || !strings.EqualFold(host, x.host()) {
		return false
	}
	_, err := netip.ParseAddr(name)
	return scheme == "https" || scheme == "http" && direct(x) && (err == nil || isLocalhost(name))
}

// pageOrigin is the origin of the page that calls, or empty outside browsers. Browsers send one; several are joined so
// that they match nothing.
func pageOrigin(x *exchange) string { return strings.Join(x.headers("Origin"), ", ") }
