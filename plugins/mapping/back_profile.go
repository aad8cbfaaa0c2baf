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

// noTraits are members of a profile that are about its devices and ids, or that nobody documents.
// https://docs.clevertap.com/docs/profile-exports, https://docs.clevertap.com/docs/create-message-webhook
var noTraits = map[string]bool{
	"identity": true, "objectid": true, "all_identities": true, "clevertapid": true, "clevertapids": true,
	"token": true, "push_token": true, "profiledata": true, "systemprofiledata": true, "platforminfo": true,
	"events": true, "event_properties": true, "session_props": true, "key_values": true, "payload": true,
	"platform": true, "os_version": true, "app_version": true, "make": true, "model": true,
	"df": true, "badks": true, "id": true,
}

// emitIdentify writes an identify call with what is known of a person.
func (m *BackMapper) emitIdentify(w who, p individual, salt []string) {
	m.begin(segment.Identify, w)
	m.out = append(m.out, `,"traits":{`...)
	traits := m.appendTraits(p)
	m.out = append(m.out, '}')
	m.appendContext(p, happening{})
	slices.Sort(traits) // exports promise no order
	m.end(segment.Identify, w, m.textID(w, slices.Concat([]string{"identify"}, traits, salt)...))
}

// appendTraits writes the standard fields beside the person's own attributes, and then those. It returns the members as
// written.
func (m *BackMapper) appendTraits(p individual) (members []string) {
	written := map[string]bool{}
	first := true
	for _, object := range [...]segment.Value{p.profile, fold(p.profile, "profileData")} {
		for name, v := range object.Members() {
			if noTraits[strings.ToLower(name)] || v.Kind() == segment.Null {
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
