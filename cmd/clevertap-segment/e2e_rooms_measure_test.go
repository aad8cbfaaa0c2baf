package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// roomsTarget is CleverTap, which counts honest calls and forgets the rest before it takes up room of its own.
type roomsTarget struct {
	url    string
	honest atomic.Int64
}

func newRoomsTarget(t *testing.T) *roomsTarget {
	t.Helper()
	fake, target := clevertaptest.New(clevertaptest.Options{MaxEvents: 1, MaxRejections: 1}), &roomsTarget{}
	fake.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		target.honest.Add(int64(bytes.Count(body, []byte(honestEvent))))
		r.Body = io.NopCloser(bytes.NewReader(body))
		return false
	})
	server := httptest.NewServer(fake)
	forget := time.NewTicker(5 * time.Second)
	stopped := make(chan struct{})
	go func() {
		for {
			select {
			case <-forget.C:
				fake.Reset()
			case <-stopped:
				return
			}
		}
	}()
	t.Cleanup(func() {
		forget.Stop()
		close(stopped)
		server.Close()
	})
	target.url = server.URL
	return target
}

// rooms measures what a process takes up. Its files are all in one directory, but for the log.
type rooms struct {
	t       *testing.T
	process *process
	status  string

	memory, wire, stored, onDisk, links, log int64
	other                                    int64 // stored, and of no known kind
	overrun                                  bool
}

func newRooms(t *testing.T, p *process) *rooms {
	t.Helper()
	r := &rooms{t: t, process: p, status: fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)}
	if _, err := os.Stat(r.status); err != nil {
		testenv.Skip(t, "the memory that hostile senders take up", "there is no /proc")
	}
	return r
}

// Where a run would fill the machine it ends early, and fails.
const (
	overrunFiles  = 2 << 30
	overrunMemory = 3 << 30
)

func (r *rooms) watch(ctx context.Context, done func()) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		dead, _ := os.Stat(r.process.path("dead"))
		if dead != nil && dead.Size() > overrunFiles || r.peak() > overrunMemory {
			r.overrun = true
			done()
			return
		}
	}
}

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// peak is the most memory that was ever resident, 0 if the process has ended.
func (r *rooms) peak() int64 {
	text, _ := os.ReadFile(r.status)
	if m := highWater.FindSubmatch(text); m != nil {
		kilobytes, _ := strconv.ParseInt(string(m[1]), 10, 64)
		return kilobytes << 10
	}
	return 0
}

// measure adds up what was written, and by which kind of attack.
func (r *rooms) measure(kinds []*hostileKind) {
	r.t.Helper()
	r.memory = r.peak()
	require.NotZero(r.t, r.memory, "the process has ended: %s", r.process.log.String())
	r.log = int64(len(r.process.log.String()))
	r.stored = r.log
	require.NoError(r.t, filepath.WalkDir(r.process.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		r.stored += info.Size()
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			r.onDisk += stat.Blocks * 512
		}
		if strings.HasPrefix(entry.Name(), "clevertap_link_") {
			r.links++
			kindNamed(kinds, freshPairs).stored += info.Size()
		}
		return nil
	}))
	r.attribute(kinds)
	for _, k := range kinds {
		r.wire += k.wire.Load()
	}
}

var hostileMark = regexp.MustCompile(`hostile-([a-z-]+)-`)

// attribute finds out which kind of attack each dead letter is from.
func (r *rooms) attribute(kinds []*hostileKind) {
	r.t.Helper()
	file, err := os.Open(r.process.path("dead"))
	if os.IsNotExist(err) {
		return
	}
	require.NoError(r.t, err)
	defer file.Close()
	for lines := bufio.NewReaderSize(file, 1<<20); ; {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		if m := hostileMark.FindSubmatch(line); m != nil {
			kindNamed(kinds, string(m[1])).stored += int64(len(line))
		} else {
			r.other += int64(len(line))
		}
	}
}

const megabyte = 1e6

func (r *rooms) report(kinds []*hostileKind, honest waits, target *roomsTarget) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\nkind\trequests\tMB on the wire\tMB stored\tfactor\t  answers\n")
	for _, k := range kinds {
		wire := max(1, k.wire.Load())
		fmt.Fprintf(w, "%s\t%d\t%.2f\t%.2f\t%.1f\t  %s\n", k.name, k.requests.Load(), float64(wire)/megabyte, float64(k.stored)/megabyte, float64(k.stored)/float64(wire), k.answered())
	}
	fmt.Fprintf(w, "all\t\t%.2f\t%.2f\t%.1f\t\n", float64(r.wire)/megabyte, float64(r.stored)/megabyte, float64(r.stored)/float64(max(1, r.wire)))
	_ = w.Flush()
	fmt.Fprintf(&out, "memory %.1f MB at most, allowed are %.1f MB\n", float64(r.memory)/megabyte, float64(mostMemory)/megabyte)
	fmt.Fprintf(&out, "disk %.1f MB in blocks; %d links in files of their own, %.2f MB of dead letters of no kind, %.2f MB of log\n",
		float64(r.onDisk)/megabyte, r.links, float64(r.other)/megabyte, float64(r.log)/megabyte)
	fmt.Fprintf(&out, "honest calls: %d answered 200, %d of them after a retry (first answers %s), %d never; p50 %v, p99 %v, longest %v; %d arrived\n",
		honest.count, honest.retried, countsOf(honest.first), honest.never, honest.percentile(50), honest.percentile(99), honest.percentile(100), target.honest.Load())
	return out.String()
}

// countsOf are counts by the status of the answer, 0 where there was none.
func countsOf(statuses map[int]int) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		parts = append(parts, fmt.Sprintf("%d×%d", status, statuses[status]))
	}
	return strings.Join(parts, " ")
}

// waits are how long honest senders have waited for the answer 200, in order.
type waits struct {
	took                  []time.Duration
	count, retried, never int
	first                 map[int]int
}

func waitsOf(people []*honestSender) waits {
	all := waits{first: map[int]int{}}
	for _, s := range people {
		all.took = append(all.took, s.took...)
		all.retried += s.retried
		all.never += s.never
		for status, n := range s.first {
			all.first[status] += n
		}
	}
	slices.Sort(all.took)
	all.count = len(all.took)
	return all
}

func (w waits) percentile(p int) time.Duration {
	if len(w.took) == 0 {
		return 0
	}
	return w.took[min(len(w.took)-1, len(w.took)*p/100)].Round(time.Millisecond)
}
