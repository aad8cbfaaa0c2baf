package inputs

import (
	"errors"
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// exportMetrics tells what the engine's own metrics cannot. Requests and retries share their names with the output.
type exportMetrics struct {
	requests *service.MetricCounter
	latency  *service.MetricTimer
	retries  *service.MetricCounter
	pages    *service.MetricCounter
	records  *service.MetricCounter
	skipped  *service.MetricCounter
	restarts *service.MetricCounter
}

func newExportMetrics(m *service.Metrics) exportMetrics {
	return exportMetrics{
		requests: m.NewCounter("clevertap_requests_total", "code"),
		latency:  m.NewTimer("clevertap_request_latency_ns"),
		retries:  m.NewCounter("clevertap_retries_total", "reason"),
		pages:    m.NewCounter("clevertap_export_pages_total"),
		records:  m.NewCounter("clevertap_export_records_total", "outcome"),
		skipped:  m.NewCounter("clevertap_export_skipped_total", "reason"),
		restarts: m.NewCounter("clevertap_export_restarts_total"),
	}
}

func (m exportMetrics) request(took time.Duration, err error) {
	m.latency.Timing(took.Nanoseconds())
	label := "200"
	var e *clevertap.Error
	switch {
	case errors.As(err, &e) && e.Status != 0:
		label = strconv.Itoa(e.Status)
	case errors.As(err, &e):
		label = string(e.Reason)
	case err != nil:
		label = "stopped"
	}
	m.requests.Incr(1, label)
}

func (m exportMetrics) retry(reason clevertap.Reason) { m.retries.Incr(1, string(reason)) }

// page counts one that was delivered: its records, and those that had been delivered before.
func (m exportMetrics) page(delivered, known int) {
	m.pages.Incr(1)
	m.records.Incr(int64(delivered), "delivered")
	m.records.Incr(int64(known), "known")
}

func (m exportMetrics) skip(reason clevertap.Reason) { m.skipped.Incr(1, string(reason)) }
