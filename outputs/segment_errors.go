package outputs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/transport"
)

// segmentTrouble is why a request, or a call of it, was not taken.
type segmentTrouble struct {
	*failure
	// transient: the same request may succeed later. RetryAfter is how long Segment asks to wait.
	transient  bool
	retryAfter time.Duration
	// splits: something in the request is at fault, and a part of it may pass.
	splits bool
	// invalid: the call itself will never be taken.
	invalid bool
	// stops: no other request can succeed.
	stops bool
}

// segmentVerdict says what an answer means. The retryable statuses are those of Segment's own current clients.
// https://github.com/segmentio/analytics-next (packages/node/src/plugins/segmentio/publisher.ts)
func segmentVerdict(resp *http.Response, body []byte) *segmentTrouble {
	status := resp.StatusCode
	text := fmt.Sprintf("Segment answered %d%s", status, segmentCode(body))
	switch {
	case status < 300 && segmentDenies(body):
		return &segmentTrouble{failure: newSegmentFailure(reasonUnclearReply, text+", without success"), transient: true}
	case status < 300:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return &segmentTrouble{failure: newSegmentFailure(reasonUnauthorized, text+": check write key and region"), stops: true}
	case status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity:
		return &segmentTrouble{failure: newSegmentFailure(reasonRejected, text), splits: true}
	case segmentRetryable(status):
		return &segmentTrouble{
			failure: newSegmentFailure(segmentReason(status), text), transient: true,
			retryAfter: transport.RetryAfter(resp.Header.Get("Retry-After"), time.Now()),
		}
	}
	return &segmentTrouble{failure: newSegmentFailure(reasonUnexpectedStatus, text+": check region or endpoint")}
}

func segmentRetryable(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusGone, http.StatusTooManyRequests, 460:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusNetworkAuthenticationRequired:
		return false
	}
	return status >= 500
}

func segmentReason(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return reasonThrottled
	case status >= 500:
		return reasonServerError
	}
	return reasonTimeout
}

// segmentCodes are the words that an answer may name what is wrong by: those of Segment's list of discarded calls, one
// seen in a fixture of its Node library, and common words for statuses. Any other word could be an echo.
// https://segment.com/docs/connections/delivery-overview/
var segmentCodes = map[string]bool{
	"invalid_request": true, "payload_too_large": true, "unauthorized": true, "forbidden": true, "not_found": true,
	"rate_limited": true, "internal_error": true, "service_unavailable": true,

	"empty_batch": true, "empty_batch_result": true, "multi_user_error": true, "no_user_anon_id": true, "id_required": true,
	"id_not_string": true, "event_not_defined": true, "event_not_string": true, "properties_not_object": true,
	"traits_not_object": true, "name_not_string": true, "category_not_string": true, "source_disabled": true,
	"unknown_source": true, "consent_categorypreferences_should_exist": true,
	"device_advertisingid_should_be_string": true, "consent_version_should_be_number": true,
}

// segmentCode is the code in an answer, if it is a known one. The message next to it may quote the call.
func segmentCode(body []byte) string {
	var reply struct{ Code string }
	if json.Unmarshal(body, &reply) != nil || !segmentCodes[reply.Code] {
		return ""
	}
	return " " + reply.Code
}

// segmentDenies tells a success that says it is none. Proxies may answer without a body.
func segmentDenies(body []byte) bool {
	var reply struct{ Success *bool }
	return json.Unmarshal(body, &reply) == nil && reply.Success != nil && !*reply.Success
}

func segmentStopped(cause error) *segmentTrouble {
	f := newSegmentFailure(reasonStopped, "sending was interrupted")
	f.cause = cause
	return &segmentTrouble{failure: f, stops: true}
}
