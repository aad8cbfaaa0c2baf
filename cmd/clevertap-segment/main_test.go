package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	root     = "../.."
	examples = root + "/config-examples"
)

// cli runs the command line in this process and returns its exit code and what it printed.
func cli(t *testing.T, args ...string) (int, string) {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	printed := make(chan string)
	go func() {
		all, _ := io.ReadAll(read)
		printed <- string(all)
	}()
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = write, write
	options := append(cliOptions(), service.CLIOptSetArgs(append([]string{product}, args...)...))
	code, err := service.RunCLIToCode(context.Background(), options...)
	os.Stdout, os.Stderr = stdout, stderr
	require.NoError(t, write.Close())
	text := <-printed
	require.NoError(t, err, text)
	return code, text
}

func exampleConfigs(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(examples + "/*.yaml")
	require.NoError(t, err)
	var configs []string
	for _, path := range all {
		if isTest, _ := filepath.Match("*_benthos_test.yaml", filepath.Base(path)); !isTest {
			configs = append(configs, path)
		}
	}
	require.NotEmpty(t, configs)
	return configs
}

func TestEveryExampleLintsAndItsTestsPass(t *testing.T) {
	t.Setenv("IDENTITIES", t.TempDir())
	t.Setenv("SEGMENT_WEBHOOK_SECRET", webhookSecret)
	for _, path := range exampleConfigs(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			code, text := cli(t, "lint", path)
			assert.Zero(t, code, text)
			require.FileExists(t, testsOf(path))
			code, text = cli(t, "test", path)
			assert.Zero(t, code, text)
		})
	}
}

func testsOf(config string) string {
	return config[:len(config)-len(".yaml")] + "_benthos_test.yaml"
}

func TestVersionNamesTheProduct(t *testing.T) {
	code, text := cli(t, "--version")
	assert.Zero(t, code)
	assert.Contains(t, text, "Version: "+version)
}
