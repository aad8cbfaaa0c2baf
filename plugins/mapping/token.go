package mapping

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// mapToken adds a record for the push token that a call carries in context.device.token.
// https://developer.clevertap.com/docs/upload-device-tokens-api
func (m *Mapper) mapToken() {
	if m.opt.PushTokens == TokensOff || m.opt.PushTokens == TokensOnIdentify && m.call.Type != segment.Identify {
		return
	}
	device := m.call.Context("device")
	token := strings.TrimSpace(device.Get("token").Text())
	if token == "" {
		return
	}
	if m.limited(m.sender) {
		m.fix(NotTrusted)
		return
	}
	anonymous := usable(m.call.AnonymousID)
	kind := m.tokenType(device)
	keys := m.destination("chromeKeys")
	if anonymous == "" || kind == "" || kind == "chrome" && keys.Len() == 0 {
		m.fix(TokenSkipped)
		return
	}
	out := m.head(clevertap.KindToken, identity{objectIDField, anonymous})
	out = jsontree.AppendString(append(out, `,"tokenData":{"id":`...), token)
	out = append(out, `,"type":"`...)
	out = append(append(out, kind...), '"')
	if kind == "chrome" {
		out = keys.AppendJSON(append(out, `,"keys":`...))
	}
	m.emit(clevertap.KindToken, append(out, `}}`...))
}

// tokenType is the service that issued the token: as the call says, or as the device, its system or the library suggest;
// "" if nothing does.
func (m *Mapper) tokenType(device jsontree.Value) string {
	switch named := strings.ToLower(m.destination("deviceTokenType").Text()); named {
	case "apns", "fcm", "gcm", "wns", "mpns", "chrome":
		return named
	}
	for _, v := range [...]jsontree.Value{
		device.Get("type"), m.call.Context("os").Get("name"), m.call.Context("library").Get("name"),
	} {
		if kind := platformToken(strings.ToLower(v.Text())); kind != "" {
			return kind
		}
	}
	return ""
}

// platformToken reads the names that SDKs use for platforms, among them "iPhone OS" and "analytics-kotlin".
// https://segment.com/docs/connections/spec/common/
func platformToken(name string) string {
	for _, platform := range [...]struct{ part, kind string }{
		{"android", "fcm"}, {"kotlin", "fcm"},
		{"ios", "apns"}, {"iphone", "apns"}, {"ipad", "apns"}, {"watchos", "apns"}, {"tvos", "apns"},
		{"macos", "apns"}, {"apple", "apns"}, {"swift", "apns"},
	} {
		if strings.Contains(name, platform.part) {
			return platform.kind
		}
	}
	return ""
}

// destination is a member of the integrations object's entry for CleverTap, which carries per-call options.
func (m *Mapper) destination(option string) jsontree.Value {
	for name, v := range m.call.Integrations {
		if namesCleverTap(name) {
			if found := v.Get(option); found.Kind() != jsontree.Null {
				return found
			}
		}
	}
	return jsontree.Value{}
}
