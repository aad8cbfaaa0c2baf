package main

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// throughput measures how many calls per second go through one process, two, and so on.
func throughput(l *lab, args []string) error {
	f := flood{pause: 0, limit: time.Hour}
	flags := flag.NewFlagSet("throughput", flag.ContinueOnError)
	flags.StringVar(&f.source, "source", "redis_streams", "one of "+strings.Join(logs, ", "))
	flags.IntVar(&f.calls, "calls", 100_000, "how many calls in each run")
	flags.IntVar(&f.people, "people", 10_007, "of how many people")
	most := flags.Int("processes", runtime.NumCPU()+1, "the largest number of processes")
	latency := flags.Duration("latency", 100*time.Millisecond, "how long CleverTap takes for a request")
	cores := flags.Int("cores", 1, "cores that each process may use")
	inFlight := flags.Int("max-in-flight", 10, "batches in flight in each process")
	flags.Func("set", "a setting of the config, as -s takes it (again and again)", func(s string) error {
		f.settings = append(f.settings, s)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	fmt.Printf("%s, %d calls, %s per request, %d in flight per process, %d cores here, shared with the stand-in for CleverTap\n\n",
		f.source, f.calls, *latency, *inFlight, runtime.NumCPU())
	fmt.Printf("%10s %18s %18s %18s\n", "processes", "calls per second", "records a request", "MB at most")
	f.settings = append(f.settings, fmt.Sprintf("%smax_in_flight=%d", clevertapOutput, *inFlight), fmt.Sprintf("GOMAXPROCS=%d", *cores))
	f.latency = *latency
	for f.processes = 1; f.processes <= *most; f.processes++ {
		f.partitions = f.processes
		result, err := l.flood(f)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, result.logs)
		}
		if err := result.report.Lossless(); err != nil {
			return err
		}
		highest := int64(0)
		for _, bytes := range result.memory {
			highest = max(highest, bytes)
		}
		fmt.Printf("%10d %18.0f %18.0f %18.1f\n", f.processes, float64(f.calls)/result.took.Seconds(), result.perRequest, float64(highest)/1e6)
	}
	return nil
}
