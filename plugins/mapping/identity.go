package mapping

import (
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// identity is the id at the root of a record. There is never more than one: with two, CleverTap's choice is not
// documented.
type identity struct {
	field string // identity or objectId
	value string
}

const (
	identityField = "identity"
	objectIDField = "objectId"
)

// Pair is an identify call that says which user an anonymous visitor is.
type Pair struct {
	AnonymousID string
	UserID      string
	// MessageID is the call's; empty if it has none.
	MessageID string
	// Attributes are the members of the profile that the call becomes, encoded. They are valid during the call only.
	Attributes []byte
}

// Linking is what a Linker decides.
type Linking int

const (
	// LinkNow joins the visitor's history to the user.
	LinkNow Linking = iota
	// LinkedBefore sends the call to the user alone: the two are joined already.
	LinkedBefore
	// LinkConflict does so too, because the visitor was another user before: CleverTap would merge the two for good.
	LinkConflict
	// KeepSeparate does so too, and leaves the visitor without a user: the linker takes on no more visitors.
	KeepSeparate
)

// Linker decides whether an identify call with both ids joins them. It is asked last, when nothing else can refuse the
// call any more.
type Linker func(Pair) (Linking, error)

// usable is the id, or "" where it is a word that CleverTap does not take for an id.
func usable(id string) string {
	if id == "" || clevertap.RefusedID(id) {
		return ""
	}
	return id
}

// person is who the call is about: the user, else the anonymous visitor.
func (m *Mapper) person() (identity, error) {
	if id := usable(m.call.UserID); id != "" {
		return identity{identityField, id}, nil
	}
	if m.opt.AnonymousID == Ignore {
		return identity{}, &segment.Error{Reason: MissingIdentity, Field: "userId",
			Rule: "a usable userId is needed, as anonymous ids are ignored"}
	}
	if id := usable(m.call.AnonymousID); id != "" {
		return identity{objectIDField, id}, nil
	}
	return identity{}, &segment.Error{Reason: MissingIdentity, Field: "userId",
		Rule: "a usable userId or anonymousId is needed"}
}

// linked decides on the root of an identify: the visitor when the user is joined to it, and then also the user's id.
func (m *Mapper) linked(person identity, attributes []byte) (root identity, userID string, err error) {
	anonymous := usable(m.call.AnonymousID)
	if m.opt.AnonymousID != Link || m.guarded || person.field != identityField || anonymous == "" {
		return person, "", nil
	}
	decision := LinkNow
	if m.link != nil {
		decision, err = m.link(Pair{anonymous, person.value, m.call.MessageID, attributes})
		if err != nil {
			return identity{}, "", err
		}
	}
	switch decision {
	case LinkConflict:
		m.fix(IdentityConflict)
		return person, "", nil
	case LinkedBefore, KeepSeparate:
		return person, "", nil
	default:
		return identity{objectIDField, anonymous}, person.value, nil
	}
}

// aliased asks the linker about an alias of a visitor, which joins like an identify: a second user of the device is kept
// apart here too.
func (m *Mapper) aliased(root identity, userID string) (identity, error) {
	if root.field != objectIDField || m.opt.AnonymousID != Link || m.link == nil {
		return root, nil
	}
	decision, err := m.link(Pair{AnonymousID: root.value, UserID: userID, MessageID: m.call.MessageID})
	switch {
	case err != nil:
		return root, err
	case decision == LinkConflict:
		m.fix(IdentityConflict)
		return identity{identityField, userID}, nil
	case decision == KeepSeparate:
		return identity{identityField, userID}, nil
	}
	return root, nil
}

// aliasRoot is the id that an alias call's user had before.
func (m *Mapper) aliasRoot(call *segment.Call, userID string) identity {
	previous, anonymous := usable(call.PreviousID), usable(call.AnonymousID)
	if m.opt.AnonymousID == Ignore {
		anonymous = ""
	}
	switch {
	case previous == "" && anonymous != "":
		return identity{objectIDField, anonymous}
	case previous == "":
		return identity{identityField, userID}
	case m.opt.AliasPrevious == PreviousObjectID,
		m.opt.AliasPrevious == PreviousAuto && previous == anonymous:
		return identity{objectIDField, previous}
	default:
		return identity{identityField, previous}
	}
}
