package segment

// Reason is a stable word for what is wrong with a call. Users route on it.
type Reason string

// Reasons why a call is refused. Those that Segment has a word for use that word:
// https://segment.com/docs/connections/delivery-overview/
const (
	InvalidJSON         Reason = "invalid_json"
	EmptyBatch          Reason = "empty_batch"
	UnsupportedType     Reason = "unsupported_type"
	NoUserAnonID        Reason = "no_user_anon_id"
	IDRequired          Reason = "id_required"
	IDNotString         Reason = "id_not_string"
	EventNotDefined     Reason = "event_not_defined"
	EventNotString      Reason = "event_not_string"
	PropertiesNotObject Reason = "properties_not_object"
	TraitsNotObject     Reason = "traits_not_object"
	NameNotString       Reason = "name_not_string"
	CategoryNotString   Reason = "category_not_string"
	// DeleteNotAllowed and IdentityHashInvalid are ours: Segment knows neither deletes by clients nor proofs of identity.
	DeleteNotAllowed    Reason = "delete_not_allowed"
	IdentityHashInvalid Reason = "identity_hash_invalid"
)

// Error tells why a call is refused: a reason word, the path of the field, and the rule. It never holds a value.
type Error struct {
	Reason Reason
	Field  string
	Rule   string
}

// Error reads `reason: field: rule`.
func (e *Error) Error() string {
	if e.Field == "" {
		return string(e.Reason) + ": " + e.Rule
	}
	return string(e.Reason) + ": " + e.Field + ": " + e.Rule
}
