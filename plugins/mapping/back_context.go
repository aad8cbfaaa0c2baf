package mapping

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// appendContext writes what is known about app, device, system and campaign, and the mark of origin that keeps the call
// from going back to CleverTap.
func (m *BackMapper) appendContext(p individual, h happening) {
	m.out = append(m.out, `,"context":{`...)
	first := true
	appVersion := p.first("app_version", "appVersion")
	if appVersion.Kind() == jsontree.Null {
		appVersion = property(h, "CT App Version", "ct_app_version", "CTAppVersion")
	}
	m.object(&first, "app", field{"version", scalarText(appVersion)})
	token, deviceType := pushToken(p)
	m.object(&first, "device",
		field{"manufacturer", scalarText(p.first("make"))}, field{"model", scalarText(p.first("model"))},
		field{"type", deviceType}, field{"token", token})
	m.object(&first, "os",
		field{"name", scalarText(p.first("platform"))}, field{"version", scalarText(p.first("os_version", "osVersion"))})
	m.object(&first, "campaign", campaign(h)...)
	m.object(&first, "integration", field{"name", OriginName}, field{"version", Version})
	m.out = append(m.out, '}')
}

// field is a member of text.
type field struct{ name, text string }

// object adds an object of those fields that have text, if any has.
func (m *BackMapper) object(first *bool, name string, fields ...field) {
	start, empty := len(m.out), *first
	m.out = appendKey(comma(m.out, first), name)
	m.out = append(m.out, '{')
	none := true
	for _, f := range fields {
		if f.text == "" {
			continue
		}
		m.out = jsontree.AppendString(appendKey(comma(m.out, &none), f.name), f.text)
	}
	if none {
		m.out, *first = m.out[:start], empty
		return
	}
	m.out = append(m.out, '}')
}

// appendKey appends a name that needs no escapes, and the colon after it.
func appendKey(dst []byte, name string) []byte {
	return append(append(append(dst, '"'), name...), `":`...)
}

// campaign is what sent the person: the tags of the link, and the campaign's own id and name.
func campaign(h happening) []field {
	name := scalarText(fold(h.session, "utm_campaign"))
	if name == "" {
		name = scalarText(property(h, "Campaign name"))
	}
	id := scalarText(h.campaign)
	if id == "" {
		id = scalarText(property(h, "Campaign id"))
	}
	return []field{
		{"id", id}, {"name", name},
		{"source", scalarText(fold(h.session, "utm_source"))}, {"medium", scalarText(fold(h.session, "utm_medium"))},
	}
}

// pushToken is a person's token, without the prefix that tells its service, and the kind of device it is for.
func pushToken(p individual) (token, deviceType string) {
	text := scalarText(p.first("push_token", "token"))
	service, token, found := strings.Cut(text, ":")
	switch {
	case found && (service == "fcm" || service == "gcm"):
		return token, "android"
	case found && service == "apns":
		return token, "ios"
	}
	return text, ""
}
