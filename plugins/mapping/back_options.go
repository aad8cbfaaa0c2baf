package mapping

import (
	"fmt"
	"time"
)

// Emit tells which calls a record becomes.
type Emit string

// EmitAuto makes a track call of an event and an identify call of a profile; of a webhook an identify call, and a track
// call too when it carries event properties. The others ask for one kind or for both.
const (
	EmitAuto     Emit = "auto"
	EmitTrack    Emit = "track"
	EmitIdentify Emit = "identify"
	EmitBoth     Emit = "both"
)

// UserIDFrom tells which of CleverTap's ids of a person becomes Segment's userId.
type UserIDFrom string

// The ids that a userId can come from.
const (
	FromIdentity UserIDFrom = "identity"
	FromEmail    UserIDFrom = "email"
	FromPhone    UserIDFrom = "phone"
	FromObjectID UserIDFrom = "objectId"
)

// Version is the release that calls name as their origin.
const Version = "0.1.0"

// BackOptions are what a user may choose for the way back. Take them from DefaultBackOptions.
type BackOptions struct {
	Emit       Emit
	UserIDFrom UserIDFrom
	// ChargedAs is the name that Charged gets back; empty leaves it as it is.
	ChargedAs string
	// SpecNames turns CleverTap's system events into the names of Segment's spec.
	SpecNames bool
	// DropSegmentOrigin leaves out events that came from Segment.
	DropSegmentOrigin bool
}

// DefaultBackOptions are the options that bring a call back as it went.
func DefaultBackOptions() BackOptions {
	return BackOptions{Emit: EmitAuto, UserIDFrom: FromIdentity, ChargedAs: orderName, DropSegmentOrigin: true}
}

// Origin is what is known about a record beside its content.
type Origin struct {
	// AccountID is the CleverTap account; it keeps the message ids of two accounts apart.
	AccountID string
	// Zone is the project's time zone, in which events are dated. Nil is UTC.
	Zone *time.Location
	// EventName is the event of an export whose records do not name it.
	EventName string
	// WebhookEvent is the event of a webhook that does not name one in its key-values.
	WebhookEvent string
	// Occurrence is the number of an event among identical ones of its day, as decimal text.
	Occurrence string
	// Day is when a profile was exported or a webhook received, YYYY-MM-DD.
	Day string
}

// ParseZone reads an IANA time zone; empty is UTC.
func ParseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("must be an IANA time zone such as Europe/Berlin")
	}
	return zone, nil
}
