package inputs

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
)

// storageLine is a message as tests compare it.
type storageLine struct{ content, event, occurrence string }

func asStorageLine(t *testing.T, msg *service.Message) storageLine {
	t.Helper()
	content, err := msg.AsBytes()
	require.NoError(t, err)
	source, _ := msg.MetaGet("clevertap_source")
	assert.Equal(t, "storage_export", source)
	event, _ := msg.MetaGet("clevertap_event_name")
	occurrence, _ := msg.MetaGet("clevertap_occurrence")
	return storageLine{string(content), event, occurrence}
}

// scanStorage reads a file with the scanner and acknowledges every line.
func scanStorage(t *testing.T, source io.Reader, maxLine int) (list []storageLine, acks []error, err error) {
	t.Helper()
	export, err := newClevertapExport(maxLine, nil)
	require.NoError(t, err)
	scanner, err := export.Create(io.NopCloser(source), func(_ context.Context, err error) error {
		acks = append(acks, err)
		return nil
	}, nil)
	require.NoError(t, err)
	for {
		batch, ack, err := scanner.NextBatch(t.Context())
		if err != nil {
			require.NoError(t, scanner.Close(t.Context()))
			return list, acks, err
		}
		require.Len(t, batch, 1)
		list = append(list, asStorageLine(t, batch[0]))
		require.NoError(t, ack(t.Context(), nil))
	}
}

func TestExportReadsFiles(t *testing.T) {
	tests := map[string]struct {
		file string
		want []storageLine
	}{
		"an event file": {
			"App Launched\n{\"ts\":20171109000015,\"n\":9007199254740993}\n{\"ts\":20171109000016}\n",
			[]storageLine{
				{`{"event_name":"App Launched","ts":20171109000015,"n":9007199254740993}`, "App Launched", "0"},
				{`{"event_name":"App Launched","ts":20171109000016}`, "App Launched", "0"},
			},
		},
		"identical lines are numbered": {
			"A\n{\"ts\":1}\n{\"ts\":2}\n{\"ts\":1}\n{\"ts\":1}",
			[]storageLine{
				{`{"event_name":"A","ts":1}`, "A", "0"}, {`{"event_name":"A","ts":2}`, "A", "0"},
				{`{"event_name":"A","ts":1}`, "A", "1"}, {`{"event_name":"A","ts":1}`, "A", "2"},
			},
		},
		"a profile file": {
			"{\"identity\":\"a\",\"clevertapId\":\"1\"}\n{\"identity\":\"a\",\"clevertapId\":\"1\"}\n",
			[]storageLine{{`{"identity":"a","clevertapId":"1"}`, "", ""}, {`{"identity":"a","clevertapId":"1"}`, "", ""}},
		},
		"a profile file that begins with a broken line": {
			"{\"identity\":\n{\"identity\":\"a\"}\n",
			[]storageLine{{`{"identity":`, "", ""}, {`{"identity":"a"}`, "", ""}},
		},
		"line ends, a mark and empty lines": {
			"\xef\xbb\xbf\r\n  A / B \r\n\r\n{\"ts\":1}\r\n\n{\"ts\":1}\n",
			[]storageLine{{`{"event_name":"A / B","ts":1}`, "A / B", "0"}, {`{"event_name":"A / B","ts":1}`, "A / B", "1"}},
		},
		"a broken line is passed on": {
			"A\n{\"ts\":1\nCSV,2\n{\"ts\":3}\n",
			[]storageLine{{`{"ts":1`, "A", "0"}, {`CSV,2`, "A", "0"}, {`{"event_name":"A","ts":3}`, "A", "0"}},
		},
		"no line":                       {"", nil},
		"nothing but the name":          {"A\n", nil},
		"a name that looks like a list": {"[beta] Clicked\n{}\n", []storageLine{{`{"event_name":"[beta] Clicked"}`, "[beta] Clicked", "0"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			list, acks, err := scanStorage(t, strings.NewReader(test.file), cexMaxBufferSize)
			assert.ErrorIs(t, err, io.EOF)
			assert.Equal(t, test.want, list)
			assert.Equal(t, []error{nil}, acks, "the file is acknowledged once")
		})
	}
}

func TestExportCutsLongLinesAndGoesOn(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 3*storageReadSize) + `"}`
	exact := `{"b":"` + strings.Repeat("y", 992) + `"}`
	require.Len(t, exact, 1000)
	list, _, err := scanStorage(t, strings.NewReader("A\n"+long+"\n"+exact+"\r\n"+exact+"z\n"+`{"c":1}`), 1000)
	assert.ErrorIs(t, err, io.EOF)
	require.Len(t, list, 4)
	assert.Equal(t, long[:1000], list[0].content)
	assert.Equal(t, `{"event_name":"A",`+exact[1:], list[1].content)
	assert.Equal(t, `{"event_name":"A",`+exact[1:], list[2].content, "what was cut off does not come back as a line")
	assert.Equal(t, `{"event_name":"A","c":1}`, list[3].content)
}

