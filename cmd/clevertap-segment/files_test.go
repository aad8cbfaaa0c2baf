//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// assertPrivate checks that only the owner has permissions on what is below a directory, and returns how many files are.
func assertPrivate(t *testing.T, dir string) (files int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		if path == dir {
			return nil // the test has made it
		}
		info, err := entry.Info()
		require.NoError(t, err)
		want := fs.FileMode(0o700)
		if !entry.IsDir() {
			want = 0o600
			files++
		}
		assert.Equal(t, want, info.Mode().Perm(), path)
		return nil
	}))
	return files
}

func TestE2EFiles_CreatedForTheOwnerOnly(t *testing.T) {
	fake, clevertap := fakeClevertap(t, clevertaptest.Options{InProgress: -1})
	yesterday := time.Now().UTC().Add(-24 * time.Hour)
	require.NoError(t, fake.Seed(strings.NewReader(fmt.Sprintf(`{"type":"event","identity":"u1","ts":%d,"evtName":"Bought","evtData":{}}`, yesterday.Unix()))))

	t.Run("identities and dead letters", func(t *testing.T) {
		dead := t.TempDir()
		p, batch := endpoint(t, "CLEVERTAP_URL="+clevertap, shellPrefix+"umask 022", "DEAD_LETTER="+dead+"/new/dead",
			"metrics.prometheus.file_output_path="+t.TempDir()+"/metrics") // which Prometheus makes readable for all
		tooLong := strings.Repeat("u", 1024) // for the mapping, not for the input
		require.Equal(t, 200, postAs(t, batch, `{"batch":[{"type":"identify","userId":"u1","anonymousId":"a1"},{"type":"page","userId":"`+tooLong+`"}]}`, writeKey))
		p.stop()
		assert.Equal(t, 1, assertPrivate(t, p.dir), "an identity")
		assert.Equal(t, 1, assertPrivate(t, dead))
	})
	t.Run("checkpoints of an export", func(t *testing.T) {
		checkpoints := t.TempDir()
		_, segment := fakeSegment(t, segmenttest.Options{})
		p := start(t, "events_export.yaml", "CLEVERTAP_URL="+clevertap, "SEGMENT_ENDPOINT="+segment, "CHECKPOINTS="+checkpoints,
			"FROM="+yesterday.Format(time.DateOnly), "POLL_INTERVAL=0s", "http.address="+testenv.FreeAddress(t), shellPrefix+"umask 022")
		p.wait()
		assert.Positive(t, assertPrivate(t, checkpoints))
	})
	t.Run("in streams mode", func(t *testing.T) {
		dir := t.TempDir()
		stream := configFile(t, "stream.yaml", "input: { generate: { mapping: 'root = {}', count: 1, interval: '' } }\n"+
			"output: { file: { path: '"+dir+"/new/out', codec: lines } }\n")
		launch(t, "umask 022", dir, nil, "streams", "--no-api", "-s", "http.enabled=false", stream)
		eventually(t, "a file", func() bool { _, err := os.Stat(dir + "/new/out"); return err == nil })
		assertPrivate(t, dir)
	})
	t.Run("a stricter umask stays", func(t *testing.T) {
		dir := t.TempDir()
		config := configFile(t, "config.yaml", "http: { enabled: false }\ninput: { generate: { mapping: 'root = {}', count: 1, interval: '' } }\n"+
			"output: { file: { path: '"+dir+"/out', codec: lines } }\n")
		launch(t, "umask 0277", dir, nil, "run", config).wait()
		info, err := os.Stat(dir + "/out")
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o400), info.Mode().Perm())
	})
}
