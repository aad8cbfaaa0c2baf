package mapping

import "strings"

// Fixes is the set of repairs that one call needed.
type Fixes uint32

// The repairs, by the name that users see.
const (
	ValueTruncated Fixes = 1 << iota
	ValueDropped
	KeyTruncated
	KeySanitized
	KeyCollision
	EventNameFixed
	RestrictedEvent
	PropertiesDropped
	ItemsDropped
	GenderDropped
	DOBDropped
	PhoneDropped
	EmailDropped
	TokenSkipped
	IdentityConflict
	NotTrusted
)

var fixNames = [...]string{
	"value_truncated", "value_dropped", "key_truncated", "key_sanitized", "key_collision", "event_name_fixed",
	"restricted_event", "properties_dropped", "items_dropped", "gender_dropped", "dob_dropped", "phone_dropped",
	"email_dropped", "token_skipped", "identity_conflict", "not_trusted",
}

// Names lists the repairs in a fixed order.
func (f Fixes) Names() []string {
	if f == 0 {
		return nil
	}
	var names []string
	for i, name := range fixNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String joins the names with commas; "" for no repair.
func (f Fixes) String() string {
	return strings.Join(f.Names(), ",")
}
