package outputs

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

// newSegmentFake starts a stand-in for Segment, and checks in the end that nothing of the test goes on running.
func newSegmentFake(t *testing.T, options segmenttest.Options) (*segmenttest.Server, string) {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	fake := segmenttest.New(options)
	server := httptest.NewServer(fake)
	t.Cleanup(func() {
		server.Close()
		goleak.VerifyNone(t, leaks)
	})
	return fake, server.URL
}

func newTestSegment(t testing.TB, url, config string) *segmentOutput {
	t.Helper()
	parsed, err := segmentSpec().ParseYAML("write_key: TEST-WRITE-KEY\nendpoint: "+url+"\n"+config, nil)
	require.NoError(t, err)
	out, _, _, err := newSegmentFromParsed(parsed, service.MockResources())
	require.NoError(t, err)
	require.NoError(t, out.Connect(t.Context()))
	t.Cleanup(func() { require.NoError(t, out.Close(t.Context())) })
	return out.(*segmentOutput)
}

func track(id, name string) string {
	return fmt.Sprintf(`{"type":"track","userId":"u","event":%q,"messageId":%q}`, name, id)
}

// tracks are calls with the ids prefix-0, prefix-1, …
func tracks(prefix string, n int) service.MessageBatch {
	batch := make(service.MessageBatch, n)
	for i := range batch {
		batch[i] = service.NewMessage([]byte(track(fmt.Sprintf("%s-%d", prefix, i), "E")))
	}
	return batch
}

// segmentWithDeadLetter is a fallback of the output and a dead letter.
func segmentWithDeadLetter(url, config string) string {
	return fmt.Sprintf(`
fallback:
  - segment:
      write_key: TEST-WRITE-KEY
      endpoint: %s
      %s
  - dead_letter: {}
`, url, indent(strings.TrimSpace(settings(config)), 6))
}

// names are the event names of what arrived, in order.
func names(fake *segmenttest.Server) string {
	list := []string{}
	for _, call := range fake.Calls() {
		list = append(list, call.Name)
	}
	return strings.Join(list, " ")
}
