package main

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed to_clevertap.blobl
var bloblangMapping []byte

// bench runs the rows that were chosen.
type bench struct {
	options
	dir      string
	progress io.Writer
	corpora  map[corpusKind]corpus
	// contents are the bytes that the server of a row must get.
	contents map[string]int64
}

// sample is one run of one row.
type sample struct {
	usage
	serverCPU   time.Duration
	peak        int64
	allocations uint64
}

// result is all runs of one row.
type result struct {
	row
	corpus
	rounds [][]sample
}

// prepare writes the corpora, and lets each pipeline with a server run once without being measured, to learn how many
// bytes its records are.
func (b *bench) prepare(ctx context.Context, chosen []row) error {
	if err := os.WriteFile(b.mapping(), bloblangMapping, 0o600); err != nil {
		return err
	}
	b.corpora, b.contents = map[corpusKind]corpus{}, map[string]int64{}
	for _, r := range chosen {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.write(r.input); err != nil {
			return err
		}
		if r.peer == noPeer || r.once {
			continue
		}
		fmt.Fprintf(b.progress, "counting the records of %s\n", r.name)
		if _, err := b.run(ctx, r, counted); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return nil
}

// write writes a corpus, once.
func (b *bench) write(kind corpusKind) (err error) {
	if _, done := b.corpora[kind]; done {
		return nil
	}
	fmt.Fprintf(b.progress, "writing the corpus: %s\n", corpusTitles[kind])
	var c corpus
	if kind == longCalls {
		if err := b.write(calls); err != nil {
			return err
		}
		c, err = repeated(b.dir, b.corpora[calls], b.memoryCalls)
	} else {
		c, err = makeCorpus(b.dir, kind, b.options)
	}
	b.corpora[kind] = c
	return err
}

func (b *bench) mapping() string { return filepath.Join(b.dir, "to_clevertap.blobl") }

// measure runs the rows in turns, so that what else the machine does falls on all of them.
func (b *bench) measure(ctx context.Context, chosen []row) ([]result, error) {
	results := make([]result, len(chosen))
	for i, r := range chosen {
		results[i] = result{row: r, corpus: b.corpora[r.input], rounds: make([][]sample, b.rounds)}
	}
	for round := range b.rounds {
		for turn := range oftenTurns {
			for i, r := range chosen {
				if turn >= r.turns(round) {
					continue
				}
				s, err := b.run(ctx, r, "")
				if err != nil {
					return nil, fmt.Errorf("%s: %w", r.name, err)
				}
				fmt.Fprintf(b.progress, "round %d of %d  %-15s %6.2f s, CPU %6.2f s\n", round+1, b.rounds, r.name, s.wall.Seconds(), s.cpu.Seconds())
				results[i].rounds[round] = append(results[i].rounds[round], s)
			}
		}
	}
	return results, nil
}

// run runs a row once, with its server if it has one.
func (b *bench) run(ctx context.Context, r row, serverMode string) (s sample, err error) {
	if r.peer == noPeer {
		return b.runAlone(ctx, r, "")
	}
	server, err := startServer(ctx, r.cores, string(r.peer), serverMode)
	if err != nil {
		return s, err
	}
	s, err = b.runAlone(ctx, r, server.url)
	got, used, stopped := server.stop()
	if err = errors.Join(err, stopped); err != nil {
		return s, err
	}
	s.serverCPU = used.cpu
	return s, b.checkServer(r, got, serverMode == counted)
}

func (b *bench) checkServer(r row, got received, taken bool) error {
	if taken {
		if want := r.delivered(b.corpora[r.input].tally); got.Records != int64(want) {
			return fmt.Errorf("the server got %d records, not %d", got.Records, want)
		}
		b.contents[r.name] = got.content(r.peer)
		return nil
	}
	if want, known := b.contents[r.name]; known && got.content(r.peer) != want {
		return fmt.Errorf("the server got %d bytes of records, not %d", got.content(r.peer), want)
	}
	return nil
}

// runAlone runs the process of a row and checks that it delivered everything.
func (b *bench) runAlone(ctx context.Context, r row, server string) (s sample, err error) {
	report := filepath.Join(b.dir, r.name+".report.json")
	args, err := b.command(r, server, report)
	if err != nil {
		return s, err
	}
	profile := ""
	if b.profiles != "" {
		profile = filepath.Join(b.profiles, r.name)
	}
	used, err := runChild(ctx, r.cores, profile, args...)
	if err != nil {
		return s, err
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return s, fmt.Errorf("it did not report: %w", err)
	}
	defer os.Remove(report)
	var c counts
	if err := json.Unmarshal(text, &c); err != nil {
		return s, err
	}
	if c.CPU > 0 {
		used = usage{wall: c.Wall, cpu: c.CPU}
	}
	return sample{usage: used, peak: c.PeakBytes, allocations: c.Allocations}, b.checkCounts(r, c)
}

func (b *bench) checkCounts(r row, c counts) error {
	want := r.delivered(b.corpora[r.input].tally)
	if c.Failed > 0 || (c.Sent != int64(want) && !r.joined) {
		return fmt.Errorf("it delivered %d messages, not %d, with %d failures", c.Sent, want, c.Failed)
	}
	return nil
}

// command returns the arguments of a row's process.
func (b *bench) command(r row, server, report string) ([]string, error) {
	input := b.corpora[r.input].path
	if r.mapper != noMapper {
		return []string{roleMapper, string(r.mapper), input, report}, nil
	}
	config := filepath.Join(b.dir, r.name+".yaml")
	fill := strings.NewReplacer("{mapping}", b.mapping(), "{server}", server)
	text := fmt.Sprintf(pipelineConfig, report, input, cmp.Or(r.threads, r.cores), fill.Replace(r.processors), fill.Replace(r.output))
	role := roleEngine
	if r.stock {
		role = roleStock
	}
	return []string{role, config}, os.WriteFile(config, []byte(text), 0o600)
}
