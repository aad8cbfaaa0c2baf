package clevertaptest

import (
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// Credentials a server accepts when its options name none.
const (
	DefaultAccountID = "TEST-ACCOUNT"
	DefaultPasscode  = "TEST-PASSCODE"
)

// Options are the choices a Server is started with. The zero value is a strict server with CleverTap's documented
// limits; the package documentation says what each choice stands for.
type Options struct {
	// AccountID and Passcode are what the request headers must carry.
	AccountID, Passcode string

	// MaxConcurrentUploads and MaxConcurrentOthers are how many calls may run in parallel before one is answered 429.
	MaxConcurrentUploads, MaxConcurrentOthers int
	// MaxBodyBytes bounds a request body; 0 means no bound, since CleverTap publishes none.
	MaxBodyBytes int64

	// MaxEventProperties is the account's number of properties per event.
	MaxEventProperties int
	// MaxObjectIDChars is the longest objectId, its SDK prefix not counted.
	MaxObjectIDChars int
	// LongValues says what happens to event values of more than 512 bytes.
	LongValues LongValues
	// NestedObjects turns on the nested-object beta: objects and arrays are then accepted anywhere.
	NestedObjects bool
	// RestrictWebPageViewed also refuses this event with 513, as one account was seen to do.
	RestrictWebPageViewed bool
	// DiscardedEvents are event names that were discarded in the dashboard: refused with 528.
	DiscardedEvents []string
	// AllowRefusedIDs accepts ids such as "null" or "0" that CleverTap's importers refuse.
	AllowRefusedIDs bool
	// AllowUnknownTokenDevices accepts tokens for an objectId that no profile has; a new profile then has it.
	AllowUnknownTokenDevices bool

	// EmailIsIdentity and PhoneIsIdentity make these attributes identities, as a project setting does.
	EmailIsIdentity, PhoneIsIdentity bool
	// ForbidMerging raises Identity Error where a second identity would join or merge profiles.
	ForbidMerging bool

	// TimeZone is the project's: days of exports and the times in their records are in it. UTC by default.
	TimeZone *time.Location
	// InProgress is how often a cursor is answered "still in progress" before it gives its page: 1 if 0, never if
	// negative.
	InProgress int
	// EventCursorLife, EventCursorIdle and ProfileCursorLife are how long cursors live from the start of their export,
	// and without being used: 4 hours, 1 hour and 4 days.
	EventCursorLife, EventCursorIdle, ProfileCursorLife time.Duration

	// LegacyReplies answers uploads as the service did in 2017: `status` is always "success" and the echoed record is
	// a string holding JSON.
	LegacyReplies bool
	// UnknownPath404 answers 404 on paths that are not part of the API, where the real service answers an empty 200.
	UnknownPath404 bool

	// MaxEvents is how many events are kept for inspection, the newest; counters go on. Likewise MaxRejections for
	// rejected records, deletions, identity events and notices.
	MaxEvents, MaxRejections int

	// Faults are those in force from the start. Seed makes their dice repeatable.
	Faults Faults
	Seed   uint64
	// Now is the clock; time.Now by default.
	Now func() time.Time
}

// LongValues says what becomes of event values that are longer than CleverTap's limit.
type LongValues int

const (
	// RejectLongValues refuses the event with 512.
	RejectLongValues LongValues = iota
	// TruncateLongValues cuts the value at a character, silently.
	TruncateLongValues
)

func (o Options) withDefaults() Options {
	orString(&o.AccountID, DefaultAccountID)
	orString(&o.Passcode, DefaultPasscode)
	orInt(&o.MaxConcurrentUploads, clevertap.MaxConcurrentUploads)
	orInt(&o.MaxConcurrentOthers, clevertap.MaxConcurrentOthers)
	orInt(&o.MaxEventProperties, clevertap.MaxEventProperties)
	orInt(&o.MaxObjectIDChars, clevertap.MaxObjectIDChars)
	orInt(&o.MaxEvents, 100_000)
	orInt(&o.MaxRejections, 10_000)
	orInt(&o.InProgress, 1)
	orDuration(&o.EventCursorLife, 4*time.Hour)
	orDuration(&o.EventCursorIdle, time.Hour)
	orDuration(&o.ProfileCursorLife, 4*24*time.Hour)
	if o.TimeZone == nil {
		o.TimeZone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func orString(s *string, fallback string) {
	if *s == "" {
		*s = fallback
	}
}

func orInt(n *int, fallback int) {
	if *n == 0 {
		*n = fallback
	}
}

func orDuration(d *time.Duration, fallback time.Duration) {
	if *d == 0 {
		*d = fallback
	}
}
