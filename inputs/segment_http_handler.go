package inputs

import (
	"io"
	"math/rand/v2"
	"net/http"
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

	// shRetrySeconds bounds the pause that callers are told; each is told another, lest they come back all at once.
	shRetrySeconds = 10
)

// segmentHTTPHandler is the HTTP side of the input.
type segmentHTTPHandler struct {
	config segmentHTTPConfig
	now    func() time.Time

	handover  *handover
	allowance *allowance
	rates     *rateLimits // nil without a limit
	dedupe    *dedupe     // nil without a cache
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
		allowance: newAllowance(c.maxInFlightBytes, (1+shParsing)*c.maxBodyBytes),
		rates:     newRateLimits(c.rateLimit, c.writeKeys, now),
		cors:      newCORS(c.allowedOrigins),
		metrics:   newSegmentHTTPMetrics(metrics), refusals: newRefusals(log, now),
	}
	if c.dedupeCache != "" {
		h.dedupe = newDedupe(c, cache, log, h.metrics)
	}
	return h
}

// serveHTTP answers one request.
func (h *segmentHTTPHandler) serveHTTP(x *exchange) {
	began := time.Now()
	path := strings.TrimSuffix(x.path, "/")
	if len(h.config.webhookSecret) > 0 && path == h.config.webhookPath {
		h.reply(x, shRouteWebhook, began, h.webhook(x))
		return
	}
	name, ours := strings.CutPrefix(path, h.config.prefix+"/")
	switch {
	case !ours || h.config.webhookOnly:
		h.reply(x, shRouteNone, began, shNotFound)
	case !h.answerPage(x):
		h.serveAPI(x, name, began)
	}
}

// serveAPI answers a request for one of Segment's routes, by what follows the prefix.
func (h *segmentHTTPHandler) serveAPI(x *exchange, name string, began time.Time) {
	if key, ok := settingsKey(name); ok {
		h.reply(x, shRouteSettings, began, h.settings(x, key))
		return
	}
	route, known := segment.Routes[name]
	switch {
	case name == selfMetrics:
		h.reply(x, shRouteSelf, began, h.swallow(x))
	case !known:
		h.reply(x, shRouteNone, began, shNotFound)
	default:
		h.reply(x, shRouteTracking, began, h.tracking(x, route))
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

func (h *segmentHTTPHandler) swallow(x *exchange) *shAnswer {
	if x.method() != http.MethodPost {
		return shMethod
	}
	_, _ = io.Copy(io.Discard, x.body(h.config.maxBodyBytes))
	return shSuccess
}

// refuse counts a request that is not taken, and tells of it.
func (h *segmentHTTPHandler) refuse(route string, answer *shAnswer) {
	h.metrics.refused.Incr(1, route, answer.reason)
	h.refusals.note(refusedRequests, answer.reason)
}

func (h *segmentHTTPHandler) reply(x *exchange, route string, began time.Time, answer *shAnswer) {
	status := strconv.Itoa(answer.status)
	h.metrics.requests.Incr(1, route, status)
	if answer.reason != "" {
		h.refuse(route, answer)
	}
	h.metrics.latency.Timing(time.Since(began).Nanoseconds(), route)
	switch answer.status {
	case http.StatusMethodNotAllowed:
		if route == shRouteSettings {
			x.set("Allow", http.MethodGet+", "+http.MethodHead)
		} else {
			x.set("Allow", http.MethodPost)
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		pause := strconv.Itoa(1 + rand.IntN(shRetrySeconds))
		x.set("Retry-After", pause)
		x.set("X-RateLimit-Reset", pause)
	}
	if answer.hangUp {
		x.hangUp()
	}
	x.answer(answer.status, answer.body)
}
