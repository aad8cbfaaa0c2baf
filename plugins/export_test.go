package plugins_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/sandbox"
)

// TestALargeExportReachesSegmentOnce sends 100,000 events over more than 20 pages, with pairs that are equal to the last
// byte and with anonymous people, through the whole way back. Each becomes one call. Another run that remembers nothing
// sends the same message ids, and Segment takes none of them again.
func TestALargeExportReachesSegmentOnce(t *testing.T) {
	const events = 100_000
	box := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(box)
	defer func() { box.Close(); server.Close() }()
	seedEvents(t, box.CleverTap(), events)

	export(t, server.URL)
	assert.EqualValues(t, events, box.Segment().Stats().Accepted["track"])
	assert.Zero(t, box.Segment().Stats().Duplicates)
	assert.Zero(t, box.Segment().Stats().Rejected)
	assert.Greater(t, box.CleverTap().Stats().ExportPages, int64(20))

	export(t, server.URL)
	assert.EqualValues(t, events, box.Segment().Stats().Accepted["track"], "nothing new")
	assert.EqualValues(t, events, box.Segment().Stats().Duplicates)
}

func seedEvents(t *testing.T, fake *clevertaptest.Server, count int) {
	start := time.Now().UTC().AddDate(0, 0, -5)
	var lines strings.Builder
	for i := range count {
		n := i - i%20/19 // each twentieth equals the one before it
		person := fmt.Sprintf(`"identity":"u%d"`, n%3000)
		if n%3 == 0 {
			person = fmt.Sprintf(`"objectId":"visitor%d"`, n%2000)
		}
		fmt.Fprintf(&lines, `{"type":"event",%s,"ts":%d,"evtName":"Bought","evtData":{"n":%d}}`+"\n", person, start.Unix()+int64(n), n%50)
	}
	require.NoError(t, fake.Seed(strings.NewReader(lines.String())))
}

// export reads everything, with a cache of its own.
func export(t *testing.T, url string) {
	builder := newBuilder(t)
	require.NoError(t, builder.AddCacheYAML("label: checkpoints\nmemory: {}"))
	require.NoError(t, builder.AddInputYAML(fmt.Sprintf(`
clevertap_events:
  account_id: TEST-ACCOUNT
  passcode: TEST-PASSCODE
  url: %q
  event_names: [ Bought ]
  from: %s
  timezone: UTC
  batch_size: 4600
  checkpoint_cache: checkpoints`, url, time.Now().UTC().AddDate(0, 0, -6).Format(time.DateOnly))))
	require.NoError(t, builder.AddProcessorYAML(`clevertap_to_segment: {}`))
	require.NoError(t, builder.AddOutputYAML(fmt.Sprintf(`segment: { write_key: TEST-WRITE-KEY, endpoint: %q }`, url)))
	stream, err := builder.Build()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	require.NoError(t, stream.Run(ctx))
}
