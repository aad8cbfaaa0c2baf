// Command bench-http measures the input segment_http next to the engine's own http_server: each in a process of its own,
// in turns, under the same load. With -stall it stops the output under load instead, and counts what became of every
// call. `make bench-http` builds the binary and calls it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	binary, before, profiles string
	rounds, procs            int
	duration, warmUp         time.Duration
	callers, calls           []int
	markdown                 bool
	stall                    time.Duration
	stallCallers             int
	dedupe                   bool
	redis                    string
	only                     *regexp.Regexp
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench-http:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parseOptions(args, progress)
	if err != nil {
		return err
	}
	if o.stall > 0 {
		return runStall(ctx, o, out, progress)
	}
	return runComparison(ctx, o, out, progress)
}

func parseOptions(args []string, usage io.Writer) (options, error) {
	o := options{callers: []int{64, 256}, calls: []int{1, 100}, only: regexp.MustCompile("")}
	flags := flag.NewFlagSet("bench-http", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&o.binary, "binary", "bin/clevertap-segment", "the binary to measure")
	flags.StringVar(&o.before, "before", "", "a binary of the code before: compare its segment_http, too")
	flags.IntVar(&o.rounds, "rounds", 3, "how often each is measured, in turns")
	flags.DurationVar(&o.duration, "duration", 2*time.Second, "how long each is measured in a round, in slices of a quarter of a second")
	flags.DurationVar(&o.warmUp, "warm-up", 500*time.Millisecond, "how long the load runs before")
	flags.Func("callers", "how many callers at once, a list (default 64,256)", listOf(&o.callers))
	flags.Func("calls", "how many calls in a body, a list (default 1,100)", listOf(&o.calls))
	flags.IntVar(&o.procs, "procs", 1, "how many processors a server may use, its GOMAXPROCS")
	flags.BoolVar(&o.markdown, "markdown", false, "print Markdown")
	flags.StringVar(&o.profiles, "profiles", "", "write a CPU profile of each server to this directory")
	flags.DurationVar(&o.stall, "stall", 0, "stop the output for so long under load, in place of the comparison")
	flags.IntVar(&o.stallCallers, "stall-callers", 1000, "how many callers at once, with -stall")
	flags.BoolVar(&o.dedupe, "dedupe", false, "with a dedupe_cache, with -stall")
	flags.StringVar(&o.redis, "redis", "", "URL of a Redis: compare a dedupe_cache there, too; it leaves keys that end after five minutes")
	flags.Func("only", "regular expression: compare only the servers whose name and load it matches, as in \"segment_http, 1 call in a body, 64 callers\"", func(text string) (err error) {
		o.only, err = regexp.Compile(text)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.rounds < 1 || o.procs < 1 || o.stallCallers < 1 || o.duration <= 0 || o.warmUp < 0 || o.stall < 0:
		return o, errors.New("a number or a duration is too small")
	}
	return o, nil
}

func listOf(target *[]int) func(string) error {
	return func(text string) error {
		*target = nil
		for part := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(part))
			if err != nil || n < 1 {
				return errors.New("must be a list of positive numbers")
			}
			*target = append(*target, n)
		}
		return nil
	}
}
