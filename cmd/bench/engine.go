package main

import (
	"context"
	"fmt"
	"os"

	"github.com/redpanda-data/benthos/v4/public/service"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure/extended"

	"github.com/clevertap-segment/clevertap-segment/cmd/internal/heap"
	_ "github.com/clevertap-segment/clevertap-segment/plugins"
)

const (
	roleEngine = "engine"
	// roleStock is the engine with Go's own rule for the garbage collector.
	roleStock = "stock-engine"
)

// pipelineConfig has no metrics but the counting, no log, no HTTP server: nothing but the pipeline.
const pipelineConfig = `
http: { enabled: false }
logger: { level: OFF }
metrics: { bench_counts: { report: '%s' } }
input: { file: { paths: [ '%s' ], scanner: { lines: {} } } }
pipeline: { threads: %d, processors: [ %s ] }
output: { %s }
`

// engine runs a pipeline as the real binary does: bench engine CONFIG.
func engine(args []string) {
	heap.Spread()
	stockEngine(args)
}

// stockEngine runs a pipeline as the engine alone would: bench stock-engine CONFIG.
func stockEngine(args []string) {
	stop, err := startProfiles()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	profiles.stop = stop
	os.Args = append([]string{"clevertap-segment", "run"}, args...)
	service.RunCLI(context.Background(), service.CLIOptSetBinaryName("clevertap-segment"))
}