func TestExportRefusesWhatIsNoExport(t *testing.T) {
	for name, file := range map[string]string{
		"an array":              "[{\"identity\":\"a\"}]",
		"an array over lines":   "[\n{\"identity\":\"a\"}\n]",
		"a name without an end": strings.Repeat("x", 5000) + "\n{}\n",
		"a blank first line":    " \n{}\n",
	} {
		t.Run(name, func(t *testing.T) {
			list, acks, err := scanStorage(t, strings.NewReader(file), 1000)
			require.ErrorContains(t, err, "clevertap_export: the first line")
			assert.Empty(t, list)
			assert.Equal(t, []error{err}, acks)
		})
	}
}

func TestExportReportsAFileThatBreaksOff(t *testing.T) {
	broken := errors.New("broken")
	source := io.MultiReader(strings.NewReader("A\n{\"ts\":1}\n{\"ts\":"), &storageFailure{broken})
	list, acks, err := scanStorage(t, source, 1000)
	assert.ErrorIs(t, err, broken)
	assert.Len(t, list, 1, "half a line is none")
	assert.Equal(t, []error{broken}, acks)
}

type storageFailure struct{ err error }

func (r *storageFailure) Read([]byte) (int, error) { return 0, r.err }

func TestExportAcknowledgesAFileAfterAllItsLines(t *testing.T) {
	export, err := newClevertapExport(1000, nil)
	require.NoError(t, err)
	for name, test := range map[string]struct{ second, want error }{
		"all delivered":       {nil, nil},
		"one of them refused": {errors.New("refused"), errors.New("refused")},
	} {
		t.Run(name, func(t *testing.T) {
			var acks []error
			scanner, err := export.Create(io.NopCloser(strings.NewReader("A\n{\"ts\":1}\n{\"ts\":2}\n")),
				func(_ context.Context, err error) error {
					acks = append(acks, err)
					return nil
				}, service.NewScannerSourceDetails())
			require.NoError(t, err)
			_, ackFirst, err := scanner.NextBatch(t.Context())
			require.NoError(t, err)
			_, ackSecond, err := scanner.NextBatch(t.Context())
			require.NoError(t, err)
			_, _, err = scanner.NextBatch(t.Context())
			require.ErrorIs(t, err, io.EOF)
			require.NoError(t, scanner.Close(t.Context()))
			assert.Empty(t, acks)
			require.NoError(t, ackSecond(t.Context(), test.second))
			require.NoError(t, ackFirst(t.Context(), nil))
			assert.Equal(t, []error{test.want}, acks)
		})
	}
}

func TestExportSettings(t *testing.T) {
	_, err := newClevertapExport(0, nil)
	require.ErrorContains(t, err, "max_buffer_size must be at least 1")
	lints, err := service.GlobalEnvironment().NewComponentConfigLinter().LintScannerYAML([]byte("clevertap_export: { max_buffer_size: 0 }"))
	require.NoError(t, err)
	require.Len(t, lints, 1)
	assert.Equal(t, "max_buffer_size must be at least 1", lints[0].What)
}

// TestExportStream reads packed files as the documentation shows; a sink that fails at times gets every line in the end.
func TestExportStream(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	dir := t.TempDir()
	writeStorageGzip(t, filepath.Join(dir, "1-1-App-Launched-20171109-0-0.json.gz"), "App Launched\n"+strings.Repeat("{\"ts\":1}\n", 50))
	writeStorageGzip(t, filepath.Join(dir, "2-profiles.json.gz"), "{\"identity\":\"a\"}\n{\"identity\":\"b\"}\n")
	builder := service.NewEnvironment().NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	require.NoError(t, builder.AddInputYAML(fmt.Sprintf(`
file:
  paths: [ %s/*.gz ]
  delete_on_finish: true
  scanner: { decompress: { algorithm: gzip, into: { clevertap_export: {} } } }`, dir)))
	sink := &storageSink{got: map[storageLine]int{}}
	require.NoError(t, builder.AddBatchConsumerFunc(func(_ context.Context, batch service.MessageBatch) error {
		return sink.take(t, batch)
	}))
	stream, err := builder.Build()
	require.NoError(t, err)
	ctx, done := context.WithTimeout(t.Context(), 20*time.Second)
	defer done()
	require.NoError(t, stream.Run(ctx))

	want := map[storageLine]int{{`{"identity":"a"}`, "", ""}: 1, {`{"identity":"b"}`, "", ""}: 1}
	for i := range 50 {
		want[storageLine{`{"event_name":"App Launched","ts":1}`, "App Launched", fmt.Sprint(i)}] = 1
	}
	assert.Equal(t, want, sink.got)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left, "both files were acknowledged")
	goleak.VerifyNone(t, leaks)
}

// storageSink refuses every third message of the first dozen. Of later ones the engine would lose some: its file input
// does not wait for those that are refused after the last file was read.
type storageSink struct {
	mu    sync.Mutex // guards what follows
	calls int
	got   map[storageLine]int
}

func (s *storageSink) take(t *testing.T, batch service.MessageBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls++; s.calls%3 == 0 && s.calls <= 12 {
		return errors.New("not now")
	}
	for _, msg := range batch {
		s.got[asStorageLine(t, msg)]++
	}
	return nil
}

func writeStorageGzip(t *testing.T, path, text string) {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(path, packed.Bytes(), 0o600))
}
