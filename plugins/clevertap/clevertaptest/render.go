package clevertaptest

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// appendEvent prints an event as the export does: time in the project's zone as one number, the person as of now.
// https://developer.clevertap.com/docs/get-events-api
func (s *Server) appendEvent(b []byte, e *openedExport, ev *event) []byte {
	p := ev.profile.owner()
	b = append(b, `{"profile":{`...)
	if objectID := p.device(ev.ids.objectID); objectID != "" {
		b = append(append(b, `"objectId":`...), quote(objectID)...)
		b = append(b, `,"platform":`...)
		b = append(b, quote(platformOf(objectID))...)
	}
	b = s.appendPerson(b, e, p)
	b = append(b, `},"ts":`...)
	b = time.Unix(ev.ts, 0).In(s.opts.TimeZone).AppendFormat(b, "20060102150405")
	b = append(append(b, `,"event_props":`...), ev.data...)
	if ev.session != nil {
		b = append(append(b, `,"session_props":`...), ev.session...)
	}
	return append(b, '}')
}

// device is the one the event came from, or the person's first.
func (p *profile) device(sent string) string {
	if sent == "" && len(p.objectIDs) > 0 {
		return p.objectIDs[0]
	}
	return sent
}

// platformOf guesses from the SDK's prefix.
func platformOf(objectID string) string {
	switch {
	case strings.HasPrefix(objectID, "__"):
		return "Android"
	case strings.HasPrefix(objectID, "-"), strings.HasPrefix(objectID, "~"):
		return "iOS"
	}
	return "Web"
}

// appendPerson prints what events and profiles share. Anonymous people have no identity.
func (s *Server) appendPerson(b []byte, e *openedExport, p *profile) []byte {
	for _, key := range p.identities {
		if strings.HasPrefix(key, "i:") {
			b = appendMember(b, "identity", key[2:])
			break
		}
	}
	custom := map[string]any{}
	for _, key := range p.order {
		a := p.attributes[key]
		switch key {
		case "name", "email":
			b = appendMember(b, key, a.value)
		case "phone":
			b = appendMember(b, key, phoneNumber(a.value))
		default:
			custom[a.name] = a.value
		}
	}
	if e.custom {
		b = appendMember(b, "profileData", custom)
	}
	if e.summary {
		b = appendMember(b, "events", map[string]any{
			e.event: map[string]any{"count": p.events, "first_seen": p.created.Unix(), "last_seen": p.lastEvent},
		})
	}
	if e.app && e.kind == eventExport {
		b = appendMember(b, "app_version", "1.0")
		b = appendMember(b, "os_version", "1")
	}
	return b
}

func appendMember(b []byte, name string, value any) []byte {
	var encoded []byte
	if text, ok := value.(string); ok {
		encoded = quote(text)
	} else if encoded, _ = json.Marshal(value); encoded == nil {
		return b
	}
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(append(append(b, quote(name)...), ':'), encoded...)
}

// phoneNumber is a phone as exports print it: a number, without its plus.
func phoneNumber(value any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	if _, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 64); err != nil {
		return value
	}
	return json.Number(strings.TrimLeft(text, "+0"))
}

// appendProfile prints a profile as the export does.
// https://developer.clevertap.com/docs/get-user-profiles-api
func (s *Server) appendProfile(b []byte, e *openedExport, p *profile) []byte {
	b = s.appendPerson(append(b, '{'), e, p)
	platforms := make([]map[string]any, 0, len(p.objectIDs))
	for _, id := range p.objectIDs {
		platform := map[string]any{"platform": platformOf(id), "objectId": id}
		for _, token := range p.tokens {
			if strings.EqualFold(token.ObjectID, id) {
				platform["push_token"] = token.Type + ":" + token.ID
			}
		}
		if e.app {
			platform["app_version"], platform["ls"] = "1.0", p.lastEvent
		}
		platforms = append(platforms, platform)
	}
	return append(appendMember(b, "platformInfo", platforms), '}')
}
