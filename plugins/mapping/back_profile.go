package mapping

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
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
	m.appendTraits(p)
	m.out = append(m.out, '}')
	start := len(m.out)
	m.appendContext(p, happening{})
	m.beginID(w)
	m.addToID("identify")
	m.addTraitsToID()
	for _, part := range salt {
		m.addToID(part)
	}
	// All that the call says counts: another id or token is news, even on a day on which the traits stay.
	m.addToID(w.userID)
	m.addToID(w.anonymousID)
	m.hash = append(append(m.hash, 0), m.out[start:]...)
	m.end(segment.Identify, w, m.endID())
}

// addTraitsToID adds the traits as they were written, in the order of their bytes: exports promise none.
func (m *BackMapper) addTraitsToID() {
	slices.SortFunc(m.traits, func(a, b span) int {
		return bytes.Compare(m.out[a.start:a.end], m.out[b.start:b.end])
	})
	for _, trait := range m.traits {
		m.hash = append(append(m.hash, 0), m.out[trait.start:trait.end]...)
	}
}

// appendTraits writes the standard fields beside the person's own attributes, and then those. It leaves in m.traits where
// each stands.
func (m *BackMapper) appendTraits(p individual) {
	m.written.reset()
	m.traits = m.traits[:0]
	first := true
	beside := noTraits
	if p.profile.Get("clevertapId").Kind() != jsontree.Null || p.profile.Get("clevertapIds").Kind() != jsontree.Null {
		beside = noFileTraits
	}
	for i, object := range [...]jsontree.Value{p.profile, fold(p.profile, "profileData")} {
		left := beside
		if i > 0 {
			left = noOwnTraits
		}
		for name, v := range object.Members() {
			lower := strings.ToLower(name)
			if left[lower] || v.Kind() == jsontree.Null {
				continue
			}
			trait, standard := traitNames[lower]
			if !standard {
				trait = name
			}
			if !m.written.add(trait) {
				continue
			}
			m.out = comma(m.out, &first)
			start := len(m.out)
			m.out = append(jsontree.AppendString(m.out, trait), ':')
			m.out = appendTrait(m.out, trait, standard, v)
			m.traits = append(m.traits, span{start, len(m.out)})
		}
	}
}

func appendTrait(dst []byte, trait string, standard bool, v jsontree.Value) []byte {
	switch {
	case standard && trait == "birthday":
		if t, ok := parseDate(v.Text()); ok {
			return jsontree.AppendString(dst, t.Format(time.DateOnly))
		}
	case standard && trait == "phone":
		if text := scalarText(v); text != "" {
			return jsontree.AppendString(dst, plus(text))
		}
	}
	return appendBack(dst, v)
}
