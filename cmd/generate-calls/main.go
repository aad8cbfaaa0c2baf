// Command generate-calls writes invented Segment calls, one JSON document a line: data for examples, demos and
// benchmarks. A file name ending in .gz is compressed. The same flags give the same calls.
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
	mix := flags.String("mix", "demo", "which calls: demo (every kind) or speed (a busy shop)")
	cfg := segmentgen.Config{}
	flags.Uint64Var(&cfg.Seed, "seed", 1, "selects the sequence of calls")
	flags.IntVar(&cfg.Size, "size", 0, "average bytes per call, reached by padding (0 = as they come; the speed mix is made for 1500)")
	flags.Float64Var(&cfg.Bad, "bad", 0, "share of faulty calls, 0 to 1")
	flags.IntVar(&cfg.People, "people", 0, "how many people the calls are about (default 150)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	mixes := map[string]segmentgen.Mix{"demo": segmentgen.DemoMix, "speed": segmentgen.SpeedMix}
	var known bool
	if cfg.Mix, known = mixes[*mix]; !known {
		return fmt.Errorf("unknown mix %q: demo or speed", *mix)
	}
	if cfg.Bad < 0 || cfg.Bad > 1 {
		return errors.New("-bad is a share from 0 to 1")
	}
	if *out == "" {
		return write(stdout, cfg, *n)
	}
	return writeFile(*out, cfg, *n)
}

func write(w io.Writer, cfg segmentgen.Config, n int) error {
	buffered := bufio.NewWriterSize(w, 1<<20)
	if err := segmentgen.New(cfg).WriteLines(buffered, n); err != nil {
		return err
	}
	return buffered.Flush()
}

func writeFile(path string, cfg segmentgen.Config, n int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if !strings.HasSuffix(path, ".gz") {
		if err := write(file, cfg, n); err != nil {
			return err
		}
		return file.Close()
	}
	zipped := gzip.NewWriter(file)
	if err := write(zipped, cfg, n); err != nil {
		return err
	}
	return errors.Join(zipped.Close(), file.Close())
}
