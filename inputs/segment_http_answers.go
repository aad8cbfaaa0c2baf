package inputs

import (
	"net/http"
	"strconv"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// shAnswer is an answer. It holds nothing of the call: neither values nor ids.
type shAnswer struct {
	status int
	body   string
	// reason is the word in metrics and logs, empty for a success.
	reason string
	hangUp bool // the connection is to be closed
}

// shFailure is in the form in which Segment answers. Python's SDK sends a call again that was refused without a code
// and a message. https://github.com/segmentio/analytics-python
func shFailure(status int, code, message string) *shAnswer {
	return &shAnswer{status: status, body: string(appendProblem([]byte(`{"success":false,`), code, message)) + "}", reason: code}
}

// because names the reason of an answer whose code is Segment's, which says less.
func because(reason string, a *shAnswer) *shAnswer {
	a.reason = reason
	return a
}

func appendProblem(dst []byte, code, message string) []byte {
	dst = jsontree.AppendString(append(dst, `"code":`...), code)
	return jsontree.AppendString(append(dst, `,"message":`...), message)
}

func hangingUp(a *shAnswer) *shAnswer {
	a.hangUp = true
	return a
}

// Segment answers exactly 200 with an object. Some SDKs send a call again after any other success.
var shSuccess = &shAnswer{status: http.StatusOK, body: `{"success":true}`}

// Answers that are the same on every route.
var (
	shMalformed  = because("malformed_json", shFailure(http.StatusBadRequest, "invalid_request", "malformed JSON"))
	shBadHost    = because("invalid_host", shFailure(http.StatusBadRequest, "invalid_request", "the Host header must be a domain name or an IP address, with or without a port"))
	shMissingKey = because("missing_write_key", shFailure(http.StatusBadRequest, "invalid_request", "missing write key"))
	shWrongKey   = because("invalid_write_key", shFailure(http.StatusUnauthorized, "unauthorized", "invalid write key"))
	shUnsigned   = because("invalid_signature", shFailure(http.StatusUnauthorized, "unauthorized", "invalid signature"))
	shNoSource   = because("invalid_write_key", shFailure(http.StatusNotFound, "not_found", "no such write key"))
	shOrigin     = shFailure(http.StatusForbidden, "origin_not_allowed", "calls from pages of this origin are not taken")
	shNotFound   = shFailure(http.StatusNotFound, "not_found", "not found")
	shMethod     = shFailure(http.StatusMethodNotAllowed, "method_not_allowed", "use POST")
	shReadOnly   = shFailure(http.StatusMethodNotAllowed, "method_not_allowed", "use GET")
	shPacked     = shFailure(http.StatusUnsupportedMediaType, "unsupported_encoding", "the content encoding must be gzip or none")
	shRefused    = shFailure(http.StatusServiceUnavailable, "not_delivered", "not delivered, send it again")
	shStopping   = hangingUp(shFailure(http.StatusServiceUnavailable, "stopping", "shutting down, send it again"))
)

// shAnswers are what differs between the routes: Segment's SDKs send again after 429 and every 5xx, its classic webhooks
// after 5xx only.
type shAnswers struct {
	tooLarge, growth, overload, tooMany *shAnswer
	of                                  map[outcome]*shAnswer
}

var trackingAnswers = newSHAnswers(http.StatusBadRequest, http.StatusTooManyRequests, http.StatusServiceUnavailable)

var webhookRouteAnswers = newSHAnswers(http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable, http.StatusGatewayTimeout)

func newSHAnswers(tooLarge, overload, timeout int) shAnswers {
	return shAnswers{
		tooLarge: shFailure(tooLarge, "payload_too_large", "the request is too large"),
		growth:   shFailure(tooLarge, "growth_exceeded", "unpacked, and with its envelope repeated in each call, the request is too large for what was sent; send smaller batches, or send it uncompressed"),
		overload: shFailure(overload, "overloaded", "too much at once, send it again"),
		tooMany:  shFailure(overload, "rate_limited", "too many calls with this write key, retry later"),
		of: map[outcome]*shAnswer{
			delivered: shSuccess, refused: shRefused, stopping: shStopping,
			timedOut: shFailure(timeout, "timed_out", "not acknowledged in time, send it again"),
		},
	}
}

// rejection is a call that is not taken, by its place in the request.
type rejection struct {
	index int
	err   *segment.Error
}

// shListed is how many rejections an answer describes.
const shListed = 10

// rejections are the calls of a request that are not taken.
type rejections struct {
	first []rejection
	count int
}

func (r *rejections) add(index int, err *segment.Error) {
	if r.count++; len(r.first) < shListed {
		r.first = append(r.first, rejection{index, err})
	}
}

// single answers a request of one call that is not taken.
func (r *rejections) single() *shAnswer {
	return shFailure(http.StatusBadRequest, string(r.first[0].err.Reason), problem(r.first[0].err))
}

// success answers a request whose other calls were delivered. Segment says the same without a word on these.
func (r *rejections) success() *shAnswer {
	if r.count == 0 {
		return shSuccess
	}
	body := strconv.AppendInt([]byte(`{"success":true,"rejected":`), int64(r.count), 10)
	body = append(body, `,"errors":[`...)
	for i, rejected := range r.first {
		if i > 0 {
			body = append(body, ',')
		}
		body = strconv.AppendInt(append(body, `{"index":`...), int64(rejected.index), 10)
		body = append(appendProblem(append(body, ','), string(rejected.err.Reason), problem(rejected.err)), '}')
	}
	return &shAnswer{status: http.StatusOK, body: string(append(body, "]}"...))}
}

func problem(err *segment.Error) string {
	if err.Field == "" {
		return err.Rule
	}
	return err.Field + ": " + err.Rule
}
