package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lastDay ends the export. The days of the data are over, and each further month would be asked for in vain.
const lastDay = "2026-03-31"

// exported is what the sandbox, the dead letter and the binary's metrics say about the way back.
type exported struct {
	config, seed string
	took         time.Duration

	read      int    // events that the export gave
	dropped   counts // events that were left out on purpose, by reason
	delivered counts // calls that Segment took, by type
	refused   counts // lines of the dead letter, by reason

	again repetition
}

// repetition is what a second run of the same export adds.
type repetition struct{ read, sent, refused int }

// runExports runs the export twice on the same checkpoints.
func runExports(ctx context.Context, o options, url, dir string) (*exported, error) {
	r := &exported{config: o.export, seed: o.seed}
	before, err := readState(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("asking the sandbox: %w", err)
	}
	if err := os.Mkdir(filepath.Join(dir, checkpointsDir), 0o700); err != nil {
		return nil, err
	}
	metrics, first, err := runExport(ctx, o, url, dir, 1)
	if err != nil {
		return nil, err
	}
	r.read = exportedEvents(metrics)
	r.dropped = labelled(metrics, "clevertap_to_segment_dropped_total", "reason")
	r.delivered = first.Segment.Stats.Accepted.less(before.Segment.Stats.Accepted)
	deadLetter := filepath.Join(dir, exportDeadLetter)
	if r.refused, err = refusals(deadLetter); err != nil {
		return nil, fmt.Errorf("reading the dead letter: %w", err)
	}

	metrics, second, err := runExport(ctx, o, url, dir, 2)
	if err != nil {
		return nil, err
	}
	all, err := refusals(deadLetter)
	if err != nil {
		return nil, fmt.Errorf("reading the dead letter: %w", err)
	}
	r.again = repetition{
		read: exportedEvents(metrics), refused: all.sum() - r.refused.sum(),
		sent: second.Segment.Stats.Calls - first.Segment.Stats.Calls,
	}
	return r, nil
}

func runExport(ctx context.Context, o options, url, dir string, run int) (metrics string, after state, err error) {
	path := filepath.Join(dir, fmt.Sprintf(exportMetricsFile, run))
	if err = runPipeline(ctx, o.binary, o.export, path, url, "FROM=", "TO="+lastDay, "TIMEZONE=", "POLL_INTERVAL=0s",
		"CHECKPOINTS="+filepath.Join(dir, checkpointsDir), "DEAD_LETTER="+filepath.Join(dir, exportDeadLetter)); err != nil {
		return "", after, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", after, err
	}
	if after, err = readState(ctx, url); err != nil {
		err = fmt.Errorf("asking the sandbox: %w", err)
	}
	return string(text), after, err
}

// exportedEvents counts those that the input gave to the pipeline.
func exportedEvents(metrics string) int {
	return labelled(metrics, "clevertap_export_records_total", "outcome")["delivered"]
}

// refusals counts the lines of a dead letter by the reason in "component: reason: details".
func refusals(path string) (counts, error) {
	all := counts{}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil // nothing has failed
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for lines := json.NewDecoder(file); lines.More(); {
		var line struct{ Error string }
		if err := lines.Decode(&line); err != nil {
			return nil, err
		}
		reason := line.Error
		if parts := strings.SplitN(reason, ": ", 3); len(parts) > 1 {
			reason = parts[1]
		}
		all[reason]++
	}
	return all, nil
}

// print writes the report.
func (r *exported) print(out io.Writer) {
	line := func(n int, what string, detail counts) {
		fmt.Fprintf(out, "%8s %s%s\n", thousands(n), what, detail.list())
	}
	fmt.Fprintf(out, "\n%s on what is in CleverTap now, with %s\n\n", r.config, r.seed)
	line(r.read, "events exported", nil)
	line(r.dropped.sum(), "dropped on purpose", r.dropped.renamed("segment_origin", "segment_origin, came from Segment"))
	fmt.Fprintln(out)
	line(r.delivered.sum(), "calls delivered to Segment", r.delivered)
	line(r.refused.sum(), "calls refused, now in the dead letter", r.refused)
	fmt.Fprintf(out, "\n%s\n", r.account())
	fmt.Fprintf(out, "The same again: %s events exported, %s calls sent to Segment, %s refused.\n",
		thousands(r.again.read), thousands(r.again.sent), thousands(r.again.refused))
	fmt.Fprintf(out, "Took %s.\n", r.took.Round(100*time.Millisecond))
}

// An event becomes exactly one call, so events can be counted where calls arrive.
func (r *exported) accounted() int { return r.delivered.sum() + r.dropped.sum() + r.refused.sum() }

func (r *exported) account() string {
	sum := fmt.Sprintf("%s delivered + %s dropped on purpose + %s in the dead letter = %s",
		thousands(r.delivered.sum()), thousands(r.dropped.sum()), thousands(r.refused.sum()), thousands(r.accounted()))
	if r.accounted() != r.read {
		return fmt.Sprintf("NOT accounted for: %s, but %s events were exported.", sum, thousands(r.read))
	}
	return fmt.Sprintf("Every event accounted for: %s exported.", sum)
}

func (r *exported) check() error {
	switch {
	case r.read == 0:
		return errors.New("nothing was exported")
	case r.accounted() != r.read:
		return fmt.Errorf("%d events exported, %d accounted for", r.read, r.accounted())
	case r.again != repetition{}:
		return fmt.Errorf("a second export is not empty: %d events, %d calls sent, %d refused",
			r.again.read, r.again.sent, r.again.refused)
	}
	return nil
}

// renamed explains a name to people.
func (c counts) renamed(name, explained string) counts {
	if n, ok := c[name]; ok {
		c = maps.Clone(c)
		delete(c, name)
		c[explained] = n
	}
	return c
}

// less is what has been added since.
func (c counts) less(before counts) counts {
	added := counts{}
	for name, n := range c {
		if n != before[name] {
			added[name] = n - before[name]
		}
	}
	return added
}
