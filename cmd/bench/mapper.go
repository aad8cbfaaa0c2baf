package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

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
		result, err := mapper.Map(&call, nil)
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

// mapAlone measures the mapping without an engine: bench mapper KIND FILE REPORT.
func mapAlone(args []string) {
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
	content, done, err := mapFileIn(path)
	if err != nil {
		return err
	}
	defer done()
	stop, err := startProfiles()
	if err != nil {
		return err
	}
	c, err := mapAll(do, content)
	if err != nil {
		return err
	}
	return errors.Join(stop(), writeCounts(report, c))
}

// mapFileIn keeps the file out of the heap: a heap that holds it, or where its lines begin, would make the garbage collector
// rarer or slower than it is in a pipeline.
func mapFileIn(path string) (content []byte, done func(), err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	content, err = syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, nil, fmt.Errorf("mapping %s into memory: %w", path, err)
	}
	return content, func() { _ = syscall.Munmap(content) }, nil
}

// touch has the system bring the file into memory before the clock runs.
func touch(content []byte) (sum byte) {
	for i := 0; i < len(content); i += 4096 {
		sum += content[i]
	}
	return sum
}

func mapAll(do mapLine, content []byte) (c counts, err error) {
	var before, after runtime.MemStats
	touch(content)
	runtime.GC()
	runtime.ReadMemStats(&before)
	begun, used := time.Now(), cpuTime()
	for line := range bytes.Lines(content) {
		messages, _, err := do(bytes.TrimSuffix(line, []byte{'\n'}))
		if err != nil {
			return c, err
		}
		c.Sent += int64(messages)
	}
	c.Wall, c.CPU = time.Since(begun), cpuTime()-used
	runtime.ReadMemStats(&after)
	c.Allocations = after.Mallocs - before.Mallocs
	c.PeakBytes = peakMemory()
	return c, nil
}
