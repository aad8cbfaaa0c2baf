package main

import (
	"context"
	"encoding/json"
	"os"
	"sync/atomic"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// counts is what a pipeline tells about its run.
type counts struct {
	// Sent are the messages that the output has delivered; Failed are failures of processors and of the output.
	Sent, Failed int64
	// PeakBytes is the most memory that the process held.
	PeakBytes int64
	// Wall, CPU and Allocations are of the measured part, where that is not the whole process.
	Wall, CPU   time.Duration
	Allocations uint64
}

// counting is a metrics exporter that drops everything, like the core's `none`, but for two sums: so the output can be
// the core's `drop` and still be checked.
type counting struct {
	report       string
	sent, failed sum
}

func init() {
	service.MustRegisterMetricsExporter("bench_counts", service.NewConfigSpec().Field(service.NewStringField("report")),
		func(conf *service.ParsedConfig, _ *service.Logger) (service.MetricsExporter, error) {
			report, err := conf.FieldString("report")
			return &counting{report: report}, err
		})
}

// NewCounterCtor counts what the output sent and what failed.
func (c *counting) NewCounterCtor(name string, _ ...string) service.MetricsExporterCounterCtor {
	var counter service.MetricsExporterCounter = nothing{}
	switch name {
	case "output_sent":
		counter = &c.sent
	case "processor_error", "output_error":
		counter = &c.failed
	}
	return func(...string) service.MetricsExporterCounter { return counter }
}

// NewTimerCtor measures nothing.
func (c *counting) NewTimerCtor(string, ...string) service.MetricsExporterTimerCtor {
	return func(...string) service.MetricsExporterTimer { return nothing{} }
}

// NewGaugeCtor measures nothing.
func (c *counting) NewGaugeCtor(string, ...string) service.MetricsExporterGaugeCtor {
	return func(...string) service.MetricsExporterGauge { return nothing{} }
}

// Close writes the report.
func (c *counting) Close(context.Context) error {
	if err := stopProfiles(); err != nil {
		return err
	}
	return writeCounts(c.report, counts{Sent: c.sent.Load(), Failed: c.failed.Load(), PeakBytes: peakMemory()})
}

func writeCounts(path string, c counts) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

type sum struct{ atomic.Int64 }

// Incr adds.
func (s *sum) Incr(n int64) { s.Add(n) }

type nothing struct{}

// Incr does nothing.
func (nothing) Incr(int64) {}

// Timing does nothing.
func (nothing) Timing(int64) {}

// Set does nothing.
func (nothing) Set(int64) {}
