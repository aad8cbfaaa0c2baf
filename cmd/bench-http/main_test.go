package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// builtBinary is the one that make has built, or a fresh one.
func builtBinary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("CLEVERTAP_SEGMENT_BINARY"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "clevertap-segment")
	out, err := exec.Command("go", "build", "-o", path, "../clevertap-segment").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

func TestE2EEveryoneIsMeasuredUnderEveryWorkload(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{
		"-binary", builtBinary(t), "-rounds", "1", "-duration", "100ms", "-warm-up", "0s", "-callers", "2", "-calls", "1,5",
		"-markdown",
	}, &out, io.Discard))
	for _, workload := range []string{
		"1 call in a body, 2 callers", "1 call in a body, gzip, 2 callers",
		"5 calls in a body, 2 callers", "5 calls in a body, gzip, 2 callers",
	} {
		_, table, found := strings.Cut(out.String(), "\n"+workload+"\n\n")
		require.True(t, found, workload)
		table, _, _ = strings.Cut(table, "\n\n")
		rows := strings.Split(strings.TrimSpace(table), "\n")[2:]
		for i, row := range rows {
			cells := strings.Split(strings.Trim(row, "| "), " | ")
			require.Len(t, cells, len(columns), row)
			assert.NotEqual(t, "0", cells[1], "requests per second: %s", row)
			assert.Equal(t, "0", cells[8], "not answered 200: %s", row)
			if i == 0 {
				assert.Equal(t, "1.00", cells[10], "what the others are compared with: %s", row)
			}
		}
		assert.Len(t, rows, map[bool]int{false: 4, true: 2}[strings.Contains(workload, "gzip")])
	}
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left, "temporary files")
}

func TestE2EProfilesAreWritten(t *testing.T) {
	profiles := t.TempDir()
	require.NoError(t, run(t.Context(), []string{
		"-binary", builtBinary(t), "-rounds", "1", "-duration", "100ms", "-callers", "2", "-calls", "1", "-profiles", profiles,
		"-only", "^segment_http, (1|dedupe)",
	}, io.Discard, io.Discard))
	saved, err := os.ReadDir(profiles)
	require.NoError(t, err)
	names := []string{}
	for _, file := range saved {
		names = append(names, file.Name())
	}
	assert.ElementsMatch(t, []string{
		"http_server-segment_parse-1_call_in_a_body-2_callers.pprof", // what the others are compared with
		"segment_http-1_call_in_a_body-2_callers.pprof",
		"segment_http-dedupe_cache-1_call_in_a_body-2_callers.pprof",
		"http_server-decompress-segment_parse-1_call_in_a_body-gzip-2_callers.pprof",
		"segment_http-1_call_in_a_body-gzip-2_callers.pprof",
	}, names)
}

func TestOnlyTheServersAskedForAreCompared(t *testing.T) {
	for only, want := range map[string]int{
		"":                                   4,
		"^segment_http, 1 call in a body, 2": 2,
		"^http_server, segment_parse":        1,
		"^http_server":                       2,
		"gzip":                               0,
	} {
		o, err := parseOptions([]string{"-only", only}, io.Discard)
		require.NoError(t, err)
		list := o.contenders(workload{calls: 1, callers: 2})
		if assert.Len(t, list, want, only) && want > 0 {
			assert.Equal(t, plainContenders[0], list[0], only)
		}
	}
	_, err := parseOptions([]string{"-only", "("}, io.Discard)
	require.Error(t, err)
	require.ErrorContains(t, run(t.Context(), []string{"-only", "nobody"}, io.Discard, io.Discard), `-only "nobody"`)
}

func TestAnotherBinaryIsComparedByItsInput(t *testing.T) {
	o, err := parseOptions([]string{"-before", "old", "-only", "before"}, io.Discard)
	require.NoError(t, err)
	list := o.contenders(workload{calls: 1, callers: 2})
	require.Len(t, list, 2)
	assert.Equal(t, plainContenders[0], list[0])
	assert.Equal(t, contender{name: "segment_http, before", input: segmentInput, binary: "old"}, list[1])
}

func TestE2EStalledOutputLosesNothing(t *testing.T) {
	binary := builtBinary(t)
	for _, dedupe := range []string{"-dedupe=false", "-dedupe=true"} {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), []string{
			"-binary", binary, "-stall", "300ms", "-stall-callers", "20", "-duration", "100ms", "-warm-up", "0s", dedupe,
		}, &out, io.Discard))
		assert.Contains(t, out.String(), "lost = 0, repeated = 0 (of calls that had been answered 200 at once: 0), requests given up = 0")
		assert.NotRegexp(t, `\b0 calls sent,`, out.String())
	}
}

func TestE2EAnInterruptEndsTheServers(t *testing.T) {
	binary := builtBinary(t)
	for name, args := range map[string][]string{
		"comparison": {"-duration", "1m"},
		"stall":      {"-stall", "1m", "-stall-callers", "4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			ctx, interrupt := context.WithTimeout(t.Context(), 2*time.Second)
			defer interrupt()
			err := run(ctx, append(args, "-binary", binary, "-callers", "2"), io.Discard, io.Discard)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			left, err := os.ReadDir(os.TempDir())
			require.NoError(t, err)
			assert.Empty(t, left, "a server's config goes when the server has ended")
		})
	}
}

