package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// sdkResult is what a server SDK says about the calls it was given.
type sdkResult struct {
	Delivered int
	Failed    []string
}

func TestE2ESDKForNodeSendsEveryType(t *testing.T) {
	nodeProgram(t)
	fake, url := fakeClevertap(t, clevertaptest.Options{})
	p, tap := startBridge(t, url)
	var result sdkResult
	runNode(t, "server.js", &result, "SEGMENT_HOST="+tap.URL)

	assert.Equal(t, sdkResult{Delivered: 9, Failed: []string{}}, result)
	assert.Len(t, tap.requests(http.MethodPost), 1, "one request for all")
	assert.Equal(t, []string{"/v1/batch"}, tap.routes())
	tap.assertDelivered(t, 9)
	assertEveryType(t, fake, p, "9007199254740991") // the largest that JavaScript can tell from its neighbours
}

func TestE2ESDKForGoSendsEveryType(t *testing.T) {
	fake, url := fakeClevertap(t, clevertaptest.Options{})
	p, tap := startBridge(t, url)
	sdk := newGoSDK(t, tap.URL, 250)
	calls := everyType()
	for _, call := range calls {
		require.NoError(t, sdk.client.Enqueue(call))
	}
	require.NoError(t, sdk.client.Close())

	assert.Equal(t, sdkResult{Delivered: len(calls)}, sdk.result())
	assert.Len(t, tap.requests(http.MethodPost), 1, "one request for all")
	assert.Equal(t, []string{"/v1/batch"}, tap.routes())
	tap.assertDelivered(t, len(calls))
	assertEveryType(t, fake, p, "9007199254740993")
}

// everyType are the same calls as in server.js.
func everyType() []analytics.Message {
	const ada, visitor = "ada-1815", "visitor-7f3a"
	const large = int64(9007199254740993)
	return []analytics.Message{
		analytics.Track{AnonymousId: visitor, Event: "Landing Viewed"},
		analytics.Identify{
			UserId: ada, AnonymousId: visitor,
			Traits: analytics.Traits{
				"name": "Ada Lovelace 👩‍💻", "email": "ada@example.com", "phone": "+442079460958", "birthday": "1815-12-10", "gender": "female",
				"address": map[string]any{"city": "London", "geo": map[string]any{"lat": 51.5}}, "tags": []string{"maths", "poetry"},
				"Größe": "Straße", "creditLimit": large,
			},
			Context: &analytics.Context{Extra: map[string]any{"device": map[string]any{"token": "f00d-cafe", "type": "ios"}}},
		},
		analytics.Track{
			UserId: ada, Event: "Course Started", Timestamp: time.Date(2026, 3, 1, 12, 34, 56, 0, time.UTC),
			Properties: analytics.Properties{
				"title": "Bernoulli numbers", "hours": 12.5, "ledgerId": large,
				"author": map[string]any{"firstName": "Luigi"}, "lang": []string{"en", "fr"},
			},
		},
		analytics.Track{
			UserId: ada, Event: "Order Completed",
			Properties: analytics.NewProperties().SetOrderId("o-1843").SetTotal(27.5).SetCurrency("GBP").Set("products", []map[string]any{
				{"product_id": "p-1", "name": "Sketch of the Engine", "price": 20, "quantity": 1}, {"product_id": "p-2", "price": 7.5},
			}),
		},
		analytics.Page{UserId: ada, Name: "Pricing", Properties: analytics.Properties{"path": "/pricing", "category": "Shop"}},
		analytics.Screen{UserId: ada, Name: "Basket", Properties: analytics.Properties{"items": 2}},
		analytics.Group{UserId: ada, GroupId: "royal-society", Traits: analytics.Traits{"name": "Royal Society"}},
		analytics.Alias{PreviousId: "ada-byron", UserId: ada},
		analytics.Identify{
			UserId: ada, Traits: analytics.Traits{"gender": "male"}, Integrations: analytics.NewIntegrations().EnableAll().Disable("CleverTap"),
		},
	}
}

