package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

type corpusKind string

const (
	calls corpusKind = ""
	// halfCalls are the first half of the calls, for the slowest rows.
	halfCalls corpusKind = "half"
	hotCalls  corpusKind = "one person"
	// crowdCalls come from ten times as many people.
	crowdCalls corpusKind = "crowd"
	// longCalls are the calls again and again.
	longCalls corpusKind = "long"
	exports   corpusKind = "export"
	empty     corpusKind = "empty"
)

const (
	corpusSeed = 20260302
	callBytes  = 1500
	// callsPerPerson is what a month of a customer may be: Segment's plans allow 250.
	// https://segment.com/docs/guides/usage-and-billing/mtus-and-throughput/
	callsPerPerson = 100
)

// tally is what a corpus holds and what must become of it.
type tally struct {
	Lines, Bytes int
	// Kept are lines that become anything, Messages what they become, Tokens the push tokens among those.
	Kept, Messages, Tokens int
}

func (t tally) lines() int   { return t.Lines }
func (t tally) kept() int    { return t.Kept }
func (t tally) records() int { return t.Messages }
func (t tally) back() int    { return t.Messages }

func (t tally) plus(u tally) tally {
	return tally{t.Lines + u.Lines, t.Bytes + u.Bytes, t.Kept + u.Kept, t.Messages + u.Messages, t.Tokens + u.Tokens}
}

// corpus is a file of calls or exported events.
type corpus struct {
	path string
	tally
}

// makeCorpus writes the file that a row reads. The same options give the same bytes on every machine.
func makeCorpus(dir string, kind corpusKind, o options) (c corpus, err error) {
	c.path = filepath.Join(dir, "corpus-"+string(kind)+".jsonl")
	file, err := os.Create(c.path)
	if err != nil {
		return c, err
	}
	defer file.Close()
	do, err := mapLineOf(mapperFor(kind))
	if err != nil {
		return c, err
	}
	out := bufio.NewWriterSize(&counter{w: file, do: do, tally: &c.tally}, 1<<20)
	if err := writeCorpus(out, kind, o); err != nil {
		return c, fmt.Errorf("writing the corpus: %w", err)
	}
	if err := out.Flush(); err != nil {
		return c, err
	}
	return c, file.Close()
}

// repeated writes the corpus again and again, until it has so many lines or more.
func repeated(dir string, of corpus, atLeast int) (c corpus, err error) {
	c.path = filepath.Join(dir, "corpus-"+string(longCalls)+".jsonl")
	file, err := os.Create(c.path)
	if err != nil {
		return c, err
	}
	defer file.Close()
	for c.Lines < atLeast {
		if err := appendFile(file, of.path); err != nil {
			return c, err
		}
		c.tally = c.plus(of.tally)
	}
	return c, file.Close()
}

func appendFile(w io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}

func mapperFor(kind corpusKind) mapperKind {
	if kind == exports {
		return backMapper
	}
	return forwardMapper
}

func writeCorpus(w io.Writer, kind corpusKind, o options) error {
	cfg := segmentgen.Config{Seed: corpusSeed, Mix: segmentgen.SpeedMix, Size: callBytes, People: max(1, o.calls/callsPerPerson)}
	switch kind {
	case exports:
		return segmentgen.New(segmentgen.Config{Seed: corpusSeed, People: cfg.People}).WriteExport(w, o.calls)
	case crowdCalls:
		cfg.People = max(1, 10*o.calls/callsPerPerson)
	case hotCalls:
		return writeHot(w, segmentgen.New(cfg), o.calls)
	case halfCalls:
		return segmentgen.New(cfg).WriteLines(w, (o.calls+1)/2)
	case empty:
		return nil
	}
	return segmentgen.New(cfg).WriteLines(w, o.calls)
}

var userID, visitorID = regexp.MustCompile(`"userId":"[^"]*"`), regexp.MustCompile(`"anonymousId":"[^"]*"`)

// writeHot writes the same calls as the corpus has, but all of one user on one device.
func writeHot(w io.Writer, g *segmentgen.Generator, n int) error {
	for range n {
		line := userID.ReplaceAll(g.Next(), []byte(`"userId":"user-de-00001"`))
		line = visitorID.ReplaceAll(line, []byte(`"anonymousId":"6f7b14f3-2583-4f1d-808a-c42d38e37189"`))
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// counter finds out what must become of the lines on their way into the file, with the mapping that the processors use.
// It buffers what is no whole line yet.
type counter struct {
	w    io.Writer
	do   mapLine
	rest []byte
	*tally
}

// Write takes any part of the file.
func (c *counter) Write(p []byte) (int, error) {
	c.rest = append(c.rest, p...)
	for {
		end := bytes.IndexByte(c.rest, '\n')
		if end < 0 {
			break
		}
		if err := c.line(c.rest[:end]); err != nil {
			return 0, err
		}
		c.rest = c.rest[end+1:]
	}
	return c.w.Write(p)
}

func (c *counter) line(line []byte) error {
	messages, tokens, err := c.do(line)
	if err != nil {
		return fmt.Errorf("line %d: %w", c.Lines+1, err)
	}
	c.Lines++
	c.Bytes += len(line)
	c.Messages += messages
	c.Tokens += tokens
	if messages > 0 {
		c.Kept++
	}
	return nil
}