func TestE2EFailuresSayWhy(t *testing.T) {
	assert.ErrorContains(t, run(t.Context(), []string{"-binary", "/no/such/binary"}, io.Discard, io.Discard), "starting the server")
	assert.ErrorContains(t, run(t.Context(), []string{"-binary", "/bin/false"}, io.Discard, io.Discard), "it has ended")
	for _, args := range [][]string{{"-callers", "0"}, {"-calls", "1,x"}, {"-rounds", "0"}, {"-stall", "-1s"}, {"more"}} {
		assert.Error(t, run(t.Context(), args, io.Discard, io.Discard), args)
	}
}

func TestTemplatesAreRequestsWhoseIDsChange(t *testing.T) {
	templates, err := newTemplates(workload{calls: 3}, 2)
	require.NoError(t, err)
	again, err := newTemplates(workload{calls: 3}, 2)
	require.NoError(t, err)
	assert.Equal(t, templates, again, "the same on every run")

	one := templates[0].copied()
	seen := map[string]bool{}
	for n := range uint64(20) {
		one.renumber(n<<32 | n)
		for _, id := range one.messageIDs() {
			assert.False(t, seen[id], id)
			seen[id] = true
		}
	}
	assert.Len(t, seen, 60)
	assert.Equal(t, again[0], templates[0], "a copy is renumbered by itself")

	_, body, found := bytes.Cut(one.raw, []byte("\r\n\r\n"))
	require.True(t, found)
	var batch struct{ Batch []struct{ MessageID string } }
	require.NoError(t, json.Unmarshal(body, &batch))
	assert.Equal(t, one.messageIDs(), []string{batch.Batch[0].MessageID, batch.Batch[1].MessageID, batch.Batch[2].MessageID})
}

func TestLedgerTellsLostFromRepeated(t *testing.T) {
	for name, test := range map[string]struct {
		happens func(*ledger, []string)
		want    balance
	}{
		"delivered":                        {func(l *ledger, id []string) { l.arrive(id); l.accept(id) }, balance{sent: 1, accepted: 1}},
		"refused and given up":             {func(l *ledger, id []string) { l.refuse(id) }, balance{sent: 1}},
		"refused, came again":              {func(l *ledger, id []string) { l.refuse(id); l.arrive(id); l.accept(id) }, balance{sent: 1, accepted: 1}},
		"refused, arrived, came again":     {func(l *ledger, id []string) { l.refuse(id); l.arrive(id); l.arrive(id); l.accept(id) }, balance{sent: 1, accepted: 1, repeated: 1}},
		"answered 200, arrived twice":      {func(l *ledger, id []string) { l.arrive(id); l.accept(id); l.arrive(id) }, balance{sent: 1, accepted: 1, repeated: 1, unfounded: 1}},
		"answered 200, never arrived":      {func(l *ledger, id []string) { l.accept(id) }, balance{sent: 1, accepted: 1, lost: 1}},
		"answered 200 before it arrived":   {func(l *ledger, id []string) { l.accept(id); l.arrive(id) }, balance{sent: 1, accepted: 1, lost: 1}},
		"refused, answered 200, not there": {func(l *ledger, id []string) { l.refuse(id); l.accept(id) }, balance{sent: 1, accepted: 1, lost: 1}},
		"several, of which one is repeated": {func(l *ledger, id []string) {
			l.arrive([]string{"b", "c"})
			l.accept([]string{"b", "c"})
			l.arrive([]string{"c"})
		}, balance{sent: 2, accepted: 2, repeated: 1, unfounded: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			test.happens(l, []string{"a"})
			assert.Equal(t, test.want, l.balance())
		})
	}
}

func TestQuantilesAndSpreads(t *testing.T) {
	times := []time.Duration{4, 1, 3, 2, 5, 6, 7, 8, 9, 10}
	assert.Equal(t, time.Duration(6), quantile(times, 0.5))
	assert.Equal(t, time.Duration(10), quantile(times, 0.99))
	assert.Equal(t, time.Duration(10), quantile(times, 1))
	assert.Equal(t, spread{2, 1, 3}, newSpread([]float64{3, 1, 2}))
	assert.Equal(t, spread{2.5, 1, 4}, newSpread([]float64{4, 3, 1, 2}))
	fast, slow := series{samples: []sample{{perSecond: 10}, {perSecond: 40}}}, series{samples: []sample{{perSecond: 5}, {perSecond: 10}}}
	assert.Equal(t, spread{3, 2, 4}, fast.ratio(slow, requestsPerSecond), "round by round")
}

func TestRetryAfterIsHeeded(t *testing.T) {
	assert.Equal(t, 7*time.Second, retryAfter(http.Header{"Retry-After": {"7"}}))
	assert.Less(t, retryAfter(nil), time.Second)
}
