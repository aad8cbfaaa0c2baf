package inputs

import "net/http"

// webhookAnswer is one of the few answers there are. They hold nothing of the call.
type webhookAnswer struct {
	status int
	body   string
}

var (
	answerDelivered   = &webhookAnswer{http.StatusOK, `{"status":"delivered"}`}
	answerTest        = &webhookAnswer{http.StatusOK, `{"status":"test"}`}
	answerEmpty       = &webhookAnswer{http.StatusOK, `{"status":"empty"}`}
	answerUnreadable  = &webhookAnswer{http.StatusBadRequest, `{"error":"unreadable"}`}
	answerInvalidJSON = &webhookAnswer{http.StatusBadRequest, `{"error":"invalid_json"}`}
	answerProfiles    = &webhookAnswer{http.StatusBadRequest, `{"error":"invalid_profiles"}`}
	answerAuth        = &webhookAnswer{http.StatusUnauthorized, `{"error":"unauthorized"}`}
	answerPath        = &webhookAnswer{http.StatusNotFound, `{"error":"not_found"}`}
	answerMethod      = &webhookAnswer{http.StatusMethodNotAllowed, `{"error":"method_not_allowed"}`}
	answerTooLarge    = &webhookAnswer{http.StatusRequestEntityTooLarge, `{"error":"too_large"}`}
	answerPacked      = &webhookAnswer{http.StatusUnsupportedMediaType, `{"error":"unsupported_encoding"}`}
	answerRefused     = &webhookAnswer{http.StatusServiceUnavailable, `{"error":"not_delivered"}`}
	answerOverload    = &webhookAnswer{http.StatusServiceUnavailable, `{"error":"overloaded"}`}
	answerStopping    = &webhookAnswer{http.StatusServiceUnavailable, `{"error":"stopping"}`}
	answerTimeout     = &webhookAnswer{http.StatusGatewayTimeout, `{"error":"timed_out"}`}
)

// webhookAnswers tell callers what became of their call.
var webhookAnswers = map[outcome]*webhookAnswer{
	delivered: answerDelivered, refused: answerRefused, timedOut: answerTimeout, stopping: answerStopping,
}
