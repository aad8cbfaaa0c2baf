package segmenttest

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// Reasons that are not those of plugins/segment.
const (
	tooManyEvents       segment.Reason = "too_many_events"
	consentPreferences  segment.Reason = "consent_categorypreferences_should_exist"
	deviceAdvertisingID segment.Reason = "device_advertisingid_should_be_string"
)

type object map[string]json.RawMessage

// checked is a call and why it was discarded, if it was.
type checked struct {
	members object
	raw     json.RawMessage
	kind    segment.Type
	sentAt  json.RawMessage
	reason  segment.Reason
}

// check looks at the calls of a request one by one.
func (s *Server) check(route segment.Type, e envelope) []checked {
	if len(e.calls) == 0 {
		return []checked{{raw: json.RawMessage(`{"batch":[]}`), reason: segment.EmptyBatch}}
	}
	calls := make([]checked, len(e.calls))
	for i, raw := range e.calls {
		c := checked{raw: compact(raw), sentAt: e.members["sentAt"]}
		if json.Unmarshal(raw, &c.members) != nil || c.members == nil {
			c.reason = segment.InvalidJSON
		} else {
			c.merge(e.members)
			c.kind, c.reason = check(route, c.members)
		}
		if c.reason == "" && i >= segment.MaxBatchCalls {
			c.reason = tooManyEvents
		}
		calls[i] = c
	}
	return calls
}

// merge puts the envelope's context and integrations into the call.
func (c *checked) merge(e object) {
	changed := false
	for _, name := range []string{"context", "integrations"} {
		if kind(e[name]) != '{' || kind(c.members[name]) != '{' && !absent(c.members[name]) {
			continue
		}
		var all, own object
		_ = json.Unmarshal(e[name], &all)
		_ = json.Unmarshal(c.members[name], &own)
		maps.Copy(all, own)
		c.members[name], changed = encode(all), true
	}
	if absent(c.members["sentAt"]) && !absent(c.sentAt) {
		c.members["sentAt"], changed = c.sentAt, true
	}
	if _, has := c.members["writeKey"]; has {
		delete(c.members, "writeKey")
		changed = true
	}
	if changed {
		c.raw = encode(c.members)
	}
}

var types = map[segment.Type]bool{
	segment.Identify: true, segment.Track: true, segment.Page: true,
	segment.Screen: true, segment.Group: true, segment.Alias: true,
}

// check returns the call's type and the first thing wrong with it.
func check(route segment.Type, c object) (segment.Type, segment.Reason) {
	if !absent(c["type"]) {
		name, _ := text(c["type"])
		route = segment.Type(name)
	}
	if !types[route] {
		return "", segment.UnsupportedType
	}
	for _, rule := range []func(segment.Type, object) segment.Reason{checkIDs, checkOwn, checkContext} {
		if reason := rule(route, c); reason != "" {
			return route, reason
		}
	}
	return route, ""
}

func checkIDs(t segment.Type, c object) segment.Reason {
	for _, name := range []string{"userId", "anonymousId", "previousId", "groupId"} {
		own := t == segment.Alias && name == "previousId" || t == segment.Group && name == "groupId"
		if common := name == "userId" || name == "anonymousId"; absent(c[name]) || !own && !common {
			continue
		}
		if id, ok := text(c[name]); !ok || id == "" {
			return segment.IDNotString
		}
	}
	switch {
	case t == segment.Alias && (absent(c["userId"]) || absent(c["previousId"])),
		t == segment.Group && absent(c["groupId"]):
		return segment.IDRequired
	case absent(c["userId"]) && absent(c["anonymousId"]):
		return segment.NoUserAnonID
	}
	return ""
}

func checkOwn(t segment.Type, c object) segment.Reason {
	inner, reason := "properties", segment.PropertiesNotObject
	switch t {
	case segment.Track:
		name, ok := text(c["event"])
		if absent(c["event"]) || ok && strings.TrimSpace(name) == "" {
			return segment.EventNotDefined
		} else if !ok {
			return segment.EventNotString
		}
	case segment.Page, segment.Screen:
		if kind(c["name"]) != '"' && !absent(c["name"]) {
			return segment.NameNotString
		}
		if kind(c["category"]) != '"' && !absent(c["category"]) {
			return segment.CategoryNotString
		}
	default:
		inner, reason = "traits", segment.TraitsNotObject
	}
	if kind(c[inner]) != '{' && !absent(c[inner]) {
		return reason
	}
	return ""
}

func checkContext(_ segment.Type, c object) segment.Reason {
	var context struct {
		Consent, Device object
	}
	if json.Unmarshal(c["context"], &context) != nil {
		return ""
	}
	if context.Consent != nil && absent(context.Consent["categoryPreferences"]) {
		return consentPreferences
	}
	if id := context.Device["advertisingId"]; !absent(id) && kind(id) != '"' {
		return deviceAdvertisingID
	}
	return ""
}

// kind is the first byte of a value, 0 when there is none.
func kind(raw json.RawMessage) byte {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 {
		return raw[0]
	}
	return 0
}

func absent(raw json.RawMessage) bool { return kind(raw) == 0 || kind(raw) == 'n' }

func text(raw json.RawMessage) (string, bool) {
	var s string
	return s, kind(raw) == '"' && json.Unmarshal(raw, &s) == nil
}

func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// encode keeps numbers and texts as they were written.
func encode(o object) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(o) != nil {
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}
