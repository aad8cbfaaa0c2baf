package segmenttest

import (
	"encoding/json"
	"net/http"
)

// answer is one HTTP reply.
type answer struct {
	status int
	body   []byte
}

var success = answer{http.StatusOK, []byte(`{"success":true}`)}

// failed is a reply as a fixture of Segment's own Node SDK has it.
// https://github.com/segmentio/analytics-next (packages/node/src/__tests__/oauth.integration.test.ts)
func failed(status int, code, message string) answer {
	body, _ := json.Marshal(struct {
		Success bool   `json:"success"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}{false, code, message})
	return answer{status, body}
}

var (
	malformed    = failed(http.StatusBadRequest, codeInvalid, "malformed JSON")
	missingKey   = failed(http.StatusBadRequest, codeInvalid, "missing write key")
	wrongKey     = failed(http.StatusUnauthorized, "unauthorized", "invalid write key")
	wrongRegion  = failed(http.StatusBadRequest, codeInvalid, "the write key belongs to another region")
	batchTooBig  = failed(http.StatusBadRequest, codeTooBig, "the request exceeds 500 KB")
	callTooBig   = failed(http.StatusBadRequest, codeTooBig, "a message exceeds 32 KB")
	throttled    = failed(http.StatusTooManyRequests, "rate_limited", "too many requests")
	unknownRoute = failed(http.StatusNotFound, "not_found", "not found")
)

const (
	codeInvalid = "invalid_request"
	codeTooBig  = "payload_too_large"
)

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
