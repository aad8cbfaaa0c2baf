package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFileEndingInGzIsTheSameCallsCompressed(t *testing.T) {
	var plain bytes.Buffer
	require.NoError(t, run([]string{"-n", "50", "-seed", "4", "-bad", "0.1"}, &plain))
	path := filepath.Join(t.TempDir(), "calls.jsonl.gz")
	require.NoError(t, run([]string{"-n", "50", "-seed", "4", "-bad", "0.1", "-o", path}, nil))

	content := unzip(t, path)
	assert.Equal(t, plain.String(), content)
	assert.Equal(t, 50, strings.Count(content, "\n"))
}

func unzip(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	content, err := io.ReadAll(zipped)
	require.NoError(t, err)
	return string(content)
}

func TestTheExampleDataIsWhatGoGenerateWrites(t *testing.T) {
	source, err := os.ReadFile("main.go")
	require.NoError(t, err)
	directives := regexp.MustCompile(`(?m)^//go:generate go run \. (.*) -o (.*)$`).FindAllStringSubmatch(string(source), -1)
	require.Len(t, directives, 2)
	for _, directive := range directives {
		var plain bytes.Buffer
		require.NoError(t, run(strings.Fields(directive[1]), &plain))
		assert.True(t, content(t, directive[2]) == plain.String(), directive[2]+" is out of date: go generate ./cmd/generate-calls")
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	if strings.HasSuffix(path, ".gz") {
		return unzip(t, path)
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func TestAMixOfWeightsHasOnlyTheKindsThatItNames(t *testing.T) {
	var plain bytes.Buffer
	require.NoError(t, run([]string{"-n", "40", "-mix", "page=1,screen=1", "-size", "2000"}, &plain))
	lines := strings.Split(strings.TrimSpace(plain.String()), "\n")
	require.Len(t, lines, 40)
	for _, line := range lines {
		assert.Regexp(t, `"type":"(page|screen)"`, line)
	}
	assert.InDelta(t, 2000, plain.Len()/len(lines), 100)
}

func TestTheExportMixWritesExportedEvents(t *testing.T) {
	var plain bytes.Buffer
	require.NoError(t, run([]string{"-n", "30", "-mix", "export"}, &plain))
	assert.Equal(t, 30, strings.Count(plain.String(), `"event_props":`))
}

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-mix", "slow"}, {"-mix", "track=much"}, {"-bad", "2"}, {"-n", "x"}} {
		assert.Error(t, run(args, io.Discard), args)
	}
}
