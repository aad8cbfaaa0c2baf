package outputs

import (
	"errors"
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// clevertapMetrics tells what the engine's own metrics cannot.
type clevertapMetrics struct {
	requests *service.MetricCounter
	latency  *service.MetricTimer
	records  *service.MetricCounter
	rejected *service.MetricCounter
	retries  *service.MetricCounter
}

func newClevertapMetrics(m *service.Metrics) clevertapMetrics {
	return clevertapMetrics{
		requests: m.NewCounter("clevertap_requests_total", "code"),
		latency:  m.NewTimer("clevertap_request_latency_ns"),
		records:  m.NewCounter("clevertap_records_total", "kind"),
		rejected: m.NewCounter("clevertap_records_rejected_total", "code"),
		retries:  m.NewCounter("clevertap_retries_total", "reason"),
	}
}

func (m clevertapMetrics) request(took time.Duration, err error) {
	m.latency.Timing(took.Nanoseconds())
	m.requests.Incr(1, requestLabel(err))
}

// requestLabel is the HTTP status, or the reason where there was none.
func requestLabel(err error) string {
	var e *clevertap.Error
	switch {
	case err == nil:
		return "200"
	case errors.As(err, &e) && e.Status != 0:
		return strconv.Itoa(e.Status)
	case errors.As(err, &e):
		return string(e.Reason)
	}
	return reasonStopped
}

func (m clevertapMetrics) accepted(items []*clevertapItem) {
	counts := map[clevertap.Kind]int64{}
	for _, item := range items {
		counts[item.record.Kind]++
	}
	for kind, n := range counts {
		m.records.Incr(n, string(kind))
	}
}

// rejection counts by code, as far as it looks like one: labels have to stay few.
func (m clevertapMetrics) rejection(code clevertap.Code) {
	label := "other"
	if code >= 400 && code < 600 {
		label = strconv.Itoa(int(code))
	}
	m.rejected.Incr(1, label)
}

func (m clevertapMetrics) retry(cause error) {
	reason, _ := clevertap.ReasonOf(cause)
	var record *clevertap.Rejection
	if errors.As(cause, &record) {
		// A single record that CleverTap could not take just now.
		reason = clevertap.ReasonServerError
	}
	m.retries.Incr(1, string(reason))
}
