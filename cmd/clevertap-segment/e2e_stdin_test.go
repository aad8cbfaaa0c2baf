package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The smallest pipeline there is, as somebody tries it in a shell.
func TestE2EACallOnStandardInputBecomesRecordsOnStandardOutput(t *testing.T) {
	binary, err := buildOnce()
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "stdin.yaml")
	require.NoError(t, os.WriteFile(config, []byte(`
http: { enabled: false }
logger: { level: NONE }
input: { stdin: {} }
pipeline: { threads: 1, processors: [ { segment_to_clevertap: {} } ] }
output: { stdout: {} }
`), 0o600))
	var stdout bytes.Buffer
	cmd := exec.Command(binary, "run", config)
	cmd.Stdout = &stdout
	cmd.Stdin = strings.NewReader(`{"type":"track","userId":"u1","event":"Signed Up","timestamp":"2026-03-02T08:00:00Z","properties":{"Plan Name":"plus","ref":9007199254740993}}
{"type":"identify","userId":17,"traits":{"name":"Åsa Öberg","gender":"female"}}
{"type":"group","userId":"u1","groupId":"g1"}
`)
	require.NoError(t, cmd.Run())
	assert.Equal(t, []string{
		`{"type":"event","identity":"u1","ts":1772438400,"evtName":"Signed Up","evtData":{"CT Source":"segment","plan_name":"plus","ref":9007199254740993}}`,
		`{"type":"profile","identity":"17","profileData":{"Name":"Åsa Öberg","Gender":"F"}}`,
	}, strings.Split(strings.TrimSpace(stdout.String()), "\n"))
}
