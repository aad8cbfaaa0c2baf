package plugins_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	_ "github.com/redpanda-data/connect/v4/public/components/nats"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// startJetStream starts a server with a stream that takes the subject "calls", and returns its address.
func startJetStream(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(10*time.Second))
	conn, err := nats.Connect(s.ClientURL())
	require.NoError(t, err)
	t.Cleanup(func() {
		conn.Close()
		s.Shutdown()
		s.WaitForShutdown()
	})
	stream, err := jetstream.New(conn)
	require.NoError(t, err)
	_, err = stream.CreateStream(t.Context(), jetstream.StreamConfig{Name: "CALLS", Subjects: []string{"calls"}, Storage: jetstream.MemoryStorage})
	require.NoError(t, err)
	return s.ClientURL()
}

// A queue keeps texts only, so behind it nobody knows the level, and texts that claim one are not believed. What holds is
// what the input has refused: no delete of a stranger gets so far, by type or in a batch. The delete event works only where
// delete_event_trusted says that the queue is the operator's alone.
func TestTrust_AcrossAQueueNoStrangerDeletes(t *testing.T) {
	url, address := startJetStream(t), testenv.FreeAddress(t)
	fake := clevertaptest.New(clevertaptest.Options{})
	clevertap := httptest.NewServer(fake)
	t.Cleanup(clevertap.Close)
	runStream(t, "input:"+indented(segmentHTTP(address, true, true))+fmt.Sprintf(`
output:
  nats_jetstream:
    urls: [ %q ]
    subject: calls
    headers: { segment_note: signed, segment_route: webhook, trust: signed }
    metadata: { include_patterns: [ ".*" ] }
`, url))
	runStream(t, fmt.Sprintf(`
input:
  nats_jetstream: { urls: [ %q ], subject: calls, deliver: all }
pipeline:
  processors: [ segment_to_clevertap: { delete_event: Delete User } ]
output:
  fallback:
    - clevertap: { account_id: TEST-ACCOUNT, passcode: TEST-PASSCODE, url: %q, batching: { count: 100, period: 10ms } }
    - drop: {}
`, url, clevertap.URL))
	p := pipeline{"http://" + address, "http://" + address, fake}
	require.Eventually(t, func() bool { return p.post(t, p.public+"/nowhere", "", nil) == 404 }, 10*time.Second, 10*time.Millisecond)
	p.attack(t)
	for _, honest := range []string{
		`{"type":"track","event":"Delete User","userId":"leaver by event","messageId":"m1"}`,
		`{"type":"delete","userId":"leaver","messageId":"m2"}`,
		`{"type":"track","event":"The last one","userId":"u1","messageId":"m3"}`,
	} {
		assert.Equal(t, 200, p.hook(t, honest, honest))
	}
	require.Eventually(t, func() bool {
		for _, event := range fake.Events() {
			if event.Name == "The last one" {
				return len(p.deleted()) > 0
			}
		}
		return false
	}, 20*time.Second, 20*time.Millisecond)
	assert.Equal(t, []string{"leaver"}, p.deleted())
}
