package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/clevertap-segment/clevertap-segment/cmd/internal/heap"
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const roleMapper = "mapper"

type mapperKind string

const (
	noMapper      mapperKind = ""
	forwardMapper mapperKind = "forward"
	backMapper    mapperKind = "back"
)

// mapLine maps one line and returns how many messages it becomes, push tokens among them.
type mapLine func(line []byte) (messages, tokens int, err error)

// forward maps Segment calls with the processor's defaults.
func forward() (mapLine, error) {
	options := mapping.DefaultOptions(mapping.Server)
	options.AnonymousID = mapping.Separate // as without an identity cache
	mapper, err := mapping.NewMapper(options)
	if err != nil {
		return nil, err
	}
	var parser segment.Parser
	var call segment.Call
	return func(line []byte) (messages, tokens int, err error) {
		doc, err := parser.Parse(line)
		if err != nil {
			return 0, 0, err
		}
		if err := doc.Decode(0, &call); err != nil {
			return 0, 0, err
		}
		result, err := mapper.Map(&call, segment.Sender{}, nil)
		for _, record := range result.Records {
			if record.Kind == clevertap.KindToken {
				tokens++
			}
		}
		return len(result.Records), tokens, err
	}, nil
}

// back maps exported events with the processor's defaults.
func back() mapLine {
	mapper := mapping.NewBackMapper(mapping.DefaultBackOptions())
	origin := mapping.Origin{Zone: time.UTC, Day: "2026-04-01"}
	var parser jsontree.Parser
	return func(line []byte) (messages, tokens int, err error) {
		doc, err := parser.Parse(line)
		if err != nil {
			return 0, 0, err
		}
		result, err := mapper.Map(doc, origin)
		return len(result.Calls), 0, err
	}
}

func mapLineOf(kind mapperKind) (mapLine, error) {
	if kind == backMapper {
		return back(), nil
	}
	return forward()
}

// mapAlone measures the mapping without an engine, with the binary's garbage collector: bench mapper KIND FILE REPORT.
func mapAlone(args []string) {
	heap.Spread()
	if err := mapFile(mapperKind(args[0]), args[1], args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func mapFile(kind mapperKind, path, report string) error {
	do, err := mapLineOf(kind)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	stop, err := startProfiles()
	if err != nil {
		return err
	}
	c, err := mapAll(do, bufio.NewScanner(file))
	if err != nil {
		return err
	}
	return errors.Join(stop(), writeCounts(report, c))
}

// blockBytes is far more than a line has, and less than a processor's cache.
const blockBytes = 256 << 10

// block is some lines of the file.
type block struct {
	text []byte
	ends []int
}

// read fills the block and tells whether it holds anything.
func (b *block) read(scanner *bufio.Scanner) bool {
	b.text, b.ends = b.text[:0], b.ends[:0]
	for len(b.text) < blockBytes && scanner.Scan() {
		b.text = append(b.text, scanner.Bytes()...)
		b.ends = append(b.ends, len(b.text))
	}
	return len(b.ends) > 0
}

func (b *block) lines(yield func([]byte) bool) {
	start := 0
	for _, end := range b.ends {
		if !yield(b.text[start:end]) {
			return
		}
		start = end
	}
}

// mapAll reads block by block and measures what it costs to map them. A call that is mapped has just arrived, so it is in the
// processor's cache, as a line of a block is; one out of a file that lies in memory as a whole is not. What the garbage
// collector does while a block is read does not count, which is little: reading takes a tenth of the time.
func mapAll(do mapLine, scanner *bufio.Scanner) (c counts, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var b block
	for b.read(scanner) {
		if err := mapBlock(do, &b, &c); err != nil {
			return c, err
		}
	}
	runtime.ReadMemStats(&after)
	c.Allocations = after.Mallocs - before.Mallocs
	c.PeakBytes = peakMemory()
	return c, scanner.Err()
}

func mapBlock(do mapLine, b *block, c *counts) error {
	begun, used := time.Now(), cpuTime()
	for line := range b.lines {
		messages, _, err := do(line)
		if err != nil {
			return err
		}
		c.Sent += int64(messages)
	}
	c.Wall += time.Since(begun)
	c.CPU += cpuTime() - used
	return nil
}
