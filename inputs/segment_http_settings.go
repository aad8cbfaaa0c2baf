package inputs

import (
	"net/http"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// settingsKey finds the write key in the path from which SDKs fetch their settings.
func settingsKey(name string) (key string, ok bool) {
	key, ok = strings.CutPrefix(name, "projects/")
	if !ok {
		return "", false
	}
	key, ok = strings.CutSuffix(key, "/settings")
	return key, ok && key != "" && !strings.Contains(key, "/")
}

// settings tells an SDK to send its calls to where it fetched this from.
// https://github.com/segmentio/analytics-next, https://github.com/segmentio/analytics-kotlin
func (h *segmentHTTPHandler) settings(x *exchange, key string) *shAnswer {
	// The answer depends on the caller's headers. If a shared cache kept it, one caller who gets a Host past the cache's
	// key would redirect the calls of every SDK behind that cache, or refuse them their settings.
	x.set("Cache-Control", "no-store")
	name, validHost := splitHost(x.host())
	switch {
	case x.method() != http.MethodGet && x.method() != http.MethodHead:
		return shReadOnly
	case !validHost:
		return shBadHost
	case !h.originAllowed(x):
		return shOrigin
	case h.admit(key) != nil:
		return shNoSource
	}
	body := jsontree.AppendString([]byte(`{"integrations":{"Segment.io":{"apiKey":`), key)
	body = jsontree.AppendString(append(body, `,"apiHost":`...), x.host()+h.config.prefix)
	if loopback(name) && direct(x) {
		// The browser SDK takes https for granted. A stranger can claim a loopback host, but only for their own answer.
		body = append(body, `,"protocol":"http"`...)
	}
	return &shAnswer{status: http.StatusOK, body: string(append(body, "}}}"...))}
}
