package inputs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exportSeries is a metrics exporter that keeps values by name and labels.
type exportSeries struct {
	mu     sync.Mutex
	values map[string]int64
}

type exportMetric struct {
	s    *exportSeries
	name string
}

func (m exportMetric) Incr(n int64) {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.s.values[m.name] += n
}

func (m exportMetric) Timing(int64) {}

func (m exportMetric) Set(n int64) {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.s.values[m.name] = n
}

func (s *exportSeries) of(name string, labels []string) exportMetric {
	return exportMetric{s, strings.Join(append([]string{name}, labels...), " ")}
}

func (s *exportSeries) NewCounterCtor(name string, _ ...string) service.MetricsExporterCounterCtor {
	return func(labels ...string) service.MetricsExporterCounter { return s.of(name, labels) }
}

func (s *exportSeries) NewTimerCtor(name string, _ ...string) service.MetricsExporterTimerCtor {
	return func(labels ...string) service.MetricsExporterTimer { return s.of(name, labels) }
}

func (s *exportSeries) NewGaugeCtor(name string, _ ...string) service.MetricsExporterGaugeCtor {
	return func(labels ...string) service.MetricsExporterGauge { return s.of(name, labels) }
}

func (s *exportSeries) Close(context.Context) error { return nil }

func (s *exportSeries) value(name string, labels ...string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[s.of(name, labels).name]
}

// named are the series whose names begin so.
func (s *exportSeries) named(prefix string) map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]int64{}
	for name, value := range s.values {
		if strings.HasPrefix(name, prefix) {
			found[strings.TrimPrefix(name, prefix)] = value
		}
	}
	return found
}

// countingMetrics lets a reader count into series of its own.
func countingMetrics(t *testing.T, r *exportReader) *exportSeries {
	t.Helper()
	series := &exportSeries{values: map[string]int64{}}
	env := service.NewEnvironment()
	require.NoError(t, env.RegisterMetricsExporter("series", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Logger) (service.MetricsExporter, error) { return series, nil }))
	builder := env.NewResourceBuilder()
	require.NoError(t, builder.SetMetricsYAML("series: {}"))
	mgr, stop, err := builder.Build()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stop(context.Background())) })
	r.metrics = newExportMetrics(mgr.Metrics())
	r.requests.metrics = r.metrics
	return series
}

func TestExport_EveryWindowTellsItsProgress(t *testing.T) {
	x := newExportTest(t, "UTC", manyBought(60)...)
	x.seed(strings.Replace(bought("a", 1, today), "Bought", "Old", 1), bought("a", 7, today.Add(-35*24*time.Hour)))
	const config = "event_names: [Bought, Old]\nbatch_size: 23\n"
	r := x.events(config)
	r.config.from = dayOf(today).add(-39)
	counts := countingMetrics(t, r)
	x.rest(r)
	for _, line := range []string{
		`clevertap_events: read the event \"Bought\" from 2026-01-30 to 2026-03-01: 1 pages, 1 records, 1 of them new; 9 days of it and 1 other events are left`,
		`clevertap_events: read the event \"Bought\" from 2026-03-02 to 2026-03-10: 4 pages, 60 records, 60 of them new; 0 days of it and 1 other events are left`,
		`clevertap_events: read the event \"Old\" from 2026-03-02 to 2026-03-10: 1 pages, 1 records, 1 of them new; 0 days of it and 0 other events are left`,
	} {
		assert.Len(t, x.log.lines("INFO", line), 1, line)
	}
	assert.Equal(t, map[string]int64{"Bought delivered": 61, "Bought known": 0, "Old delivered": 1, "Old known": 0},
		counts.named("clevertap_export_event_records_total "))
	assert.EqualValues(t, 5, counts.value("clevertap_export_event_pages_total", "Bought"))
	assert.Equal(t, map[string]int64{"Bought": 0, "Old": 0}, counts.named("clevertap_export_event_days_left "))
	assert.Zero(t, counts.value("clevertap_export_events_left"))

	r = x.events(config)
	counts = countingMetrics(t, r)
	x.rest(r)
	assert.Len(t, x.log.lines("INFO", `4 pages, 60 records, 0 of them new`), 1)
	assert.EqualValues(t, 60, counts.value("clevertap_export_event_records_total", "Bought", "known"))
}

func TestExport_ProfilesTellTheirProgress(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today), bought("b", 1, today))
	x.rest(x.profiles("event_names: [Bought]\n"))
	assert.Len(t, x.log.lines("INFO", `clevertap_profiles: read the event \"Bought\" from 2026-03-01 to 2026-03-10: 1 pages, 2 records, 2 of them new`), 1)
}

func TestExport_WhatAlertsWatchExistsFromTheStart(t *testing.T) {
	x := newExportTest(t, "UTC")
	counts := countingMetrics(t, x.events(""))
	for _, reason := range exportReasons {
		assert.Contains(t, counts.named("clevertap_export_failures_total "), reason.word)
	}
	assert.Equal(t, map[string]int64{"unknown_event": 0, "not_exportable": 0}, counts.named("clevertap_export_skipped_total "))
	assert.Equal(t, map[string]int64{"delivered": 0, "known": 0}, counts.named("clevertap_export_records_total "))
	for _, name := range []string{"pages_total", "restarts_total", "events_failing", "events_left"} {
		assert.Contains(t, counts.named("clevertap_export_"), name)
	}
}

func TestExport_LabelsOfEventsAreBounded(t *testing.T) {
	x := newExportTest(t, "UTC")
	r := x.events("")
	counts := countingMetrics(t, r)
	for i := range maxEventLabels + 10 {
		name := fmt.Sprintf("Event %d", i)
		r.metrics.begin(name, 1)
		r.metrics.page(name, 1, 0)
	}
	pages := counts.named("clevertap_export_event_pages_total ")
	assert.Len(t, pages, maxEventLabels+1)
	assert.EqualValues(t, 10, pages["others"])
	assert.Len(t, counts.named("clevertap_export_event_days_left "), maxEventLabels)
	assert.Equal(t, "a\ufffd", newEventLabels().of("a\xff"))
}
