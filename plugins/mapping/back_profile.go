package mapping

import (
	"slices"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// traitNames are CleverTap's standard fields and what Segment calls them: the inverse of standardTraits.
var traitNames = map[string]string{
	"name": "name", "photo": "avatar", "gender": "gender", "email": "email", "phone": "phone", "dob": "birthday",
}

// noTraits are members of an exported profile and of a webhook's that are about devices and ids, or that nobody documents.
// https://docs.clevertap.com/docs/profile-exports, https://docs.clevertap.com/docs/create-message-webhook
var noTraits = map[string]bool{
	"identity": true, "objectid": true, "all_identities": true, "clevertapid": true, "clevertapids": true,
	"token": true, "push_token": true, "profiledata": true, "systemprofiledata": true, "platforminfo": true,
	"events": true, "event_properties": true, "session_props": true, "key_values": true, "payload": true,
	"platform": true, "os_version": true, "app_version": true, "make": true, "model": true,
	"df": true, "badks": true, "id": true,
}

// noFileTraits are those of a line of a profile file, in which a person's own attributes stand beside them.
var noFileTraits = map[string]bool{
	"identity": true, "objectid": true, "all_identities": true, "clevertapid": true, "clevertapids": true, "token": true,
}

// noOwnTraits may not stand among a person's own attributes either: they would be taken for ids on the way there.
var noOwnTraits = map[string]bool{"identity": true, "objectid": true}

// emitIdentify writes an identify call with what is known of a person.
func (m *BackMapper) emitIdentify(w who, p individual, salt []string) {
	m.begin(segment.Identify, w)
	m.out = append(m.out, `,"traits":{`...)
	traits := m.appendTraits(p)
	m.out = append(m.out, '}')
	start := len(m.out)
	m.appendContext(p, happening{})
	// All that the call says counts: another id or token is news, even on a day on which the traits stay.
	salt = append(salt, w.userID, w.anonymousID, string(m.out[start:]))
	slices.Sort(traits) // exports promise no order
	m.end(segment.Identify, w, m.textID(w, slices.Concat([]string{"identify"}, traits, salt)...))
}

// appendTraits writes the standard fields beside the person's own attributes, and then those. It returns the members as
// written.
func (m *BackMapper) appendTraits(p individual) (members []string) {
	written := map[string]bool{}
	first := true
	beside := noTraits
	if p.profile.Get("clevertapId").Kind() != segment.Null || p.profile.Get("clevertapIds").Kind() != segment.Null {
		beside = noFileTraits
	}
	for i, object := range [...]segment.Value{p.profile, fold(p.profile, "profileData")} {
		left := beside
		if i > 0 {
			left = noOwnTraits
		}
		for name, v := range object.Members() {
			if left[strings.ToLower(name)] || v.Kind() == segment.Null {
				continue
			}
			trait, standard := traitNames[strings.ToLower(name)]
			if !standard {
				trait = name
			}
			if written[trait] {
				continue
			}
			written[trait] = true
			m.out = comma(m.out, &first)
			start := len(m.out)
			m.out = append(segment.AppendString(m.out, trait), ':')
			m.out = appendTrait(m.out, trait, standard, v)
			members = append(members, string(m.out[start:]))
		}
	}
	return members
}

func appendTrait(dst []byte, trait string, standard bool, v segment.Value) []byte {
	switch {
	case standard && trait == "birthday":
		if t, ok := parseDate(v.Text()); ok {
			return segment.AppendString(dst, t.Format(time.DateOnly))
		}
	case standard && trait == "phone":
		if text := scalarText(v); text != "" {
			return segment.AppendString(dst, plus(text))
		}
	}
	return appendBack(dst, v)
}
