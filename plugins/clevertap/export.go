package clevertap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Export is an endpoint that gives records out page by page.
type Export string

// The two exports: what people did, and the people who did it.
// https://developer.clevertap.com/docs/get-events-api, https://developer.clevertap.com/docs/get-user-profiles-api
const (
	ExportEvents   Export = "/1/events.json"
	ExportProfiles Export = "/1/profiles.json"
)

// maxPageBytes bounds a page: CleverTap may send more records than were asked for, each with the whole profile.
const maxPageBytes = 512 << 20

// Codes of the export endpoints.
// https://github.com/CleverTap/clevertap-csv-download, https://github.com/bruin-data/ingestr (pkg/source/clevertap)
const (
	codeExportThrottled  = 1
	codeExportInProgress = 2
	codeExportUsage      = 3
	codeExportDates      = 4002
)

// ExportQuery says what to export.
type ExportQuery struct {
	// Event is the one event that the records are about. There is no query for all of them.
	Event string
	// From and To are days of the project's time zone as YYYYMMDD, both inclusive. To may not lie in the future.
	From, To int
	// BatchSize is the wanted number of records per page. Pages may be larger or smaller.
	BatchSize int
	// App asks for fields of app and device, Profile for the person's custom attributes, Summary for the counts of
	// all the person's events.
	App, Profile, Summary bool
}

// OpenExport asks for an export and returns the cursor of its first page.
func (c *Client) OpenExport(ctx context.Context, export Export, q ExportQuery) (cursor string, err error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]any{"event_name": q.Event, "from": q.From, "to": q.To}); err != nil {
		return "", errors.New("encoding the query of the export")
	}
	answer, err := c.export(ctx, call{
		path: string(export), body: body.Bytes(), sent: slices.Values([]string{q.Event}),
		query: url.Values{
			"batch_size": {strconv.Itoa(q.BatchSize)}, "app": {strconv.FormatBool(q.App)},
			"events": {strconv.FormatBool(q.Summary)}, "profile": {strconv.FormatBool(q.Profile)},
		},
	})
	if err == nil && answer.Cursor == "" {
		err = unclear("the reply has no cursor")
	}
	return answer.Cursor, err
}

// Page is one page of an export.
type Page struct {
	// Records are the JSON texts of the records as CleverTap wrote them.
	Records []json.RawMessage
	// Next is the cursor of the next page, empty on the last one.
	Next string
}

// ExportPage fetches a page. While CleverTap still prepares it the error's reason is ReasonInProgress: the same cursor
// is then to be asked for again.
func (c *Client) ExportPage(ctx context.Context, export Export, cursor string) (Page, error) {
	answer, err := c.export(ctx, call{
		method: http.MethodGet, path: string(export), query: url.Values{"cursor": {plainCursor(cursor)}},
		sent: slices.Values([]string{cursor}), maxReply: maxPageBytes,
	})
	if err != nil {
		return Page{}, err
	}
	return Page{Records: answer.Records, Next: answer.Next}, nil
}

// plainCursor undoes the percent-encoding in which cursors arrive, because a query is encoded anyway: twice is answered
// "Incorrect Usage". A plus stays a plus.
func plainCursor(cursor string) string {
	if plain, err := url.PathUnescape(cursor); err == nil {
		return plain
	}
	return cursor
}

type exportReply struct {
	reply
	Cursor  string            `json:"cursor"`
	Next    string            `json:"next_cursor"`
	Records []json.RawMessage `json:"records"`
	Events  []struct {
		Name string `json:"name"`
	} `json:"events"`
}

func (c *Client) export(ctx context.Context, r call) (exportReply, error) {
	r.reason = exportReason
	body, err := c.do(ctx, r)
	if err != nil {
		return exportReply{}, err
	}
	var answer exportReply
	var mistyped *json.UnmarshalTypeError
	switch err := json.Unmarshal(body, &answer); {
	case errors.As(err, &mistyped):
		return exportReply{}, unclear("the reply does not have the form of CleverTap's")
	case err != nil:
		return exportReply{}, lostReply()
	case answer.Status == statusSuccess:
		return answer, nil
	case answer.Status == statusFail:
		return exportReply{}, c.failed(answer.reply, r, body)
	}
	return exportReply{}, unclear("the reply has no known status")
}

// exportReason knows the replies that only exports have. They were seen with HTTP 200 as well as 400, not always with
// a code, and once with a word for a code.
func exportReason(status, code int, body string) Reason {
	text := strings.ToLower(body)
	switch {
	case status == http.StatusAccepted, code == codeExportInProgress, strings.Contains(text, "still in progress"):
		return ReasonInProgress
	case code == codeExportThrottled:
		return ReasonThrottled
	case code == codeExportDates:
		return ReasonInvalidDates
	case strings.Contains(text, "export not allowed"):
		return ReasonNotExportable
	case strings.Contains(text, "invalid event"):
		return ReasonUnknownEvent
	case code == codeExportUsage, strings.Contains(text, "cursor_invalidated"), strings.Contains(text, "invalid cursor"):
		return ReasonInvalidCursor
	}
	return ""
}
