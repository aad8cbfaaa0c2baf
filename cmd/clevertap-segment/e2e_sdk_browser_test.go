package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// visitCalls is how many calls a visit makes, see visit.js.
const visitCalls = 6

// shop serves the page that people visit, with the SDK for browsers as its package holds it. Its origin is another one
// than that of segment_http.
func shop(t *testing.T) string {
	t.Helper()
	files := http.NewServeMux()
	files.Handle("/", http.FileServer(http.Dir(sdkFiles)))
	files.Handle("/analytics/", http.StripPrefix("/analytics/",
		http.FileServer(http.Dir(sdkPackages+"/node_modules/@segment/analytics-next/dist/umd"))))
	server := httptest.NewServer(files)
	t.Cleanup(server.Close)
	return server.URL
}

// inlineSettings are those of a page that brings what the SDK otherwise asks Segment for.
func inlineSettings(tap *tap) browserTask { return withSettings(tap, nil) }

// batchedSettings let the SDK collect calls, up to three in a request.
func batchedSettings(tap *tap) browserTask {
	return withSettings(tap, map[string]any{"strategy": "batching", "config": map[string]any{"size": 3, "timeout": 500}})
}

func withSettings(tap *tap, strategy map[string]any) browserTask {
	segment := map[string]any{
		"apiKey": writeKey, "apiHost": strings.TrimPrefix(tap.URL, "http://") + "/v1", "protocol": "http", "deliveryStrategy": strategy,
	}
	return browserTask{Settings: map[string]any{
		"writeKey": writeKey, "cdnSettings": map[string]any{"integrations": map[string]any{"Segment.io": segment}},
	}}
}

// fetchedSettings are those of a page that asks segment_http instead of Segment.
func fetchedSettings(tap *tap) browserTask {
	return browserTask{Settings: map[string]any{"writeKey": writeKey, "cdnURL": tap.URL}}
}

func TestE2ESDKForBrowsers(t *testing.T) {
	chromium(t)
	eachAlone := []string{"/v1/i", "/v1/p", "/v1/t"}
	for _, test := range []struct {
		name     string
		task     func(*tap) browserTask
		routes   []string // to which it sends
		settings int      // requests for them
		outage   int64    // requests to CleverTap that fail
		bridge   []string
	}{
		{"with settings from the bridge", fetchedSettings, eachAlone, 1, 0, nil},
		{"with settings of its own", inlineSettings, eachAlone, 0, 0, nil},
		{"with several calls in a request", batchedSettings, []string{"/v1/b"}, 0, 0, nil},
		{"while CleverTap is down", inlineSettings, eachAlone, 0, 3, []string{"MAX_RETRIES=0", "DEAD_LETTER=/"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake, url := fakeClevertap(t, clevertaptest.Options{})
			// Not the first, which is anonymous: when the SDK sends such a call again, it takes the id of the user who is signed in
			// by then.
			outage(fake, 2, 1+test.outage)
			page := shop(t)
			_, tap := startBridge(t, url, append(test.bridge, "ALLOWED_ORIGIN="+page)...)
			task := test.task(tap)
			task.Page = page + "/page.html"

			visit := startBrowser(t, task)
			eventually(t, "all has arrived", func() bool { return tap.delivered() >= visitCalls })
			report := visit.leave()

			tap.assertDelivered(t, visitCalls)
			assert.Equal(t, test.routes, tap.routes())
			assert.Equal(t, test.outage > 0, tap.refused() > 0)
			assert.Len(t, tap.requests(http.MethodGet), test.settings)
			assert.NotEmpty(t, tap.requests(http.MethodOptions), "a preflight")
			if test.outage == 0 {
				assert.Empty(t, report.Log)
			}
			assertVisit(t, fake, report)
		})
	}
}

// assertVisit checks what has become of the calls of visit.js.
func assertVisit(t *testing.T, fake *clevertaptest.Server, report browserReport) {
	t.Helper()
	assert.Empty(t, fake.Rejections())
	require.Len(t, fake.Profiles(), 2, "the anonymous visitors have become users")
	ada, ok := fake.Profile("ada-1815")
	require.True(t, ok)
	grace, ok := fake.Profile("grace-1906")
	require.True(t, ok)

	assert.Equal(t, map[string]any{"Name": "Ada Lovelace", "Email": "ada@example.com", "plan": "gold"}, ada.Attributes)
	assert.Equal(t, map[string]any{"Name": "Grace Hopper", "Email": "grace@example.com", "plan": "silver"}, grace.Attributes)
	require.NotEqual(t, report.IDs.First, report.IDs.Second)
	assert.Contains(t, ada.ObjectIDs, report.IDs.First)
	assert.NotContains(t, ada.ObjectIDs, report.IDs.Second)
	assert.Contains(t, grace.ObjectIDs, report.IDs.Second)
	assert.NotContains(t, grace.ObjectIDs, report.IDs.First)

	people := map[string]int64{}
	for _, event := range fake.Events() {
		assert.NotContains(t, people, event.Name, "each once")
		people[event.Name] = event.ProfileID
		switch event.Name {
		case "Course Started":
			assert.Equal(t, map[string]any{"CT Source": "segment", "title": "Bernoulli numbers", "hours": json.Number("12.5")}, event.Properties)
		case "Web Page Viewed":
			assert.Equal(t, "Pricing", event.Properties["name"])
			assert.Equal(t, "Shop", event.Properties["category"])
			assert.Equal(t, "/page.html", event.Properties["path"], "the SDK adds where the visitor is")
			assert.Equal(t, json.Number("7"), event.Properties["aisle"])
		}
	}
	assert.Equal(t, map[string]int64{
		"Landing Viewed": ada.ID, "Course Started": ada.ID, "Web Page Viewed": ada.ID, "Course Finished": grace.ID,
	}, people)
}

func TestE2ESDKForBrowsersOnAPageOfAnotherOrigin(t *testing.T) {
	chromium(t)
	fake, url := fakeClevertap(t, clevertaptest.Options{})
	page := shop(t)
	_, tap := startBridge(t, url, "ALLOWED_ORIGIN=https://shop.example.com")
	task := inlineSettings(tap)
	task.Page = page + "/page.html"

	report := startBrowser(t, task).leave()

	assert.Contains(t, strings.Join(report.Log, "\n"), "blocked by CORS policy")
	assert.NotEmpty(t, tap.requests(http.MethodOptions))
	assert.Empty(t, tap.requests(http.MethodPost), "the browser keeps the calls back")
	assert.Empty(t, fake.Profiles())
	assert.Empty(t, fake.Events())
}
