package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The processes of a run are this program again, which is the test binary here.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if role, ok := roles[os.Args[1]]; ok {
			role(os.Args[2:])
			return
		}
	}
	os.Exit(m.Run())
}

func TestEveryPipelineRunsAndDeliversWhatItMust(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out, progress bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-rounds", "1", "-calls", "120", "-memory-calls", "240"}, &out, &progress), progress.String())

	for _, r := range rows(options{memoryCalls: 1}) {
		assert.Regexp(t, `(?m)^`+r.name+` `, out.String())
	}
	for _, target := range targets {
		assert.Contains(t, out.String(), target.what)
	}
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left, "temporary files stay behind")
}

func TestAPipelineThatLosesMessagesIsNoResult(t *testing.T) {
	lossy := row{
		name: "lossy", cores: 1, processors: `mapping: 'root = if random_int() % 2 == 0 { deleted() }'`, output: toDrop,
		delivered: tally.lines,
	}
	assert.ErrorContains(t, measureOne(t, lossy), "messages, not 60, with 0 failures")
}

func TestAPipelineThatFailsIsNoResult(t *testing.T) {
	failing := row{name: "failing", cores: 1, processors: `mapping: 'root = throw("no")'`, output: toDrop, delivered: tally.lines}
	assert.ErrorContains(t, measureOne(t, failing), "it delivered 60 messages, not 60, with 60 failures")
}

func TestAPipelineWhoseServerGetsOtherBytesIsNoResult(t *testing.T) {
	own := rowNamed(t, "clevertap")
	b := newBench(t, 60)
	require.NoError(t, b.prepare(t.Context(), []row{own}))
	b.contents[own.name]++
	_, err := b.run(t.Context(), own, "")
	assert.ErrorContains(t, err, "bytes of records, not")
}

func TestAnInterruptedRunEndsItsProcesses(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, interrupt := context.WithCancel(t.Context())
	// The interruption falls into the run of the row after the first.
	started := time.Now()
	progress := writerFunc(func(text string) {
		if strings.HasPrefix(text, "round 1") {
			time.AfterFunc(50*time.Millisecond, interrupt)
		}
	})
	err := run(ctx, []string{"-only", "^(startup|bloblang)$", "-calls", "20000", "-rounds", "50"}, &bytes.Buffer{}, progress)
	require.ErrorIs(t, err, context.Canceled)
	assert.Less(t, time.Since(started), runLimit)
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left, "temporary files stay behind")
}

type writerFunc func(string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-only", "no such row"}, {"-only", "("}, {"-rounds", "0"}, {"-calls", "0"}, {"-memory-calls", "-1"}} {
		assert.Error(t, run(t.Context(), args, &bytes.Buffer{}, &bytes.Buffer{}), args)
	}
}

func TestWhatARowIsComparedWithRunsToo(t *testing.T) {
	_, chosen, err := parse([]string{"-only", "^to_segment$"})
	require.NoError(t, err)
	var names []string
	for _, r := range chosen {
		names = append(names, r.name)
	}
	assert.Equal(t, []string{"export_none", "to_segment"}, names)
}

func TestProfilesAreWrittenWhereAskedFor(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-only", "^(mapper|none)$", "-calls", "60", "-rounds", "1", "-profile", dir}
	require.NoError(t, run(t.Context(), args, &bytes.Buffer{}, &bytes.Buffer{}))
	for _, name := range []string{"mapper.cpu.pprof", "mapper.allocs.pprof", "none.cpu.pprof", "none.allocs.pprof"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Positive(t, info.Size(), name)
	}
}

func TestMarkdownIsAsManyTablesAsText(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-only", "^(bytes)$", "-calls", "60", "-rounds", "2", "-markdown"}, &out, &bytes.Buffer{}))
	assert.Equal(t, 4, strings.Count(out.String(), "| --- |\n"), out.String())
	assert.Contains(t, out.String(), "| bytes | none |")
}

func rowNamed(t *testing.T, name string) row {
	t.Helper()
	for _, r := range rows(options{}) {
		if r.name == name {
			return r
		}
	}
	t.Fatalf("there is no row %q", name)
	return row{}
}

func newBench(t *testing.T, lines int) *bench {
	t.Helper()
	return &bench{options: options{rounds: 1, calls: lines}, dir: t.TempDir(), progress: &bytes.Buffer{}}
}

func measureOne(t *testing.T, r row) error {
	t.Helper()
	b := newBench(t, 60)
	require.NoError(t, b.prepare(t.Context(), []row{r}))
	_, err := b.measure(t.Context(), []row{r})
	return err
}
