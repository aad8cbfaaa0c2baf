package clevertap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// maxPageBytes bounds a page: CleverTap may send more records than were asked for, each with the whole profile. Records
// have 1 to 8 KB, so 5,000 of them are 5 to 41 MB. A process that maps such pages was measured to take 120 MB of
// resident memory at 1 KB, 127 MB at 2 KB, 292 MB at 8 KB, and 404 MB at this bound. A lower one would refuse the
// default batch_size to accounts with large records.
const maxPageBytes = 64 << 20

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
		sent: slices.Values([]string{cursor}), maxReply: maxPageBytes, tooLong: pageTooLarge, reason: pageReason,
	})
	if err != nil {
		return Page{}, err
	}
	return Page{Records: answer.Records, Next: answer.Next}, nil
}

func pageTooLarge() *Error {
	return &Error{Reason: ReasonPageTooLarge, Text: fmt.Sprintf("the page has more than %d MB, lower batch_size", maxPageBytes>>20)}
}

// plainCursor undoes the percent-encoding in which cursors arrive, because a query is encoded anyway: twice is answered
// "Incorrect Usage". A plus stays a plus.
func plainCursor(cursor string) string {
	if plain, err := url.PathUnescape(cursor); err == nil {
		return plain
	}
	return cursor
}

func (c *Client) export(ctx context.Context, r call) (answer exportReply, err error) {
	if r.reason == nil {
		r.reason = exportReason
	}
	err = c.stream(ctx, r, func(body io.Reader) error {
		answer, err = readExport(body)
		return err
	})
	switch {
	case err != nil:
		return exportReply{}, err
	case answer.Status == statusSuccess:
		return answer, nil
	case answer.Status == statusFail:
		return exportReply{}, c.failed(answer.reply, r)
	}
	return exportReply{}, unclear("the reply has no known status")
}

// codeCursorInvalidated was seen in place of a number.
const codeCursorInvalidated = "CURSOR_INVALIDATED"

// exportTexts are recorded errors of exports, in lower case. They came with HTTP 200 as well as 400, and not always with
// a code.
var exportTexts = map[string]Reason{
	"request still in progress, please retry later": ReasonInProgress,
	"export not allowed for this event":             ReasonNotExportable,
	"invalid cursor":                                ReasonInvalidCursor,
}

// unknownEvent is what the error of an unknown event begins with; a colon and the name follow.
const unknownEvent = "invalid event"

// exportReason knows the replies that only exports have. It compares whole texts, since names of events stand in some.
func exportReason(status int, answer reply) Reason {
	text := errorText(string(answer.Error))
	switch {
	case status == http.StatusAccepted, answer.Code == codeExportInProgress:
		return ReasonInProgress
	case answer.Code == codeExportThrottled:
		return ReasonThrottled
	case answer.Code == codeExportDates:
		return ReasonInvalidDates
	case answer.word == codeCursorInvalidated:
		return ReasonInvalidCursor
	case namesUnknownEvent(text):
		return ReasonUnknownEvent
	}
	return exportTexts[text]
}

func namesUnknownEvent(text string) bool {
	rest, found := strings.CutPrefix(text, unknownEvent)
	return found && strings.HasPrefix(strings.TrimSpace(rest), ":")
}

// pageReason also knows the reply to a cursor that is no cursor. Without one the same reply is about something else.
func pageReason(status int, answer reply) Reason {
	if reason := exportReason(status, answer); reason != "" {
		return reason
	}
	if answer.Code == codeExportUsage || errorText(string(answer.Error)) == "incorrect usage" {
		return ReasonInvalidCursor
	}
	return ""
}

// errorText is an error as exportTexts has it. That of an unknown event is a list of one text, written as a string.
func errorText(text string) string {
	var list []string
	if json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 {
		text = list[0]
	}
	return strings.TrimRight(strings.ToLower(strings.TrimSpace(text)), ".")
}
