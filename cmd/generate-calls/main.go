// Command generate-calls writes invented Segment calls, one JSON document a line: data for examples, demos and
// benchmarks. With -mix clevertap it writes what CleverTap's own SDKs raise instead, as a seed of the sandbox, and with
// -mix export the same as an event export. A file name ending in .gz is compressed. The same flags give the same lines.
//
// The corpus of the benchmarks:
//
//	go run ./cmd/generate-calls -n 200000 -mix speed -size 1500 -seed 20260302 -people 2000 -o calls.jsonl
package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

//go:generate go run . -n 1200 -seed 20260302 -bad 0.06 -o ../../config-examples/data/segment-calls.jsonl.gz
//go:generate go run . -mix clevertap -n 220 -seed 20260301 -people 40 -o ../../config-examples/data/clevertap-events.jsonl

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "generate-calls:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("generate-calls", flag.ContinueOnError)
	n := flags.Int("n", 1000, "how many calls")
	out := flags.String("o", "", "file to write, compressed if it ends in .gz (default standard output)")
	mix := flags.String("mix", "demo", "which calls: demo (every kind), speed (a busy shop), weights such as track=60,order=10, or clevertap (a seed), export (exported events)")
	cfg := segmentgen.Config{}
	flags.Uint64Var(&cfg.Seed, "seed", 1, "selects the sequence of calls")
	flags.IntVar(&cfg.Size, "size", 0, "average bytes per call, reached by padding (0 = as they come; the speed mix is made for 1500)")
	flags.Float64Var(&cfg.Bad, "bad", 0, "share of faulty calls, 0 to 1")
	flags.IntVar(&cfg.People, "people", 0, "how many people the calls are about (default 150)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	lines, err := choose(&cfg, *mix)
	if err != nil {
		return err
	}
	if cfg.Bad < 0 || cfg.Bad > 1 {
		return errors.New("-bad is a share from 0 to 1")
	}
	write := func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 1<<20)
		if err := lines(segmentgen.New(cfg), buffered, *n); err != nil {
			return err
		}
		return buffered.Flush()
	}
	if *out == "" {
		return write(stdout)
	}
	return writeFile(*out, write)
}

// choose sets the mix of the calls, and says what writes the lines.
func choose(cfg *segmentgen.Config, mix string) (write func(*segmentgen.Generator, io.Writer, int) error, err error) {
	write = (*segmentgen.Generator).WriteLines
	switch mix {
	case "demo":
		cfg.Mix = segmentgen.DemoMix
	case "speed":
		cfg.Mix = segmentgen.SpeedMix
	case "clevertap":
		write = (*segmentgen.Generator).WriteSeed
	case "export":
		write = (*segmentgen.Generator).WriteExport
	default:
		if cfg.Mix, err = segmentgen.ParseMix(mix); err != nil {
			err = fmt.Errorf("unknown mix %q, not demo, speed, clevertap or export either: %w", mix, err)
		}
	}
	return write, err
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if !strings.HasSuffix(path, ".gz") {
		if err := write(file); err != nil {
			return err
		}
		return file.Close()
	}
	zipped := gzip.NewWriter(file)
	if err := write(zipped); err != nil {
		return err
	}
	return errors.Join(zipped.Close(), file.Close())
}
