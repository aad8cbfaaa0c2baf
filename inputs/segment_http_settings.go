package inputs

import (
	"net"
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
func (h *segmentHTTPHandler) settings(r *http.Request, key string) *shAnswer {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return shReadOnly
	case !h.originAllowed(r):
		return shOrigin
	case h.admit(key) != nil:
		return shNoSource
	}
	body := jsontree.AppendString([]byte(`{"integrations":{"Segment.io":{"apiKey":`), key)
	body = jsontree.AppendString(append(body, `,"apiHost":`...), r.Host+h.config.prefix)
	if plainLoopback(r) {
		// The browser SDK takes https for granted.
		body = append(body, `,"protocol":"http"`...)
	}
	return &shAnswer{status: http.StatusOK, body: string(append(body, "}}}"...))}
}

// plainLoopback tells that the caller is on this machine and came without TLS and without a proxy.
func plainLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return r.TLS == nil && r.Header.Get("X-Forwarded-Proto") == "" && (host == "localhost" || ip != nil && ip.IsLoopback())
}
