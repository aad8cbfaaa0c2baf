package inputs

import (
	"net/http"
	"net/url"
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
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		// Users of the browser SDK add headers of their own.
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{"Retry-After", "X-RateLimit-Reset"},
		// Pages may send credentials if they are named; browsers do not allow it with *.
		AllowCredentials: !slices.Contains(origins, "*"),
		MaxAge:           shPreflightAge,
	})
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
	r := &http.Request{Method: x.method(), Host: x.host(), Header: make(http.Header, 3)}
	for _, name := range []string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"} {
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
	origin := x.header("Origin")
	if h.cors == nil || origin == "" || h.cors.OriginAllowed(corsRequest(x)) {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && from.Host != "" && strings.EqualFold(from.Host, x.host())
}
