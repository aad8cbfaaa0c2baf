package clevertaptest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

func newClient(t *testing.T, handler http.Handler) *clevertap.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := clevertap.NewClient(clevertap.Config{
		AccountID: clevertaptest.DefaultAccountID, Passcode: clevertaptest.DefaultPasscode, BaseURL: server.URL,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// TestClient_KeepsTheTextsOfRefusals uploads each record that is refused. None has a value that is a word of the text,
// so the client masks nothing.
func TestClient_KeepsTheTextsOfRefusals(t *testing.T) {
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(clevertaptest.Options{DiscardedEvents: []string{"Old Event"}})
			rejections, err := newClient(t, s).Upload(t.Context(), []clevertap.Record{{Raw: []byte(test.record)}})
			require.NoError(t, err)
			require.Len(t, rejections, 1)
			text, _, _ := strings.Cut(s.Rejections()[0].Error, "Skipped")
			assert.Equal(t, strings.TrimSpace(text), rejections[0].Text)
		})
	}
}

type sending = func(context.Context, *clevertap.Client) error

func uploading(raw ...string) sending {
	return func(ctx context.Context, c *clevertap.Client) error {
		records := make([]clevertap.Record, len(raw))
		for i := range raw {
			records[i].Raw = []byte(raw[i])
		}
		rejections, err := c.Upload(ctx, records)
		if err == nil && len(rejections) > 0 {
			return &rejections[0]
		}
		return err
	}
}

func deleting(ids ...string) sending {
	return func(ctx context.Context, c *clevertap.Client) error {
		return c.Delete(ctx, clevertap.DeleteByIdentity, ids)
	}
}

// exporting asks for an event from a day on. The server knows the event "e".
func exporting(event string, from int) sending {
	return func(ctx context.Context, c *clevertap.Client) error {
		if err := uploading(eventOf("u", "e", `{}`))(ctx, c); err != nil {
			return err
		}
		_, err := c.OpenExport(ctx, clevertap.ExportEvents, clevertap.ExportQuery{Event: event, From: from, To: 20260301})
		return err
	}
}

func paging(ctx context.Context, c *clevertap.Client) error {
	_, err := c.ExportPage(ctx, clevertap.ExportEvents, "c-1")
	return err
}

// TestClient_KeepsTheTextsOfFailures has the other texts that the client can be answered.
func TestClient_KeepsTheTextsOfFailures(t *testing.T) {
	event := eventOf("u", "e", `{}`)
	for name, test := range map[string]struct {
		opts clevertaptest.Options
		send sending
		want string
	}{
		"malformed upload": {send: uploading(`{`), want: "rejected 400 Malformed request"},
		"malformed delete": {send: deleting(), want: "rejected 400 Malformed request"},
		"malformed export": {send: exporting("", 0), want: "rejected 400 Malformed request"},
		"too many records": {send: uploading(slices.Repeat([]string{event}, 1001)...), want: "rejected 400 Too many records, at most 1000, or 100 tokens, in a call"},
		"too many ids":     {send: deleting(slices.Repeat([]string{"u"}, 101)...), want: "rejected 400 Too many profiles, at most 100 in a call"},
		"too large":        {clevertaptest.Options{MaxBodyBytes: 10}, uploading(event), "rejected 413 Request too large"},
		"credentials":      {clevertaptest.Options{Passcode: "another"}, uploading(event), "unauthorized 401 the credentials are refused, check account id, passcode and region: Invalid Credentials"},
		"throttled":        {clevertaptest.Options{Faults: clevertaptest.Faults{ThrottleRate: 1}}, uploading(event), "throttled 429 Too many concurrent requests"},
		"server error":     {clevertaptest.Options{Faults: clevertaptest.Faults{ErrorRate: 1}}, uploading(event), "server_error 500 An unknown error occurred"},
		"record error":     {clevertaptest.Options{Faults: clevertaptest.Faults{PartialRate: 1}}, uploading(event), "rejected 555 Internal error, please try again."},
		"larger account":   {clevertaptest.Options{MaxEventProperties: 256}, uploading(eventOf("u", "e", properties(257))), "rejected 522 Event structure is not valid. ErrorCode: 522 - Too many event properties, the limit is 256."},
		"not exportable":   {send: exporting("Notification Sent", 0), want: "not_exportable 400 Export not allowed for this event"},
		"unknown event":    {send: exporting("Joyería", 0), want: "unknown_event 400 Invalid event : ***"},
		"dates":            {send: exporting("e", 20270101), want: "invalid_dates 400 Invalid date range"},
		"unknown cursor":   {send: paging, want: "invalid_cursor 400 Incorrect Usage"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.EqualError(t, test.send(t.Context(), newClient(t, newServer(test.opts))), test.want)
		})
	}
}
