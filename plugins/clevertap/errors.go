package clevertap

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Reason is a stable word for what went wrong: fit for metrics, and the first word of the error's text.
type Reason string

// The reasons.
const (
	ReasonInvalidRecord Reason = "invalid_record" // not an upload record, never sent
	ReasonRejected      Reason = "rejected"       // CleverTap refused it for good
	ReasonUnauthorized  Reason = "unauthorized"   // credentials or region
	ReasonUnreachable   Reason = "unreachable"    // no connection
	ReasonTimeout       Reason = "timeout"        // no answer in time
	ReasonThrottled     Reason = "throttled"      // too many parallel requests
	ReasonServerError   Reason = "server_error"   // CleverTap's fault
	ReasonUnclearReply  Reason = "unclear_reply"  // an answer that does not tell what became of the records

	ReasonInProgress    Reason = "in_progress"    // the page of an export is being prepared: ask again
	ReasonNotExportable Reason = "not_exportable" // the API does not export this event
	ReasonUnknownEvent  Reason = "unknown_event"  // the project has no event of this name
	ReasonInvalidCursor Reason = "invalid_cursor" // the cursor of an export is expired or was never given out
	ReasonInvalidDates  Reason = "invalid_dates"  // the dates of an export are refused
	ReasonPageTooLarge  Reason = "page_too_large" // a page of an export is larger than the program accepts
)

const statusOK = 200

// Error is the failure of a whole request. Its text holds neither credentials nor anything that was sent.
type Error struct {
	// Reason is the stable word for it.
	Reason Reason
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	// Code is the code in CleverTap's answer, 0 when it had none.
	Code int
	// Text is CleverTap's text, or ours when there was none; it is bounded.
	Text string
	// RetryAfter is how long CleverTap asks to wait, 0 when it does not say.
	RetryAfter time.Duration

	lost bool
}

// Error gives the reason, the code and the text.
func (e *Error) Error() string {
	code := e.Status
	if code == statusOK {
		code = e.Code
	}
	return joinWords(string(e.Reason), codeText(code), e.Text)
}

// Transient tells whether the same request may succeed later.
func (e *Error) Transient() bool {
	switch e.Reason {
	case ReasonUnreachable, ReasonTimeout, ReasonThrottled, ReasonServerError, ReasonInProgress:
		return true
	}
	return e.lost
}

// NeedsSplit tells whether CleverTap refused the request for something in it, so that a part of it may pass.
func (e *Error) NeedsSplit() bool { return e.class() == 400 || e.class() == 413 }

// Unauthorized tells whether CleverTap refused the credentials, so that no request can succeed.
func (e *Error) Unauthorized() bool { return e.Reason == ReasonUnauthorized }

// class is the HTTP status that the answer means: many failures come as 200 with the status in the body. Codes from
// 509 on are about records, not requests.
// https://developer.clevertap.com/docs/api-errors
func (e *Error) class() int {
	switch {
	case e.Status != statusOK:
		return e.Status
	case e.Code >= 400 && e.Code < int(CodeEventNameMissing):
		return e.Code
	case Code(e.Code).Retryable():
		return 500
	}
	return 0
}

// classified fills in the reason: the endpoint's own, else the one that follows from status and code.
func (e *Error) classified(special Reason) *Error {
	switch class := e.class(); {
	case special != "":
		e.Reason = special
	case class == 401 || class == 403:
		e.Reason = ReasonUnauthorized
		e.Text = strings.TrimSuffix("the credentials are refused, check account id, passcode and region: "+e.Text, ": ")
	case class == 408:
		e.Reason = ReasonTimeout
	case class == 429:
		e.Reason = ReasonThrottled
	case class >= 500:
		e.Reason = ReasonServerError
	default:
		e.Reason = ReasonRejected
	}
	return e
}

func unclear(text string) *Error { return &Error{Reason: ReasonUnclearReply, Text: text} }

// emptyReply is what CleverTap's hosts answer on every path that they do not know.
func emptyReply() *Error {
	return unclear("the reply is empty, as it is from a wrong address: check region and url")
}

// lostReply is an answer that came only in part: the records may or may not have arrived.
func lostReply() *Error {
	return &Error{Reason: ReasonUnclearReply, Text: "the reply was cut off or is not JSON", lost: true}
}

// Rejection is CleverTap's refusal of one record of an upload.
type Rejection struct {
	// Position is the record's place in the upload, from 0.
	Position int
	// Code says why.
	Code Code
	// Text is CleverTap's text, without anything that was sent.
	Text string
}

// Error gives the code and the text.
func (r *Rejection) Error() string {
	return joinWords(string(ReasonRejected), codeText(int(r.Code)), r.Text)
}

// ReasonOf returns the reason of an error of this package, false for any other error.
func ReasonOf(err error) (Reason, bool) {
	var (
		request   *Error
		rejection *Rejection
		record    *RecordError
	)
	switch {
	case errors.As(err, &request):
		return request.Reason, true
	case errors.As(err, &rejection):
		return ReasonRejected, true
	case errors.As(err, &record):
		return ReasonInvalidRecord, true
	}
	return "", false
}

func codeText(code int) string {
	if code == 0 {
		return ""
	}
	return strconv.Itoa(code)
}

func joinWords(reason, code, text string) string {
	var b strings.Builder
	b.WriteString(reason)
	if code != "" {
		b.WriteString(" " + code)
	}
	if text != "" {
		if code == "" {
			b.WriteString(":")
		}
		b.WriteString(" " + text)
	}
	return b.String()
}
