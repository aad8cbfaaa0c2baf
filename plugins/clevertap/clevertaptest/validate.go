package clevertaptest

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// standardAttributes are the profile attributes with rules, in the order in which CleverTap checks them.
var standardAttributes = []struct {
	key  string
	code clevertap.Code
	ok   func(raw []byte) bool
}{
	{"gender", clevertap.CodeGenderInvalid, oneOf("M", "F")},
	{"email", clevertap.CodeEmailInvalid, isString(emailForm)},
	{"phone", clevertap.CodePhoneInvalid, isString(phoneForm)},
	{"employed", clevertap.CodeEmployedInvalid, oneOf("Y", "N")},
	{"education", clevertap.CodeEducationInvalid, oneOf("School", "College", "Graduate")},
	{"married", clevertap.CodeMarriedInvalid, oneOf("Y", "N")},
	{"age", clevertap.CodeAgeInvalid, isAge},
}

var (
	// The service is known to refuse "1234" and "$$$$$"; this is the common form of an address.
	emailForm = regexp.MustCompile(`^[^\s@<>(),;:"\[\]\\]+@([\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}\p{N}][\p{L}\p{N}-]*[\p{L}\p{N}]$`)
	// E.164 with more than four digits: https://docs.clevertap.com/docs/map-data-for-import
	phoneForm = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)
)

func oneOf(values ...string) func([]byte) bool {
	return func(raw []byte) bool {
		if kind(raw) != '"' {
			return false
		}
		for _, v := range values {
			if text(raw) == v {
				return true
			}
		}
		return false
	}
}

func isString(form *regexp.Regexp) func([]byte) bool {
	return func(raw []byte) bool { return kind(raw) == '"' && form.MatchString(text(raw)) }
}

func isAge(raw []byte) bool {
	literal, ok := scalarText(raw)
	if !ok {
		return false
	}
	age, err := strconv.ParseFloat(literal, 64)
	return err == nil && age >= 0 && age < 1000
}

func (s *Server) checkProfile(r *record) *refusal {
	var ok bool
	if r.profileData, ok = members(r.get("profileData")); !ok {
		return r.refuse(clevertap.CodeTypeInvalid)
	}
	for _, rule := range standardAttributes {
		for _, f := range r.profileData {
			if !foldEqual(f.key, rule.key) {
				continue
			}
			if value, set := operand(f.raw); set && !rule.ok(value) {
				return r.refuse(rule.code)
			}
		}
	}
	for _, f := range r.profileData {
		if foldEqual(f.key, "dob") && kind(f.raw) == '"' && !strings.HasPrefix(text(f.raw), "$D_") {
			r.notice("DOB is no date of the form $D_<epoch seconds>")
		}
	}
	return nil
}

// operand is the value that an attribute will have: what $set holds, or the value itself. Nothing is set by the other
// operators.
func operand(raw []byte) (value []byte, set bool) {
	ops, ok := members(raw)
	if !ok || len(ops) != 1 {
		return raw, true
	}
	if ops[0].key == "$set" {
		return ops[0].raw, true
	}
	return nil, !strings.HasPrefix(ops[0].key, "$")
}

func (s *Server) checkEvent(r *record) *refusal {
	name := r.get("evtName")
	if name == nil || kind(name) == 'n' || kind(name) == '"' && strings.TrimSpace(text(name)) == "" {
		return r.refuse(clevertap.CodeEventNameMissing)
	}
	if kind(name) != '"' {
		return r.refuse(clevertap.CodeEventInvalid, "evtName is not a string. ")
	}
	r.eventName = text(name)
	switch {
	case r.seeded: // CleverTap and its SDKs raise those itself
	case clevertap.RestrictedEvent(r.eventName),
		s.opts.RestrictWebPageViewed && eventKey(r.eventName) == "webpageviewed":
		return r.refuse(clevertap.CodeEventRestricted)
	case s.discarded[eventKey(r.eventName)]:
		return r.refuse(clevertap.CodeEventDiscarded)
	}
	if strings.ContainsAny(r.eventName, clevertap.ForbiddenEventChars) {
		r.notice("event name %q has characters that CleverTap forbids", r.eventName)
	}
	if utf8.RuneCountInString(r.eventName) > clevertap.MaxKeyChars {
		r.notice("event name is longer than %d characters", clevertap.MaxKeyChars)
	}
	return s.checkProperties(r)
}

