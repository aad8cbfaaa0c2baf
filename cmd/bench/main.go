// Command bench measures whole pipelines side by side: each run is a process of its own, the runs of all pipelines take
// turns, and each is checked for having delivered what it should. It prints what every pipeline costs, and how that
// compares with the others and with the targets. docs/benchmarks.md tells how to read it; `make bench` builds and runs it.
//
// The processes are this program again: as a Benthos with the components of this module and those of processors.go, as
// the server on loopback that outputs send to, and as the mapping alone, without an engine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
)

type options struct {
	rounds      int
	calls       int
	memoryCalls int
	only        string
	markdown    bool
	profiles    string
}

func main() {
	if len(os.Args) > 1 {
		if role, ok := roles[os.Args[1]]; ok {
			role(os.Args[2:])
			return
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// roles are what this program is when it starts itself.
var roles = map[string]func(args []string){
	roleEngine: engine,
	roleStock:  stockEngine,
	roleServer: serve,
	roleMapper: mapAlone,
}

func parse(args []string) (o options, chosen []row, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 3, "how often each pipeline runs, all of them taking turns; short ones that are compared run thrice as often")
	flags.IntVar(&o.calls, "calls", 200_000, "lines of the corpus")
	flags.IntVar(&o.memoryCalls, "memory-calls", 1_000_000, "at least so many lines has the long file that memory is measured with, the corpus again and again; it runs once (0 = not at all)")
	flags.StringVar(&o.only, "only", "", "regular expression: run only the pipelines of these names, and what they are compared with")
	flags.BoolVar(&o.markdown, "markdown", false, "print Markdown, for docs/benchmarks.md")
	flags.StringVar(&o.profiles, "profile", "", "directory for CPU and allocation profiles of every pipeline, named by row (they cost some speed)")
	if err = flags.Parse(args); err != nil {
		return
	}
	if o.rounds < 1 || o.calls < 1 || o.memoryCalls < 0 {
		return o, nil, errors.New("-rounds and -calls need at least 1")
	}
	pattern, err := regexp.Compile(o.only)
	if err != nil {
		return o, nil, fmt.Errorf("-only: %w", err)
	}
	if chosen = choose(rows(o), pattern); len(chosen) == 0 {
		err = fmt.Errorf("-only %q names no pipeline", o.only)
	}
	return
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o, chosen, err := parse(args)
	if err != nil {
		return err
	}
	if o.profiles != "" {
		if o.profiles, err = filepath.Abs(o.profiles); err != nil {
			return err
		}
		if err := os.MkdirAll(o.profiles, 0o755); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "clevertap-segment-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	b := &bench{options: o, dir: dir, progress: progress}
	if err := b.prepare(ctx, chosen); err != nil {
		return err
	}
	results, err := b.measure(ctx, chosen)
	if err != nil {
		return err
	}
	report{options: o, corpora: b.corpora, results: results}.print(out)
	return nil
}
