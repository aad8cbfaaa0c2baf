// Command demo shows the product at work: it starts the binary's sandbox, runs the backfill example on invented calls
// against it, and reports what arrived where. `make demo` builds the binary and calls it.
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

// limit is how long the pipeline may take. It needs a few seconds.
const limit = 2 * time.Minute

type options struct {
	binary, config, calls string
	keep                  bool
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/clevertap-segment", "the binary to show")
	flag.StringVar(&o.config, "config", "config-examples/file_to_clevertap.yaml", "the example to run")
	flag.StringVar(&o.calls, "calls", "config-examples/data/segment-calls.jsonl.gz", "its data, JSON lines in gzip")
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

	box, err := startSandbox(ctx, o.binary, filepath.Join(dir, "sandbox.log"))
	if err != nil {
		return err
	}
	defer box.stop()

	started := time.Now()
	if err := runPipeline(ctx, o, box.url, dir); err != nil {
		return err
	}
	result, err := collect(ctx, o, box.url, dir)
	if err != nil {
		return err
	}
	result.took = time.Since(started)
	result.print(out)
	if err := result.check(); err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintf(out, "\nLook at what arrived: %s   (Ctrl-C ends the sandbox)\n", box.url)
		return box.wait(ctx)
	}
	fmt.Fprintln(out, "\nTo look at what arrived in a browser: make demo KEEP=1")
	return nil
}
