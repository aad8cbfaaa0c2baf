package inputs

import (
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/rs/cors"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const (
	shRouteTracking = "tracking"
	shRouteWebhook  = "webhook"
	shRouteSettings = "settings"
	shRouteSelf     = "metrics"
	shRouteNone     = "none"

	// shPreflightAge is how long browsers may remember what they are allowed: the longest that Chromium takes.
	shPreflightAge = 7200
	// shRetrySeconds bounds the pause that callers are told; each is told another, lest they come back all at once.
	shRetrySeconds = 10
)

// segmentHTTPHandler is the HTTP side of the input.
type segmentHTTPHandler struct {
	config segmentHTTPConfig
	now    func() time.Time

	handover  *handover
	allowance *allowance
	dedupe    *dedupe // nil without a cache
	cors      *cors.Cors
	readers   callReaders
	metrics   segmentHTTPMetrics
	refusals  *refusals
}

func newSegmentHTTPHandler(
	c segmentHTTPConfig, cache accessCache, log *service.Logger, metrics *service.Metrics, now func() time.Time,
) *segmentHTTPHandler {
	h := &segmentHTTPHandler{
		config: c, now: now, handover: newHandover(c.maxRequests),
		allowance: newAllowance(max(c.maxInFlightBytes, (1+shParsing)*c.maxBodyBytes)),
		metrics:   newSegmentHTTPMetrics(metrics), refusals: newRefusals(log, now),
	}
	if c.dedupeCache != "" {
		h.dedupe = newDedupe(cache, c.dedupeTTL, c.timeout, log, h.metrics.dedupeErrors)
	}
	if len(c.allowedOrigins) > 0 {
		h.cors = cors.New(cors.Options{
			AllowedOrigins: c.allowedOrigins,
			AllowedMethods: []string{http.MethodGet, http.MethodPost},
			// Users of the browser SDK add headers of their own.
			AllowedHeaders: []string{"*"},
			ExposedHeaders: []string{"Retry-After", "X-RateLimit-Reset"},
			// Pages may send credentials if they are named; browsers do not allow it with *.
			AllowCredentials: !slices.Contains(c.allowedOrigins, "*"),
			MaxAge:           shPreflightAge,
		})
	}
	return h
}

// ServeHTTP answers one request.
func (h *segmentHTTPHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	path := strings.TrimSuffix(r.URL.Path, "/")
	if len(h.config.webhookSecret) > 0 && path == h.config.webhookPath {
		h.reply(w, shRouteWebhook, began, h.webhook(w, r))
		return
	}
	name, ours := strings.CutPrefix(path, h.config.prefix+"/")
	if !ours || h.config.webhookOnly {
		h.reply(w, shRouteNone, began, shNotFound)
		return
	}
	if h.cors == nil {
		h.serveAPI(w, r, name, began)
		return
	}
	if isPreflight(r) && !h.originAllowed(r) {
		h.refuse(shRouteTracking, shOrigin)
	}
	// It answers the questions that browsers ask before they send.
	h.cors.ServeHTTP(w, r, func(w http.ResponseWriter, r *http.Request) { h.serveAPI(w, r, name, began) })
}

// serveAPI answers a request for one of Segment's routes, by what follows the prefix.
func (h *segmentHTTPHandler) serveAPI(w http.ResponseWriter, r *http.Request, name string, began time.Time) {
	if key, ok := settingsKey(name); ok {
		h.reply(w, shRouteSettings, began, h.settings(r, key))
		return
	}
	route, known := segment.Routes[name]
	switch {
	case name == selfMetrics:
		h.reply(w, shRouteSelf, began, h.swallow(w, r))
	case !known:
		h.reply(w, shRouteNone, began, shNotFound)
	default:
		h.reply(w, shRouteTracking, began, h.tracking(w, r, route))
	}
}

// selfMetrics is where the browser SDK tells how it fares. It is no customer data.
// https://github.com/segmentio/analytics-next (packages/browser/src/core/stats/remote-metrics.ts)
const selfMetrics = "m"

func trackingRoute(name string) bool {
	_, known := segment.Routes[name]
	_, settings := settingsKey(name)
	return known || settings || name == selfMetrics
}

func (h *segmentHTTPHandler) swallow(w http.ResponseWriter, r *http.Request) *shAnswer {
	if r.Method != http.MethodPost {
		return shMethod
	}
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, int64(h.config.maxBodyBytes)))
	return shSuccess
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// refuse counts a request that is not taken, and tells of it.
func (h *segmentHTTPHandler) refuse(route string, answer *shAnswer) {
	h.metrics.refused.Incr(1, route, answer.reason)
	h.refusals.note(answer.reason)
}

// shContentType is never changed, so that all answers can share it.
var shContentType = []string{"application/json"}

func (h *segmentHTTPHandler) reply(w http.ResponseWriter, route string, began time.Time, answer *shAnswer) {
	status := strconv.Itoa(answer.status)
	h.metrics.requests.Incr(1, route, status)
	if answer.reason != "" {
		h.refuse(route, answer)
	}
	h.metrics.latency.Timing(time.Since(began).Nanoseconds(), route)
	header := w.Header()
	header["Content-Type"] = shContentType
	switch answer.status {
	case http.StatusMethodNotAllowed:
		if route == shRouteSettings {
			header.Set("Allow", http.MethodGet+", "+http.MethodHead)
		} else {
			header.Set("Allow", http.MethodPost)
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		pause := strconv.Itoa(1 + rand.IntN(shRetrySeconds))
		header.Set("Retry-After", pause)
		header.Set("X-RateLimit-Reset", pause)
	}
	if answer.hangUp {
		header.Set("Connection", "close")
	}
	header.Set("Content-Length", strconv.Itoa(len(answer.body)))
	w.WriteHeader(answer.status)
	_, _ = io.WriteString(w, answer.body)
}
