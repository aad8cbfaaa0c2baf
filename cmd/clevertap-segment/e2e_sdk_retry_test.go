package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// serverSDKs send a number of track calls and return when the SDK is done with all of them.
var serverSDKs = map[string]func(t *testing.T, endpoint string, calls, perRequest int) sdkResult{
	"Node": func(t *testing.T, endpoint string, calls, perRequest int) (result sdkResult) {
		nodeProgram(t)
		runNode(t, "many.js", &result, "SEGMENT_HOST="+endpoint,
			"CALLS="+strconv.Itoa(calls), "PER_REQUEST="+strconv.Itoa(perRequest))
		return result
	},
	"Go": func(t *testing.T, endpoint string, calls, perRequest int) sdkResult {
		sdk := newGoSDK(t, endpoint, perRequest)
		for number := 1; number <= calls; number++ {
			require.NoError(t, sdk.client.Enqueue(analytics.Track{
				UserId: "ada-1815", Event: "Lesson Finished", Properties: analytics.Properties{"number": number},
			}))
		}
		// Close would drop what waits to be sent again.
		eventually(t, "the SDK is done", func() bool { r := sdk.result(); return r.Delivered+len(r.Failed) == calls })
		return sdk.result()
	},
}

func TestE2ESDKsNeitherRepeatNorDrop(t *testing.T) {
	const calls = 8
	for _, trouble := range []struct {
		name       string
		perRequest int
		refused    bool
		settings   []string
		begin      func(fake *clevertaptest.Server)
	}{
		{"while all is well", 2, false, nil, func(*clevertaptest.Server) {}},
		{"while CleverTap is down", 2, true, nil, func(fake *clevertaptest.Server) { outage(fake, 1, 3) }},
		// One call in a request, as the calls of a request are delivered or not delivered together.
		{"while CleverTap takes some records and not others", 1, true, nil, func(fake *clevertaptest.Server) { refuseSome(fake, 3) }},
		{"while the bridge has too much to do", 2, true, []string{"MAX_REQUESTS=2"}, func(fake *clevertaptest.Server) {
			fake.SetFaults(clevertaptest.Faults{Latency: 200 * time.Millisecond})
		}},
	} {
		for name, send := range serverSDKs {
			t.Run(trouble.name+"/"+name, func(t *testing.T) {
				fake, url := fakeClevertap(t, clevertaptest.Options{Seed: 5})
				// Nothing can be kept for later: what CleverTap does not take is the SDK's to send again.
				_, tap := startBridge(t, url, append(trouble.settings, "MAX_RETRIES=0", "DEAD_LETTER="+t.TempDir())...)
				trouble.begin(fake)

				result := send(t, tap.URL, calls, trouble.perRequest)
				assert.Equal(t, calls, result.Delivered)
				assert.Empty(t, result.Failed)
				tap.assertDelivered(t, calls)
				assert.Equal(t, trouble.refused, tap.refused() > 0, "the trouble has reached the SDK")
				assertLessons(t, fake, calls)
			})
		}
	}
}

// outage lets CleverTap answer some requests with an error, from the first of them to the last.
func outage(fake *clevertaptest.Server, first, last int64) {
	var seen atomic.Int64
	fake.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		if n := seen.Add(1); n < first || n > last {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
}

// refuseSome lets CleverTap refuse about half of the records of the first requests for a moment.
func refuseSome(fake *clevertaptest.Server, requests int64) {
	fake.SetFaults(clevertaptest.Faults{PartialRate: 0.5})
	var seen atomic.Int64
	fake.Intercept(func(http.ResponseWriter, *http.Request) bool {
		if seen.Add(1) > requests {
			fake.SetFaults(clevertaptest.Faults{})
		}
		return false
	})
}

// assertLessons checks that CleverTap holds each call once.
func assertLessons(t *testing.T, fake *clevertaptest.Server, calls int) {
	t.Helper()
	var got, want []string
	for _, event := range fake.Events() {
		assert.Equal(t, "Lesson Finished", event.Name)
		got = append(got, string(event.Properties["number"].(json.Number)))
	}
	for number := 1; number <= calls; number++ {
		want = append(want, strconv.Itoa(number))
	}
	assert.ElementsMatch(t, want, got)
}
