// Command faults measures what the bridge does under load and failures, with the real binary, the shipped configs and
// middlemen that it starts itself on free ports. Its tests are the fault matrix.
//
//	faults million      many calls from Redis Streams through several processes, which are killed in turn
//	faults soak         a steady rate with random failures: does anything grow?
//	faults throughput   calls per second with one process, two, three …
//
// Each has flags, `faults million -h` lists them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	if err := command(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func command(args []string) error {
	commands := map[string]func(*lab, []string) error{"million": million, "soak": soaking, "throughput": throughput}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("say what: million, soak or throughput")
	}
	l, err := newLab(".")
	if err != nil {
		return err
	}
	defer l.finish()
	return commands[args[0]](l, args[1:])
}

// million is the bar: one million calls through three processes, one killed every few seconds, trouble for a tenth of the
// requests.
func million(l *lab, args []string) error {
	f := flood{pause: 500 * time.Millisecond}
	flags := flag.NewFlagSet("million", flag.ContinueOnError)
	flags.StringVar(&f.source, "source", "redis_streams", "one of "+strings.Join(logs, ", "))
	flags.IntVar(&f.calls, "calls", 1_000_000, "how many calls")
	flags.IntVar(&f.people, "people", 10_007, "of how many people")
	flags.IntVar(&f.processes, "processes", 3, "how many processes")
	flags.IntVar(&f.partitions, "partitions", 12, "how many partitions")
	flags.DurationVar(&f.killEvery, "kill-every", 5*time.Second, "how often one of them is killed, 0 for never")
	flags.Float64Var(&f.trouble, "trouble", 0.1, "the share of requests that meet with trouble")
	flags.DurationVar(&f.limit, "limit", time.Hour, "give up after this time")
	inFlight := flags.String("max-in-flight", "4", "batches in flight in each process; CleverTap takes 15 in all")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f.settings = []string{fmt.Sprintf("%smax_in_flight=%s", clevertapOutput, *inFlight), clevertapOutput + "timeout=2s"}
	result, err := l.flood(f)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, result.logs)
	}
	result.print(os.Stdout, f)
	return errors.Join(result.report.Lossless(), result.report.Ordered())
}

// soaking runs one process at a steady rate, and compares the end with the beginning.
func soaking(l *lab, args []string) error {
	if !canSample() {
		return errors.New("there is no /proc here to read memory and file descriptors from")
	}
	s := soak{settings: []string{clevertapOutput + "max_in_flight=" + parallel, clevertapOutput + "timeout=2s"}}
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.DurationVar(&s.duration, "duration", 10*time.Minute, "how long")
	flags.IntVar(&s.rate, "rate", 500, "calls per second")
	flags.IntVar(&s.people, "people", 10_007, "of how many people")
	flags.Float64Var(&s.trouble, "trouble", 0.1, "the share of requests that meet with trouble")
	flags.DurationVar(&s.every, "every", time.Second, "time between two samples")
	if err := flags.Parse(args); err != nil {
		return err
	}
	result, err := l.soak(s)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, result.logs)
	}
	result.print(os.Stdout, s)
	return errors.Join(result.report.Lossless(), result.report.Ordered(), result.growth())
}
