package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a process uses is read from /proc, so on Linux only.

// canSample tells whether this system shows what processes use.
func canSample() bool {
	_, err := os.Stat("/proc/self/statm")
	return err == nil
}

// memory returns the resident set of a running process in bytes.
func (b *bridge) memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", b.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("%d fields in statm", len(fields))
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// files returns how many file descriptors a running process has.
func (b *bridge) files() (int64, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", b.cmd.Process.Pid))
	return int64(len(entries)), err
}

// goroutines asks the process's metrics.
func (b *bridge) goroutines() (int64, error) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get("http://" + b.address + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), "go_goroutines "); found {
			n, err := strconv.ParseFloat(value, 64)
			return int64(n), err
		}
	}
	return 0, fmt.Errorf("the metrics have no go_goroutines")
}

// gauge collects the memory of some processes.
type gauge struct {
	highest []int64
	all     []int64
}

func newGauge(processes int) *gauge { return &gauge{highest: make([]int64, processes)} }

// sample takes one value, if the process runs.
func (g *gauge) sample(process int, b *bridge) {
	if !b.running() {
		return
	}
	if bytes, err := b.memory(); err == nil {
		g.highest[process] = max(g.highest[process], bytes)
		g.all = append(g.all, bytes)
	}
}

func (g *gauge) median() int64 { return median(g.all) }

func median(values []int64) int64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
