package clevertap_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// exportClient talks to a server that gives one answer and keeps the request's method, address and body.
func exportClient(t *testing.T, status int, body string) (client *clevertap.Client, seen *[]string) {
	t.Helper()
	seen = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		*seen = append(*seen, r.Method, r.URL.RequestURI(), string(sent), r.Header.Get("Content-Type"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	client, err := clevertap.NewClient(clevertap.Config{AccountID: "A", Passcode: "P", BaseURL: server.URL})
	require.NoError(t, err)
	return client, seen
}

func TestOpenExport(t *testing.T) {
	client, seen := exportClient(t, 200, `{"status":"success","cursor":"a%2Fb"}`)
	cursor, err := client.OpenExport(t.Context(), clevertap.ExportEvents, clevertap.ExportQuery{
		Event: "A<B", From: 20260301, To: 20260302, BatchSize: 5000, App: true,
	})
	require.NoError(t, err)
	assert.Equal(t, "a%2Fb", cursor)
	assert.Equal(t, []string{
		"POST", "/1/events.json?app=true&batch_size=5000&events=false&profile=false",
		`{"event_name":"A<B","from":20260301,"to":20260302}` + "\n", "application/json",
	}, *seen)
}

func TestCursorsAreNeverEncodedTwice(t *testing.T) {
	for _, cursor := range []string{"a%2Fb%2Bc%3D%3D", "a/b+c=="} {
		client, seen := exportClient(t, 200, `{"status":"success"}`)
		_, err := client.ExportPage(t.Context(), clevertap.ExportEvents, cursor)
		require.NoError(t, err)
		assert.Equal(t, []string{"GET", "/1/events.json?cursor=a%2Fb%2Bc%3D%3D", "", ""}, *seen)
		address, err := url.Parse((*seen)[1])
		require.NoError(t, err)
		assert.Equal(t, "a/b+c==", address.Query().Get("cursor"))
	}
}

func TestPagesKeepRecordsAsWritten(t *testing.T) {
	client, _ := exportClient(t, 200, `{ "status" : "success" , "next_cursor" : "n" , "records" : [ {"ts":20250607130935,"event_props":{"id":9007199254740993123, "x":1.10}} ]}`)
	page, err := client.ExportPage(t.Context(), clevertap.ExportEvents, "c")
	require.NoError(t, err)
	assert.Equal(t, "n", page.Next)
	require.Len(t, page.Records, 1)
	assert.Equal(t, `{"ts":20250607130935,"event_props":{"id":9007199254740993123, "x":1.10}}`, string(page.Records[0]))
}

func TestLastPageMayHaveNoRecords(t *testing.T) {
	client, _ := exportClient(t, 200, `{ "status" : "success"}`)
	page, err := client.ExportPage(t.Context(), clevertap.ExportProfiles, "c")
	require.NoError(t, err)
	assert.Equal(t, clevertap.Page{}, page)
}

func TestEveryObservedReplyToAnExport(t *testing.T) {
	for name, test := range map[string]struct {
		status    int
		body      string
		reason    clevertap.Reason
		transient bool
	}{
		"in progress":           {200, `{"status":"fail","error":"Request still in progress, please retry later","code":2}`, clevertap.ReasonInProgress, true},
		"in progress, no code":  {200, `{"status":"fail","error":"Request still in progress, please retry later"}`, clevertap.ReasonInProgress, true},
		"202":                   {202, ``, clevertap.ReasonInProgress, true},
		"throttled":             {200, `{"status":"fail","error":"Request Throttled","code":1}`, clevertap.ReasonThrottled, true},
		"429":                   {429, `{"status":"fail","error":"Too many concurrent requests","code":429}`, clevertap.ReasonThrottled, true},
		"expired, by word":      {400, `{"status":"fail","error":"expired","code":"CURSOR_INVALIDATED"}`, clevertap.ReasonInvalidCursor, false},
		"expired, by text":      {200, `{"status":"fail","error":"Invalid Cursor"}`, clevertap.ReasonInvalidCursor, false},
		"not exportable":        {400, `{"status":"fail","error":"Export not allowed for this event","code":400}`, clevertap.ReasonNotExportable, false},
		"unknown event":         {400, `{"status":"fail","error":"[\"Invalid event : Foo\"]","code":400}`, clevertap.ReasonUnknownEvent, false},
		"unknown event, as 200": {200, `{"status":"fail","error":"[\"Invalid event : Foo\"]","code":400}`, clevertap.ReasonUnknownEvent, false},
		"dates":                 {400, `{"status":"fail","error":"Invalid date range","code":4002}`, clevertap.ReasonInvalidDates, false},
		"credentials":           {401, `{"status":"fail","error":"Invalid Credentials","code":401}`, clevertap.ReasonUnauthorized, false},
		"server error":          {500, `{"status":"fail","error":"This target has no result as of yet","code":500}`, clevertap.ReasonServerError, true},
		"bad gateway":           {502, `<html>`, clevertap.ReasonServerError, true},
		"cut off":               {200, `{"status":"success","records":[{"a"`, clevertap.ReasonUnclearReply, true},
		"empty":                 {200, ``, clevertap.ReasonUnclearReply, false},
		"no status":             {200, `{}`, clevertap.ReasonUnclearReply, false},
		"other form":            {200, `{"status":"success","records":{}}`, clevertap.ReasonUnclearReply, false},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := exportClient(t, test.status, test.body)
			_, pageErr := client.ExportPage(t.Context(), clevertap.ExportEvents, "the-cursor")
			_, openErr := client.OpenExport(t.Context(), clevertap.ExportEvents, clevertap.ExportQuery{Event: "Foo"})
			for _, err := range []error{pageErr, openErr} {
				var failed *clevertap.Error
				require.True(t, errors.As(err, &failed), "%v", err)
				assert.Equal(t, test.reason, failed.Reason)
				assert.Equal(t, test.transient, failed.Transient())
				assert.NotContains(t, err.Error(), "Foo")
			}
		})
	}
}

