package inputs

import (
	"errors"
	"strconv"
	"strings"
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
	failures *service.MetricCounter
	// failing and left count the events that cannot be read, and those that the round has not read.
	failing, left *service.MetricGauge

	events       *eventLabels
	eventPages   *service.MetricCounter
	eventRecords *service.MetricCounter
	eventDays    *service.MetricGauge
}

const (
	outcomeDelivered = "delivered"
	outcomeKnown     = "known"
)

// newExportMetrics makes what alerts watch exist from the start: the increase of a counter that begins with its first
// failure is none.
func newExportMetrics(m *service.Metrics) exportMetrics {
	metrics := exportMetrics{
		requests:     m.NewCounter("clevertap_requests_total", "code"),
		latency:      m.NewTimer("clevertap_request_latency_ns"),
		retries:      m.NewCounter("clevertap_retries_total", "reason"),
		pages:        m.NewCounter("clevertap_export_pages_total"),
		records:      m.NewCounter("clevertap_export_records_total", "outcome"),
		skipped:      m.NewCounter("clevertap_export_skipped_total", "reason"),
		restarts:     m.NewCounter("clevertap_export_restarts_total"),
		failures:     m.NewCounter("clevertap_export_failures_total", "reason"),
		failing:      m.NewGauge("clevertap_export_events_failing"),
		left:         m.NewGauge("clevertap_export_events_left"),
		events:       newEventLabels(),
		eventPages:   m.NewCounter("clevertap_export_event_pages_total", "event"),
		eventRecords: m.NewCounter("clevertap_export_event_records_total", "event", "outcome"),
		eventDays:    m.NewGauge("clevertap_export_event_days_left", "event"),
	}
	for _, reason := range exportReasons {
		metrics.failures.Incr(0, reason.word)
	}
	metrics.skipped.Incr(0, string(clevertap.ReasonUnknownEvent))
	metrics.skipped.Incr(0, string(clevertap.ReasonNotExportable))
	metrics.restarts.Incr(0)
	metrics.pages.Incr(0)
	metrics.records.Incr(0, outcomeDelivered)
	metrics.records.Incr(0, outcomeKnown)
	metrics.failing.Set(0)
	metrics.left.Set(0)
	return metrics
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

// begin makes the counters of an event exist before it is read.
func (m exportMetrics) begin(event string, daysLeft int) {
	m.countRecords(event, 0, 0)
	m.eventPages.Incr(0, m.events.of(event))
	m.daysLeft(event, daysLeft)
}

// page counts one that was delivered: its records, and those that had been delivered before.
func (m exportMetrics) page(event string, delivered, known int) {
	m.pages.Incr(1)
	m.records.Incr(int64(delivered), outcomeDelivered)
	m.records.Incr(int64(known), outcomeKnown)
	m.eventPages.Incr(1, m.events.of(event))
	m.countRecords(event, delivered, known)
}

func (m exportMetrics) countRecords(event string, delivered, known int) {
	label := m.events.of(event)
	m.eventRecords.Incr(int64(delivered), label, outcomeDelivered)
	m.eventRecords.Incr(int64(known), label, outcomeKnown)
}

// daysLeft has no value for the other events together.
func (m exportMetrics) daysLeft(event string, days int) {
	if label := m.events.of(event); label != otherEvents {
		m.eventDays.Set(int64(days), label)
	}
}

func (m exportMetrics) skip(reason clevertap.Reason) { m.skipped.Incr(1, string(reason)) }

func (m exportMetrics) failure(reason string) { m.failures.Incr(1, reason) }

const (
	// maxEventLabels bounds the series of a metric: a schema may hold any number of events.
	maxEventLabels = 500
	otherEvents    = "others"
)

// eventLabels gives the first events a label of their own. Like the reader, it serves one goroutine at a time.
type eventLabels struct {
	known map[string]string
}

func newEventLabels() *eventLabels { return &eventLabels{map[string]string{}} }

func (l *eventLabels) of(event string) string {
	label, known := l.known[event]
	switch {
	case known:
		return label
	case len(l.known) >= maxEventLabels:
		return otherEvents
	}
	label = strings.ToValidUTF8(event, "\ufffd")
	l.known[event] = label
	return label
}
