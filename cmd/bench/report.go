package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
)

// report prints what was measured, as text or as Markdown.
type report struct {
	options
	corpora map[corpusKind]corpus
	results []result
}

func (r report) print(out io.Writer) {
	r.table(out, r.machine())
	r.table(out, r.corpusRows())
	r.table(out, r.rows())
	if compared := r.comparisons(); len(compared) > 1 {
		r.table(out, compared)
	}
	if reached := r.targetRows(); len(reached) > 1 {
		r.table(out, reached)
	}
}

// table prints rows of cells, the first of which is the heading.
func (r report) table(out io.Writer, rows [][]string) {
	if r.markdown {
		markdownTable(out, rows)
		return
	}
	aligned := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, cells := range rows {
		fmt.Fprintln(aligned, strings.Join(cells, "\t"))
	}
	fmt.Fprintln(aligned)
	aligned.Flush()
}

func markdownTable(out io.Writer, rows [][]string) {
	for i, cells := range rows {
		fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			fmt.Fprintf(out, "|%s\n", strings.Repeat(" --- |", len(cells)))
		}
	}
	fmt.Fprintln(out)
}

func (r report) machine() [][]string {
	return [][]string{
		{"Machine", "Value"},
		{"processor", processor()},
		{"cores", fmt.Sprint(runtime.NumCPU())},
		{"system", runtime.GOOS + "/" + runtime.GOARCH},
		{"Go", runtime.Version()},
		{"Benthos", engineVersion()},
		{"commit", commit()},
		{"rounds", fmt.Sprint(r.rounds)},
	}
}

// processor is the model's name where the system tells it.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "not known"
}

func engineVersion() string {
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, module := range info.Deps {
			if module.Path == "github.com/redpanda-data/benthos/v4" {
				return module.Version
			}
		}
	}
	return "not known"
}

// commit is what the program was built from, where the build knows it.
func commit() string {
	settings := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
	}
	revision := settings["vcs.revision"]
	switch {
	case revision == "":
		return "not known"
	case settings["vcs.modified"] == "true":
		return revision[:min(12, len(revision))] + " and changes"
	}
	return revision[:min(12, len(revision))]
}

func (r report) corpusRows() [][]string {
	rows := [][]string{{"Corpus", "lines", "bytes per line", "messages mapped", "push tokens among them"}}
	for _, kind := range []corpusKind{calls, halfCalls, hotCalls, longCalls, exports} {
		if c, ok := r.corpora[kind]; ok {
			rows = append(rows, []string{
				corpusTitles[kind], fmt.Sprint(c.Lines), fmt.Sprint(c.Bytes / max(c.Lines, 1)), fmt.Sprint(c.Messages), fmt.Sprint(c.Tokens),
			})
		}
	}
	return rows
}

var corpusTitles = map[corpusKind]string{
	calls: "Segment calls", halfCalls: "Segment calls, the first half", hotCalls: "Segment calls of one person", longCalls: "Segment calls, long file", exports: "exported events", empty: "none",
}

func (r report) rows() [][]string {
	rows := [][]string{{"Row", "What", "cores", "events/s", "CPU s per million", "server's CPU", "peak MB"}}
	for _, m := range r.results {
		speed, cost := show(m.perSecond(), "%.0f"), show(m.cpuPerMillion(), "%.2f")
		if m.input == empty {
			speed = "-"
			cost = show(m.each(func(s sample) float64 { return s.cpu.Seconds() }), "%.2f") + " s in all"
		}
		server := "-"
		if m.peer != noPeer {
			server = show(m.serverPerMillion(), "%.2f")
		}
		peak := fmt.Sprintf("%.0f", m.peakMB().most)
		if m.mapper != noMapper {
			peak = "-" // it holds the whole corpus
		}
		rows = append(rows, []string{m.name, m.title, fmt.Sprint(m.cores), speed, cost, server, peak})
	}
	return rows
}

func (r report) comparisons() [][]string {
	rows := [][]string{{"Row", "compared with", "events/s, times", "CPU, times cheaper"}}
	for _, m := range r.results {
		for _, name := range m.bases {
			if base, ok := r.result(name); ok {
				rows = append(rows, []string{m.name, name, show(m.fasterThan(base), "%.2f"), show(m.cheaperThan(base), "%.2f")})
			}
		}
	}
	return rows
}

func (r report) targetRows() [][]string {
	rows := [][]string{{"Target", "wanted", "measured", "reached"}}
	for _, t := range targets {
		m, ok := r.result(t.row)
		base, based := r.result(t.base)
		if !ok || (t.base != "" && !based) {
			continue
		}
		measured := t.measure(m, base)
		answer := "no"
		if t.reached(measured) {
			answer = "yes"
		}
		rows = append(rows, []string{t.what, t.bound(), show(measured, t.format), answer})
	}
	return rows
}

func (r report) result(name string) (result, bool) {
	for _, m := range r.results {
		if m.name == name {
			return m, true
		}
	}
	return result{}, false
}

// show prints the median, and the least and the most where they differ from it.
func show(s spread, format string) string {
	middle, least, most := fmt.Sprintf(format, s.median), fmt.Sprintf(format, s.least), fmt.Sprintf(format, s.most)
	if least == middle && most == middle {
		return middle
	}
	return fmt.Sprintf("%s (%s–%s)", middle, least, most)
}
