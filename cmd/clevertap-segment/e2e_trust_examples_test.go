package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// hookSecret is the secret of the webhooks that are attacked. It is not the one that everybody can read in the examples.
const hookSecret = "WEBHOOK-SECRET"

// publicExample is a shipped example that strangers can send to.
type publicExample struct {
	file           string
	tracking, hook bool
	// input and mapper are where the two components stand in the config.
	input, mapper string
}

var (
	sdkExample = publicExample{file: "sdks_to_clevertap.yaml", tracking: true,
		input: "input.segment_http", mapper: "pipeline.processors.0.try_catch.processors.0.segment_to_clevertap"}
	hookExample = publicExample{file: "webhook_to_clevertap.yaml", hook: true,
		input: "input.segment_http", mapper: "pipeline.processors.0.try_catch.processors.0.segment_to_clevertap"}
	bothExample = publicExample{file: "both_directions.yaml", tracking: true, hook: true,
		input: "input.broker.inputs.0.segment_http", mapper: "pipeline.processors.0.try_catch.processors.0.switch.0.processors.0.segment_to_clevertap"}
)

// site is a running pipeline that strangers can send to.
type site struct {
	publicExample
	*process
	url    string
	client *http.Client
	// passing tells that the input passes on calls that are not valid, in place of refusing them.
	passing bool
}

// passInvalid is the setting for a site that does.
func (e publicExample) passInvalid() string { return e.input + ".validate=false" }

// open starts an example, or a variant of it, in front of CleverTap at this address.
func (e publicExample) open(t *testing.T, file, clevertap string, settings ...string) *site {
	t.Helper()
	address, admin := testenv.FreeAddress(t), testenv.FreeAddress(t)
	_, there := fakeSegment(t, segmenttest.Options{})
	p := start(t, file, append([]string{
		"ADDRESS=" + address, "WEBHOOK_ADDRESS=" + address, "http.address=" + admin, "SEGMENT_WEBHOOK_SECRET=" + hookSecret,
		"CLEVERTAP_URL=" + clevertap, "SEGMENT_ENDPOINT=" + there, "IDENTITIES=" + t.TempDir(), "CHECKPOINTS=" + t.TempDir(),
		e.input + ".timeout=30s", // these tests are not about time
	}, settings...)...)
	eventually(t, file+" listens", func() bool { return answers("http://" + admin + "/ready") })
	transport := &http.Transport{MaxIdleConnsPerHost: strangers}
	t.Cleanup(transport.CloseIdleConnections)
	return &site{publicExample: e, process: p, url: "http://" + address, client: &http.Client{Transport: transport, Timeout: time.Minute},
		passing: slices.Contains(settings, e.passInvalid())}
}

// stop ends the pipeline. It would wait for connections on which nothing has been sent yet.
func (s *site) stop() {
	s.t.Helper()
	s.client.CloseIdleConnections()
	s.process.stop()
}

// edit changes the text of a shipped config, and fails if the text is no longer as it is known.
type edit func(t *testing.T, config string) string

// variant writes a shipped example with changes, and returns its path as start wants it.
func variant(t *testing.T, example string, edits ...edit) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "config-examples", example))
	require.NoError(t, err)
	config := string(text)
	for _, change := range edits {
		config = change(t, config)
	}
	path := filepath.Join(t.TempDir(), filepath.Base(example))
	require.NoError(t, os.WriteFile(path, []byte(config), 0o600))
	examples, err := filepath.Abs(filepath.Join(root, "config-examples"))
	require.NoError(t, err)
	path, err = filepath.Rel(examples, path)
	require.NoError(t, err)
	return path
}

// behindAFilter leaves out some calls before they are mapped.
func behindAFilter(t *testing.T, config string) string {
	t.Helper()
	const head = "\npipeline:\n  processors:\n"
	require.Equal(t, 1, strings.Count(config, head), "the place for a filter")
	return strings.Replace(config, head, head+`    - mapping: |
        root = if this.event.or("") == "internal" { deleted() }
`, 1)
}

// withoutSection leaves out a section of the config, up to the next line that is not part of it.
func withoutSection(name string) edit {
	return func(t *testing.T, config string) string {
		t.Helper()
		section := regexp.MustCompile(`(?m)^` + name + `:\n(?:[ \t].*\n|\n)+`)
		require.Len(t, section.FindAllString(config, -1), 1, "the section %s", name)
		return section.ReplaceAllLiteralString(config, "")
	}
}

// intoRedis puts the calls on the stream of the example that reads from Redis, as they came.
func intoRedis(address string) []edit {
	return []edit{withoutSection("pipeline"), withoutSection("output"), func(_ *testing.T, config string) string {
		return config + `
output:
  redis_streams:
    url: redis://` + address + `
    stream: segment_calls
    body_key: body
`
	}}
}
