package mapping

import (
	"fmt"

	"github.com/nyaruka/phonenumbers"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// Mode names the one of Segment's two hosted destinations whose habits are the defaults.
type Mode string

// Server is Segment's server-side destination, Mobile the one inside its mobile SDKs.
const (
	Server Mode = "server"
	Mobile Mode = "mobile"
)

// KeyCase tells how the names of traits and properties are written. Event names are never re-cased.
type KeyCase string

// SnakeCaseKeys writes them as SnakeCase does, Preserve leaves them as they are.
const (
	SnakeCaseKeys KeyCase = "snake_case"
	Preserve      KeyCase = "preserve"
)

// Nested tells what becomes of objects and arrays.
type Nested string

// What can become of objects and arrays: members of their own, JSON text, nothing, or what they are.
const (
	Flatten   Nested = "flatten"
	Stringify Nested = "stringify"
	Drop      Nested = "drop"
	Keep      Nested = "keep"
)

// AnonymousID tells what an anonymousId is good for.
type AnonymousID string

// Separate keeps a person's anonymous history apart from the known one, Link joins the two at identify, Ignore uses
// anonymous ids for push tokens only.
const (
	Separate AnonymousID = "separate"
	Link     AnonymousID = "link"
	Ignore   AnonymousID = "ignore"
)

// OnLimit tells what happens when a call exceeds one of CleverTap's limits.
type OnLimit string

// FixLimit repairs the record and names the repair, RejectLimit refuses the call.
const (
	FixLimit    OnLimit = "fix"
	RejectLimit OnLimit = "reject"
)

// Group tells what becomes of group calls, which CleverTap has nothing like.
type Group string

// DropGroup drops them, GroupProfile makes them attributes of the member's profile.
const (
	DropGroup    Group = "drop"
	GroupProfile Group = "profile"
)

// AliasPrevious tells which kind of id an alias call's previousId is.
type AliasPrevious string

// PreviousAuto takes it for an objectId when it equals the call's anonymousId, else for an identity.
const (
	PreviousAuto     AliasPrevious = "auto"
	PreviousIdentity AliasPrevious = "identity"
	PreviousObjectID AliasPrevious = "objectId"
)

// PushTokens tells which calls are searched for a push token.
type PushTokens string

// Tokens are read from identify calls, from all calls, or not at all.
const (
	TokensOnIdentify PushTokens = "identify"
	TokensOnAll      PushTokens = "all"
	TokensOff        PushTokens = "off"
)

// PublicCalls tells what calls may change whose sender has proved nothing.
type PublicCalls string

// FullPublicCalls may change whatever a call can. LimitedPublicCalls join nobody to anybody, add no push tokens, and
// neither empty nor unsubscribe.
const (
	FullPublicCalls    PublicCalls = "full"
	LimitedPublicCalls PublicCalls = "limited"
)

// Options are what a user may choose. Take them from DefaultOptions.
type Options struct {
	Mode                 Mode
	KeyCase              KeyCase
	Nested               Nested
	TrimValues           bool
	AnonymousID          AnonymousID
	ConvertDates         bool
	OnLimit              OnLimit
	MaxEventProperties   int
	MaxProfileAttributes int
	// Names maps target keys, as the case rule leaves them, to the keys to use instead.
	Names       map[string]string
	PageEvent   string
	ScreenEvent string
	Group       Group
	// DeleteEvent is the name of the track calls that delete; empty for none.
	DeleteEvent string
	// DeleteEventTrusted accepts it from senders of whom nothing is known, too.
	DeleteEventTrusted bool
	PublicCalls        PublicCalls
	AliasPrevious      AliasPrevious
	// PhoneRegion is the ISO country of phone numbers without a country code; empty refuses those.
	PhoneRegion       string
	PushTokens        PushTokens
	HonorIntegrations bool
	SourceTag         bool
}

// DefaultOptions are the options of a mode.
func DefaultOptions(mode Mode) Options {
	o := Options{
		Mode:                 mode,
		KeyCase:              SnakeCaseKeys,
		Nested:               Flatten,
		TrimValues:           true,
		AnonymousID:          Separate,
		ConvertDates:         true,
		OnLimit:              FixLimit,
		MaxEventProperties:   clevertap.MaxEventProperties,
		MaxProfileAttributes: clevertap.MaxProfileAttributes,
		PageEvent:            "Web Page Viewed",
		ScreenEvent:          "App Screen Viewed",
		Group:                DropGroup,
		PublicCalls:          FullPublicCalls,
		AliasPrevious:        PreviousAuto,
		PushTokens:           TokensOnIdentify,
		HonorIntegrations:    true,
		SourceTag:            true,
	}
	if mode == Mobile {
		o.KeyCase, o.Nested, o.TrimValues, o.AnonymousID = Preserve, Drop, false, Ignore
	}
	return o
}

// check refuses what no user can mean.
func (o Options) check() error {
	switch {
	case o.MaxEventProperties < 1:
		return fmt.Errorf("max_event_properties must be at least 1")
	case o.MaxProfileAttributes < 1:
		return fmt.Errorf("max_profile_attributes must be at least 1")
	case o.PageEvent == "":
		return fmt.Errorf("page_event must not be empty")
	case o.ScreenEvent == "":
		return fmt.Errorf("screen_event must not be empty")
	case o.PhoneRegion != "" && !phonenumbers.GetSupportedRegions()[o.PhoneRegion]:
		return fmt.Errorf("phone_region must be an ISO country code such as DE")
	}
	for from, to := range o.Names {
		if from == "" || to == "" {
			return fmt.Errorf("names must not map from or to an empty name")
		}
	}
	return nil
}
