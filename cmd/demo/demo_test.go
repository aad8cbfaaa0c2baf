package main

import (
	"context"
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

func TestE2EDemoAccountsForEveryCallAndCleansUp(t *testing.T) {
	o := options{
		binary: builtBinary(t), keep: true,
		config: "../../config-examples/file_to_clevertap.yaml",
		calls:  "../../config-examples/data/segment-calls.jsonl.gz",
		export: "../../config-examples/events_export.yaml",
		seed:   "../../config-examples/data/clevertap-events.jsonl",
	}
	t.Setenv("TMPDIR", t.TempDir())
	ctx, interrupt := context.WithTimeout(context.Background(), time.Minute)
	defer interrupt()
	var out lines
	out.seen = func(line string) {
		if strings.HasPrefix(line, "Look at what arrived") {
			interrupt() // what Ctrl-C does
		}
	}
	require.NoError(t, run(ctx, o, &out))
	assert.Contains(t, out.text.String(), "1,200 calls read")
	assert.Contains(t, out.text.String(), "Every call accounted for")
	assert.Contains(t, out.text.String(), "Every event accounted for")
	assert.Contains(t, out.text.String(), "The same again: 0 events exported, 0 calls sent to Segment")
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left, "temporary files")
}

// lines tells its listener about each line that is written.
type lines struct {
	text strings.Builder
	seen func(line string)
}

func (l *lines) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		l.seen(line)
	}
	return l.text.Write(p)
}

func TestE2EDemoSaysWhyItFails(t *testing.T) {
	err := run(context.Background(), options{binary: "/no/such/binary"}, &strings.Builder{})
	assert.ErrorContains(t, err, "starting the sandbox")

	o := options{binary: builtBinary(t), config: "no-such.yaml", calls: "../../config-examples/data/segment-calls.jsonl.gz"}
	assert.ErrorContains(t, run(context.Background(), o, &strings.Builder{}), "no-such.yaml")

	o = options{binary: builtBinary(t), seed: "no-such.jsonl"}
	assert.ErrorContains(t, run(context.Background(), o, &strings.Builder{}), "no-such.jsonl")
}
