package inputs

import (
	"encoding/base64"
	"strings"

	"github.com/valyala/fasthttp"
)

// headerKey is the write key in the header: Basic with an empty password, or, from old clients, without the colon.
// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#authentication
func headerKey(authorization string) string {
	scheme, credentials, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "" // Bearer tokens come with a key in the body
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
	if err != nil {
		return ""
	}
	key, _, _ := strings.Cut(string(decoded), ":")
	return key
}

func (h *segmentHTTPHandler) knows(head *fasthttp.RequestHeader) bool {
	return h.admit(headerKey(string(head.Peek("Authorization")))) == nil
}

// admit checks a write key. Every configured key is compared: the time must not tell which one is nearly right.
func (h *segmentHTTPHandler) admit(key string) *shAnswer {
	if len(h.config.writeKeys) == 0 {
		return nil
	}
	if key == "" {
		return shMissingKey
	}
	matches := 0
	for _, secret := range h.config.writeKeys {
		matches |= secret.equals(key)
	}
	if matches == 0 {
		return shWrongKey
	}
	return nil
}