func (s *Server) checkProperties(r *record) *refusal {
	r.evtData = r.get("evtData")
	properties, ok := members(r.evtData)
	if !ok {
		return r.refuse(clevertap.CodeEventInvalid, "evtData is not an object. ")
	}
	edited := false
	kept := properties[:0:0]
	for _, f := range properties {
		value, reason := s.property(r, f)
		switch {
		case reason != "":
			return r.refuse(clevertap.CodeEventInvalid, reason)
		case value == nil:
			edited = true
			continue
		case &value[0] != &f.raw[0]:
			edited = true
		}
		kept = append(kept, field{f.key, value})
	}
	if len(properties) > s.opts.MaxEventProperties {
		return r.refuse(clevertap.CodeTooManyProperties, strconv.Itoa(s.opts.MaxEventProperties), ". ")
	}
	if edited {
		r.evtData = object(kept, func(f field) []byte { return f.raw })
	}
	return nil
}

// property returns the value to store, nil to leave it out, or the reason to refuse the event.
func (s *Server) property(r *record, f field) (value []byte, refused string) {
	if reason := badKey(f.key, clevertap.ForbiddenEventChars); reason != "" {
		r.notice("property %q dropped: %s", f.key, reason)
		return nil, ""
	}
	switch {
	case kind(f.raw) == 'n':
		r.notice("property %q dropped: null", f.key)
		return nil, ""
	case kind(f.raw) == '"' && textBytes(f.raw) > clevertap.MaxValueBytes:
		if s.opts.LongValues == TruncateLongValues {
			return quote(truncate(text(f.raw))), ""
		}
		return nil, "A value is longer than 512 bytes. "
	case !isNested(f.raw) || s.opts.NestedObjects:
		return f.raw, ""
	case f.key == "Items" && eventKey(r.eventName) == "charged":
		return f.raw, badItems(f.raw)
	}
	return nil, "A property is an object or an array. "
}

// badItems says what is wrong with the items of a Charged event: they are a list of flat objects.
// https://developer.clevertap.com/docs/upload-events-api
func badItems(raw []byte) string {
	items, ok := elements(raw)
	if !ok {
		return "Items is not an array. "
	}
	if len(items) > clevertap.MaxItems {
		return "Items has more than 256 items. "
	}
	for _, item := range items {
		fields, ok := members(item)
		if !ok {
			return "An item is not an object. "
		}
		for _, f := range fields {
			if isNested(f.raw) {
				return "A property of an item is an object or an array. "
			}
			if kind(f.raw) == '"' && textBytes(f.raw) > clevertap.MaxValueBytes {
				return "A value is longer than 512 bytes. "
			}
		}
	}
	return ""
}

func badKey(key, forbidden string) string {
	switch {
	case strings.TrimSpace(key) == "":
		return "no name"
	case strings.ContainsAny(key, forbidden):
		return "forbidden character"
	case len(key) > clevertap.MaxKeyChars && utf8.RuneCountInString(key) > clevertap.MaxKeyChars:
		return "name too long"
	}
	return ""
}

// truncate cuts at the last whole character within the limit.
func truncate(s string) string {
	if len(s) <= clevertap.MaxValueBytes {
		return s
	}
	end := clevertap.MaxValueBytes
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// eventKey is the form in which CleverTap compares event names.
// https://docs.clevertap.com/docs/platform-considerations
func eventKey(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "")) }

func foldEqual(key, lower string) bool {
	return len(key) == len(lower) && strings.EqualFold(key, lower)
}