func TestOpenExportNeedsACursor(t *testing.T) {
	client, _ := exportClient(t, 200, `{"status":"success"}`)
	_, err := client.OpenExport(t.Context(), clevertap.ExportEvents, clevertap.ExportQuery{})
	assert.ErrorContains(t, err, "no cursor")
}

func TestEventNames(t *testing.T) {
	client, seen := exportClient(t, 200, `{"status":"success","events":[{"name":"B","eventCount":1},{"name":"A"},{"name":"B"},{}]}`)
	names, err := client.EventNames(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"B", "A"}, names)
	assert.Equal(t, []string{"GET", "/getSchema?type=events", "", ""}, *seen)
}

func eventKey(t *testing.T, record string) clevertap.ExportedEvent {
	t.Helper()
	event, err := clevertap.InspectExportedEvent([]byte(record))
	require.NoError(t, err)
	return event
}

func TestAnExportedEventIsTheSameWhateverBecomesOfItsProfile(t *testing.T) {
	const format = `{"profile":{"objectId":%q%s},"ts":%d,"event_props":%s,"session_props":%s}`
	one := eventKey(t, fmt.Sprintf(format, "o", "", 20250607130935, `{"a":1,"b":{"c":1,"d":2}}`, `{}`))
	assert.Equal(t, 20250607, one.Day)
	assert.Equal(t, one, eventKey(t, fmt.Sprintf(format, "o", `,"identity":"u","name":"A"`, 20250607130935, `{ "b":{"d":2,"c":1}, "a":1 }`, `{}`)))
	for _, other := range []string{
		fmt.Sprintf(format, "p", "", 20250607130935, `{"a":1,"b":{"c":1,"d":2}}`, `{}`),
		fmt.Sprintf(format, "o", "", 20250607130936, `{"a":1,"b":{"c":1,"d":2}}`, `{}`),
		fmt.Sprintf(format, "o", "", 20250607130935, `{"a":1.0,"b":{"c":1,"d":2}}`, `{}`),
		fmt.Sprintf(format, "o", "", 20250607130935, `{"a":1,"b":{"c":1,"d":2}}`, `{"utm_source":"x"}`),
	} {
		assert.NotEqual(t, one.Key, eventKey(t, other).Key, other)
	}
	assert.Zero(t, eventKey(t, `{"ts":1}`).Day)
	_, err := clevertap.InspectExportedEvent([]byte(`[]`))
	assert.Error(t, err)
}

func TestAnExportedProfileIsThePersonAndItsState(t *testing.T) {
	inspect := func(record string) clevertap.ExportedProfile {
		p, err := clevertap.InspectExportedProfile([]byte(record))
		require.NoError(t, err)
		return p
	}
	one := inspect(`{"identity":"u","profileData":{"a":1},"platformInfo":[{"objectId":"o","ls":1}],"events":{"E":{"count":1}}}`)
	assert.Equal(t, one, inspect(`{"profileData":{"a":1},"identity":"u","platformInfo":[{"ls":2,"objectId":"o"}]}`))
	changed := inspect(`{"identity":"u","profileData":{"a":2},"platformInfo":[{"objectId":"o"}]}`)
	assert.Equal(t, one.Person, changed.Person)
	assert.NotEqual(t, one.State, changed.State)
	assert.Equal(t, inspect(`{"objectId":"o"}`).Person, inspect(`{"platformInfo":[{"objectId":"o"}]}`).Person)
	_, err := clevertap.InspectExportedProfile([]byte(`1`))
	assert.Error(t, err)
}
