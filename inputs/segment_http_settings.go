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
func (h *segmentHTTPHandler) settings(x *exchange, key string) *shAnswer {
	switch {
	case x.method() != http.MethodGet && x.method() != http.MethodHead:
		return shReadOnly
	case !h.originAllowed(x):
		return shOrigin
	case h.admit(key) != nil:
		return shNoSource
	}
	body := jsontree.AppendString([]byte(`{"integrations":{"Segment.io":{"apiKey":`), key)
	body = jsontree.AppendString(append(body, `,"apiHost":`...), x.host()+h.config.prefix)
	if plainLoopback(x) {
		// The browser SDK takes https for granted.
		body = append(body, `,"protocol":"http"`...)
	}
	return &shAnswer{status: http.StatusOK, body: string(append(body, "}}}"...))}
}

// plainLoopback tells that the caller is on this machine and came without TLS and without a proxy.
func plainLoopback(x *exchange) bool {
	host, _, err := net.SplitHostPort(x.host())
	if err != nil {
		host = x.host()
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return !x.secured() && x.header("X-Forwarded-Proto") == "" && (host == "localhost" || ip != nil && ip.IsLoopback())
}