// assertEveryType checks what has become of the calls of everyType.
func assertEveryType(t *testing.T, fake *clevertaptest.Server, p *process, large string) {
	t.Helper()
	assert.Empty(t, fake.Rejections())
	assert.Empty(t, fake.Notices())
	assert.Empty(t, p.deadLetters("dead"))

	require.Len(t, fake.Profiles(), 1, "the visitor, the old id and the user are one")
	ada := fake.Profiles()[0]
	assert.ElementsMatch(t, []string{"ada-1815", "ada-byron"}, ada.Identities)
	assert.Contains(t, ada.ObjectIDs, "visitor-7f3a")
	assert.Equal(t, []clevertaptest.Token{{ObjectID: "visitor-7f3a", ID: "f00d-cafe", Type: "apns"}}, ada.Tokens)
	assert.Equal(t, map[string]any{
		"Name": "Ada Lovelace 👩‍💻", "Email": "ada@example.com", "Phone": "+442079460958", "DOB": "$D_-4861728000", "Gender": "F",
		"address_city": "London", "address_geo_lat": json.Number("51.5"), "tags": []string{"maths", "poetry"},
		"größe": "Straße", "credit_limit": json.Number(large),
	}, ada.Attributes)

	properties := map[string]map[string]any{}
	for _, event := range fake.Events() {
		assert.Equal(t, ada.ID, event.ProfileID, event.Name)
		assert.NotContains(t, properties, event.Name, "each once")
		properties[event.Name] = event.Properties
		if event.Name == "Course Started" { // corrected by the difference of the clocks, which is zero, and the way here
			assert.InDelta(t, time.Date(2026, 3, 1, 12, 34, 56, 0, time.UTC).Unix(), event.TS, 2)
		} else {
			assert.InDelta(t, time.Now().Unix(), event.TS, 60)
		}
	}
	assert.Equal(t, map[string]map[string]any{
		"Landing Viewed": {"CT Source": "segment"},
		"Course Started": {
			"CT Source": "segment", "title": "Bernoulli numbers", "hours": json.Number("12.5"), "ledger_id": json.Number(large),
			"author_first_name": "Luigi", "lang": `["en","fr"]`,
		},
		"Charged": {
			"CT Source": "segment", "Charged ID": "o-1843", "Amount": json.Number("27.5"), "currency": "GBP",
			"Items": []any{
				map[string]any{"product_id": "p-1", "name": "Sketch of the Engine", "price": json.Number("20"), "quantity": json.Number("1")},
				map[string]any{"product_id": "p-2", "price": json.Number("7.5")},
			},
		},
		"Web Page Viewed":   {"CT Source": "segment", "path": "/pricing", "name": "Pricing", "category": "Shop"},
		"App Screen Viewed": {"CT Source": "segment", "items": json.Number("2"), "name": "Basket"},
	}, properties)
}

// goSDK is Segment's SDK for Go with what it says about its calls.
type goSDK struct {
	client analytics.Client

	mu    sync.Mutex
	ended sdkResult
}

func newGoSDK(t *testing.T, endpoint string, perRequest int) *goSDK {
	t.Helper()
	sdk := &goSDK{}
	client, err := analytics.NewWithConfig(writeKey, analytics.Config{
		Endpoint: endpoint, BatchSize: perRequest, Interval: 50 * time.Millisecond, Callback: sdk,
		Logger: analytics.StdLogger(log.New(io.Discard, "", 0)),
	})
	require.NoError(t, err)
	sdk.client = client
	t.Cleanup(func() { _ = client.Close() })
	return sdk
}

// Success is called by the SDK.
func (s *goSDK) Success(analytics.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended.Delivered++
}

// Failure is called by the SDK when it gives up.
func (s *goSDK) Failure(_ analytics.Message, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended.Failed = append(s.ended.Failed, err.Error())
}

func (s *goSDK) result() sdkResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}
