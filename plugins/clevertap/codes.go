package clevertap

import "strings"

// Code is CleverTap's reason for refusing one record of an upload.
// https://developer.clevertap.com/docs/api-errors
type Code int

// The codes an upload can answer per record.
const (
	CodeEventNameMissing    Code = 509
	CodeEventInvalid        Code = 512
	CodeEventRestricted     Code = 513
	CodeGenderInvalid       Code = 514
	CodeEmailInvalid        Code = 515
	CodePhoneInvalid        Code = 516
	CodeEmployedInvalid     Code = 517
	CodeEducationInvalid    Code = 518
	CodeMarriedInvalid      Code = 519
	CodeAgeInvalid          Code = 520
	CodeTooManyProperties   Code = 522
	CodeNoIdentifier        Code = 523
	CodeTypeInvalid         Code = 524
	CodeTimestampInvalid    Code = 525
	CodeObjectIDInvalid     Code = 526
	CodeEventDiscarded      Code = 528
	CodeTokenObjectID       Code = 530
	CodeTokenDataInvalid    Code = 531
	CodeTokenIDMissing      Code = 532
	CodeTokenTypeMissing    Code = 533
	CodeTokenTypeInvalid    Code = 534
	CodeTokenDataInvalidToo Code = 535
	CodeServerError         Code = 555
)

// Retryable tells whether the same record may be accepted when it is sent again. Only 555, a server error, is.
func (c Code) Retryable() bool { return c == CodeServerError }

// RestrictedEvent tells whether an upload of this event name is refused with 513. CleverTap compares names without
// regard to case and spaces.
func RestrictedEvent(name string) bool {
	return restrictedEvents[strings.ToLower(strings.ReplaceAll(name, " ", ""))]
}

// RefusedID tells whether an id is one of the words that CleverTap does not take for an id, or blank.
func RefusedID(id string) bool {
	id = strings.TrimSpace(id)
	return id == "" || len(id) <= longestRefusedID && refusedIDs[strings.ToLower(id)]
}
