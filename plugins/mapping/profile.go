package mapping

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// mapIdentify turns an identify call into a profile.
func (m *Mapper) mapIdentify() error {
	person, err := m.person()
	if err != nil {
		return err
	}
	if err := m.mapTraits(); err != nil {
		return err
	}
	return m.emitProfile(person, m.linked)
}

// mapAlias turns an alias call into a profile record that gives the old id the new identity. The mobile destination
// pushes the new profile instead.
func (m *Mapper) mapAlias() error {
	userID := usable(m.call.UserID)
	if userID == "" {
		return &segment.Error{Reason: MissingIdentity, Field: "userId", Rule: "an alias call needs a usable userId"}
	}
	root := identity{identityField, userID}
	m.begin(&m.set, "traits")
	if m.opt.Mode == Mobile {
		if err := m.mapTraits(); err != nil {
			return err
		}
	} else {
		root = m.aliasRoot(m.call, userID)
	}
	return m.emitProfile(root, func(root identity, _ []byte) (identity, string, error) {
		root, err := m.aliased(root, userID)
		return root, userID, err
	})
}

// mapGroup makes the group an attribute of the member.
func (m *Mapper) mapGroup() error {
	person, err := m.person()
	if err != nil {
		return err
	}
	m.begin(&m.set, "traits")
	if id := m.call.GroupID; id != "" {
		m.addText(&m.set, m.groupTraits.lookup("id").target, id)
	}
	m.addMembers(&m.set, m.groupTraits, m.call.Traits)
	return m.emitProfile(person, func(identity, []byte) (identity, string, error) { return person, "", nil })
}

// emitProfile writes the profile record of the attributes in m.set. Root decides on the record's id when the attributes
// are complete, and on an identity to assign.
func (m *Mapper) emitProfile(person identity, root func(identity, []byte) (identity, string, error)) error {
	var surplus bool
	m.text, surplus = m.set.appendTo(m.text[:0], m.opt.MaxProfileAttributes)
	if surplus {
		m.exceed(PropertiesDropped, "", "holds more attributes than max_profile_attributes")
	}
	if m.limit != nil {
		return m.limit
	}
	id, assigned, err := root(person, m.text)
	if err != nil {
		return err
	}
	out := m.appendTime(m.head(clevertap.KindProfile, id))
	out = append(out, `,"profileData":{`...)
	if assigned != "" {
		out = jsontree.AppendString(append(out, `"Identity":`...), assigned)
		if len(m.text) > 0 {
			out = append(out, ',')
		}
	}
	out = append(out, m.text...)
	m.emit(clevertap.KindProfile, append(out, `}}`...))
	return nil
}

// mapTraits maps the call's traits, or those in its context where it has none, into m.set.
func (m *Mapper) mapTraits() error {
	m.begin(&m.set, "traits")
	traits := m.call.Traits
	if traits.Len() == 0 {
		traits = m.call.Context("traits")
		m.field = "context.traits"
		if traits.Kind() == jsontree.Array && traits.Len() == 0 {
			traits = jsontree.Value{} // PHP's empty map
		}
		if kind := traits.Kind(); kind != jsontree.Object && kind != jsontree.Null {
			return &segment.Error{Reason: segment.TraitsNotObject, Field: m.field, Rule: "must be an object"}
		}
	}
	var first, last string
	for name, v := range traits.Members() {
		k := m.traits.lookup(name)
		m.addTrait(name, k, v)
		switch k.role {
		case firstName:
			first = strings.TrimSpace(v.Text())
		case lastName:
			last = strings.TrimSpace(v.Text())
		}
	}
	m.joinName(first, last)
	return nil
}

// joinName fills Name from its two halves, as Segment's own destinations do, unless there is one. A blank one is none.
func (m *Mapper) joinName(first, last string) {
	name := m.traits.target(nameKey)
	if first == "" || last == "" {
		return
	}
	if m.set.has(name) && strings.Trim(string(m.set.value(name)), `" `) != "" {
		return
	}
	m.addText(&m.set, name, first+" "+last)
}

// addTrait adds one trait to the profile.
func (m *Mapper) addTrait(name string, k *key, v jsontree.Value) {
	switch {
	case v.Kind() == jsontree.Null:
	case k.role == reserved:
		m.fix(ValueDropped)
	case k.role == verbatim && m.guarded:
		m.fix(NotTrusted)
	case k.role == verbatim:
		m.set.commit(k.target, sameName, v.AppendJSON(m.set.begin(k.target)))
	case k.role == standard && k.target.name != nameKey && k.target.name != photoKey:
		m.addStandard(k, v)
	case v.Kind() == jsontree.Object, v.Kind() == jsontree.Array:
		m.addNested(&m.set, m.traits, name, v)
	default:
		m.addScalar(&m.set, k, rankOf(k), v)
	}
}

// addStandard adds a trait that can only be a scalar: its parts have no keys of their own, unlike those of a name.
func (m *Mapper) addStandard(k *key, v jsontree.Value) {
	switch {
	case v.Kind() == jsontree.Object, v.Kind() == jsontree.Array:
		if v.Len() > 0 {
			m.addRaw(&m.set, k, rankOf(k), v)
		}
	default:
		m.addScalar(&m.set, k, rankOf(k), v)
	}
}
