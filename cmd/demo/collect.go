package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// statePath is where the sandbox tells what has arrived.
const statePath = "/sandbox/state"

// counts are numbers by name.
type counts map[string]int

func (c counts) sum() (n int) {
	for _, v := range c {
		n += v
	}
	return n
}

// result is what four independent witnesses say: the input file, the sandbox, the dead letter and the binary's metrics.
type result struct {
	config, calls string
	took          time.Duration

	read      int    // lines of the input file
	delivered counts // records in the sandbox, by type
	profiles  int    // people in the sandbox that were not there before
	unmapped  counts // calls in the dead letter, by reason
	failed    counts // records in the dead letter, by reason
	failedBy  counts // the same, by type
	dropped   counts // calls that were dropped on purpose, by reason
	fixes     counts // repairs, by name
}

func collect(ctx context.Context, o options, url, dir string) (*result, error) {
	r := &result{config: o.config, calls: o.calls, unmapped: counts{}, failed: counts{}, failedBy: counts{}}
	var err error
	if r.read, err = countLines(o.calls); err != nil {
		return nil, fmt.Errorf("counting the calls: %w", err)
	}
	if err := r.readSandbox(ctx, url); err != nil {
		return nil, fmt.Errorf("asking the sandbox: %w", err)
	}
	if err := r.readDeadLetter(filepath.Join(dir, deadLetterFile)); err != nil {
		return nil, fmt.Errorf("reading the dead letter: %w", err)
	}
	metrics, err := os.ReadFile(filepath.Join(dir, metricsFile))
	if err != nil {
		return nil, err
	}
	r.dropped = labelled(string(metrics), "segment_to_clevertap_dropped_total", "reason")
	r.fixes = labelled(string(metrics), "segment_to_clevertap_fixes_total", "fix")
	return r, nil
}

func countLines(path string) (lines int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return 0, err
	}
	scanner := bufio.NewScanner(unzipped)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		lines++
	}
	return lines, scanner.Err()
}

// state is the part of the sandbox's answer that counts.
type state struct {
	CleverTap struct {
		Stats struct {
			Accepted counts
			Profiles int
		}
		Deletions []struct{ Seq int }
	}
	Segment struct {
		Stats struct {
			Calls    int
			Accepted counts
		}
	}
}

func readState(ctx context.Context, url string) (s state, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+statePath, nil)
	if err != nil {
		return s, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return s, errors.New(response.Status)
	}
	return s, json.NewDecoder(response.Body).Decode(&s)
}

func (r *result) readSandbox(ctx context.Context, url string) error {
	state, err := readState(ctx, url)
	if err != nil {
		return err
	}
	r.profiles = state.CleverTap.Stats.Profiles
	r.delivered = state.CleverTap.Stats.Accepted
	if r.delivered == nil {
		r.delivered = counts{}
	}
	// Requests to delete somebody unknown are accepted, too. They are numbered from 1; the answer holds the newest.
	if n := len(state.CleverTap.Deletions); n > 0 {
		r.delivered["delete"] = state.CleverTap.Deletions[n-1].Seq
	}
	return nil
}

func (r *result) readDeadLetter(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing has failed
	}
	if err != nil {
		return err
	}
	defer file.Close()
	for lines := json.NewDecoder(file); lines.More(); {
		var line struct {
			Kind, Reason, Error string
			Type                string `json:"clevertap_type"`
		}
		if err := lines.Decode(&line); err != nil {
			return err
		}
		if line.Kind == "call" {
			r.unmapped[line.Reason]++
			continue
		}
		r.failed[strings.TrimPrefix(line.Error, "clevertap: ")]++
		r.failedBy[line.Type]++
	}
	return nil
}

// labelled adds up a Prometheus counter by the values of one label.
func labelled(metrics, name, label string) counts {
	all := counts{}
	line := regexp.MustCompile(`(?m)^` + name + `\{(?:[^\n]*,)?` + label + `="([^"]*)"[^\n]*\} ([0-9.e+]+)$`)
	for _, m := range line.FindAllStringSubmatch(metrics, -1) {
		if value, err := strconv.ParseFloat(m[2], 64); err == nil {
			all[m[1]] += int(value)
		}
	}
	return all
}
