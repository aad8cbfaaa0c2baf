package mapping

import (
	"strings"
	"unicode/utf8"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// shape is the form of what CleverTap hands out.
type shape int

const (
	unknownShape shape = iota
	// eventShape is a record of the event export, or a line of an event file.
	eventShape
	// profileShape is a record of the profile export, or a line of a profile file.
	profileShape
	// webhookShape is the body of a campaign or journey webhook.
	webhookShape
)

// shapeOf recognises a document by the members that only its shape has.
// https://developer.clevertap.com/docs/get-events-api, https://developer.clevertap.com/docs/get-user-profiles-api,
// https://docs.clevertap.com/docs/create-message-webhook, https://docs.clevertap.com/docs/export-format
func shapeOf(doc jsontree.Value) shape {
	has := func(name string) bool { return doc.Get(name).Kind() != jsontree.Null }
	switch {
	case has("profiles"):
		return webhookShape
	case has("event_props"), has("eventProps"), has("ts") && has("profile"):
		return eventShape
	case has("profileData"), has("platformInfo"), has("clevertapId"), has("clevertapIds"),
		has("identity"), has("objectId"), has("all_identities"):
		return profileShape
	}
	return unknownShape
}

// fold finds a member by any of its names, without regard to case: the shapes differ in little but that.
func fold(object jsontree.Value, names ...string) jsontree.Value {
	for name, v := range object.Members() {
		for _, wanted := range names {
			if mayFold(name, wanted) && strings.EqualFold(name, wanted) && v.Kind() != jsontree.Null {
				return v
			}
		}
	}
	return jsontree.Value{}
}

// mayFold is false for most names that are not equal to an ASCII one without regard to case.
func mayFold(name, wanted string) bool {
	return len(name) >= len(wanted) && (name[0] >= utf8.RuneSelf || name[0]|0x20 == wanted[0]|0x20)
}

// individual is one person in a document, wherever the document keeps them.
type individual struct {
	profile jsontree.Value
	// devices lists the person's devices.
	devices jsontree.Value
	// device is what an event says about its device.
	device jsontree.Value
}

// first looks a field up in the profile, and then in its first device.
func (p individual) first(names ...string) jsontree.Value {
	if v := fold(p.profile, names...); v.Kind() != jsontree.Null {
		return v
	}
	if v := fold(p.device, names...); v.Kind() != jsontree.Null {
		return v
	}
	return fold(p.firstDevice(), names...)
}

// firstDevice is the one whose id comes first: exports promise no order.
func (p individual) firstDevice() (first jsontree.Value) {
	for _, device := range p.devices.Elements() {
		id := device.Get("objectId").Text()
		if id != "" && (first.Kind() == jsontree.Null || id < first.Get("objectId").Text()) {
			first = device
		}
	}
	return first
}

// objectID is the person's CleverTap id: that of the event's device, or else of the first device.
func (p individual) objectID() string {
	if id := idText(p.first("objectId", "clevertapId")); id != "" {
		return id
	}
	for _, id := range fold(p.profile, "clevertapIds").Elements() {
		return idText(id)
	}
	return ""
}

func (p individual) email() string { return idText(p.standard("email")) }

// phone is the number with its plus, which exports leave out.
func (p individual) phone() string {
	return plus(idText(p.standard("phone")))
}

// standard looks a standard field up beside the person's own attributes, and then among them.
func (p individual) standard(name string) jsontree.Value {
	if v := fold(p.profile, name); v.Kind() != jsontree.Null {
		return v
	}
	return fold(fold(p.profile, "profileData"), name)
}

// idText is the text of an id that may be a number; words that are no id are none.
func idText(v jsontree.Value) string {
	return usable(scalarText(v))
}

// plus puts the sign before a number that lacks it.
func plus(phone string) string {
	if phone == "" || phone[0] == '+' || !allDigits(phone) {
		return phone
	}
	return "+" + phone
}
