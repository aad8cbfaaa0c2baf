package outputs

import (
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// segmentMetrics tells what the engine's own metrics cannot.
type segmentMetrics struct {
	requests *service.MetricCounter
	latency  *service.MetricTimer
	calls    *service.MetricCounter
	rejected *service.MetricCounter
	retries  *service.MetricCounter
}

func newSegmentMetrics(m *service.Metrics) segmentMetrics {
	return segmentMetrics{
		requests: m.NewCounter("segment_requests_total", "code"),
		latency:  m.NewTimer("segment_request_latency_ns"),
		calls:    m.NewCounter("segment_calls_total", "type"),
		rejected: m.NewCounter("segment_rejected_total", "reason"),
		retries:  m.NewCounter("segment_retries_total", "reason"),
	}
}

// request counts by HTTP status, or by reason where there was no whole answer.
func (m segmentMetrics) request(took time.Duration, status int, trouble *segmentTrouble) {
	m.latency.Timing(took.Nanoseconds())
	code := strconv.Itoa(status)
	if trouble != nil && (status == 0 || status < 300) {
		code = trouble.reason
	}
	m.requests.Incr(1, code)
}

func (m segmentMetrics) accepted(kind segment.Type) { m.calls.Incr(1, string(kind)) }
