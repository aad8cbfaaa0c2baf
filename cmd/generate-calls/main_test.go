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

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-mix", "slow"}, {"-bad", "2"}, {"-n", "x"}} {
		assert.Error(t, run(args, io.Discard), args)
	}
}
