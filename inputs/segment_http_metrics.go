package inputs

import "github.com/redpanda-data/benthos/v4/public/service"

type segmentHTTPMetrics struct {
	requests, refused, calls, rejected, trust, dropped *service.MetricCounter
	dedupeErrors, dedupeUnasked                        *service.MetricCounter
	latency                                            *service.MetricTimer
}

func newSegmentHTTPMetrics(m *service.Metrics) segmentHTTPMetrics {
	return segmentHTTPMetrics{
		requests:     m.NewCounter("segment_http_requests_total", "route", "code"),
		refused:      m.NewCounter("segment_http_refused_total", "route", "reason"),
		calls:        m.NewCounter("segment_http_calls_total", "type"),
		rejected:     m.NewCounter("segment_http_rejected_total", "reason"),
		trust:        m.NewCounter("segment_http_trust_total", "trust"),
		dropped:      m.NewCounter("segment_http_dropped_total", "reason"),
		dedupeErrors: m.NewCounter("segment_http_dedupe_errors_total"), dedupeUnasked: m.NewCounter("segment_http_dedupe_unasked_total"),
		latency: m.NewTimer("segment_http_latency_ns", "route"),
	}
}
