// Command demo shows the product at work, in both directions: it starts the binary's sandbox with invented events of
// CleverTap's own SDKs, runs the backfill example on invented calls against it, then the event export, and reports what
// arrived where. `make demo` builds the binary and calls it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// limit is how long a pipeline may take. It needs a few seconds.
const limit = 2 * time.Minute

type options struct {
	binary, config, calls string
	export, seed          string
	keep                  bool
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/clevertap-segment", "the binary to show")
	flag.StringVar(&o.config, "config", "config-examples/file_to_clevertap.yaml", "the example to run")
	flag.StringVar(&o.calls, "calls", "config-examples/data/segment-calls.jsonl.gz", "its data, JSON lines in gzip")
	flag.StringVar(&o.export, "export", "config-examples/events_export.yaml", "the example to run for the way back")
	flag.StringVar(&o.seed, "seed", "config-examples/data/clevertap-events.jsonl", "what CleverTap's own SDKs raised")
	flag.BoolVar(&o.keep, "keep", false, "leave the sandbox running until interrupted")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "clevertap-segment-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	box, err := startSandbox(ctx, o, filepath.Join(dir, "sandbox.log"))
	if err != nil {
		return err
	}
	defer box.stop()

	if err := toCleverTap(ctx, o, box.url, dir, out); err != nil {
		return err
	}
	if err := toSegment(ctx, o, box.url, dir, out); err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintf(out, "\nLook at what arrived: %s   (Ctrl-C ends the sandbox)\n", box.url)
		return box.wait(ctx)
	}
	fmt.Fprintln(out, "\nTo look at what arrived in a browser: make demo KEEP=1")
	return nil
}

// toCleverTap sends the calls and reports what became of them.
func toCleverTap(ctx context.Context, o options, url, dir string, out io.Writer) error {
	before, err := readState(ctx, url)
	if err != nil {
		return fmt.Errorf("asking the sandbox: %w", err)
	}
	started := time.Now()
	if err := runPipeline(ctx, o.binary, o.config, filepath.Join(dir, metricsFile), url, "CALLS="+o.calls,
		"DEAD_LETTER="+filepath.Join(dir, deadLetterFile)); err != nil {
		return err
	}
	result, err := collect(ctx, o, url, dir)
	if err != nil {
		return err
	}
	result.profiles -= before.CleverTap.Stats.Profiles
	result.took = time.Since(started)
	result.print(out)
	return result.check()
}

// toSegment exports the events, and once more, and reports what became of them.
func toSegment(ctx context.Context, o options, url, dir string, out io.Writer) error {
	started := time.Now()
	result, err := runExports(ctx, o, url, dir)
	if err != nil {
		return err
	}
	result.took = time.Since(started)
	result.print(out)
	return result.check()
}
