package processors

import (
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
)

const (
	stcFieldMode                 = "mode"
	stcFieldKeyCase              = "key_case"
	stcFieldNested               = "nested"
	stcFieldTrimValues           = "trim_values"
	stcFieldAnonymousID          = "anonymous_id"
	stcFieldIdentityCache        = "identity_cache"
	stcFieldIdentityMaxLinks     = "identity_max_links"
	stcFieldAliasPrevious        = "alias_previous"
	stcFieldNames                = "names"
	stcFieldPhoneRegion          = "phone_region"
	stcFieldPageEvent            = "page_event"
	stcFieldScreenEvent          = "screen_event"
	stcFieldGroup                = "group"
	stcFieldDeleteEvent          = "delete_event"
	stcFieldDeleteEventTrusted   = "delete_event_trusted"
	stcFieldPublicCalls          = "public_calls"
	stcFieldPushTokens           = "push_tokens"
	stcFieldHonorIntegrations    = "honor_integrations"
	stcFieldSourceTag            = "source_tag"
	stcFieldConvertDates         = "convert_dates"
	stcFieldOnLimit              = "on_limit"
	stcFieldMaxEventProperties   = "max_event_properties"
	stcFieldMaxProfileAttributes = "max_profile_attributes"
)

var (
	modes = []fields.Option{
		{Word: string(mapping.Server), Meaning: "As Segment's server-side destination does it."},
		{Word: string(mapping.Mobile), Meaning: "As Segment's destination inside its mobile SDKs does it."},
	}
	keyCases = []fields.Option{
		{Word: string(mapping.SnakeCaseKeys), Meaning: "Lower case, words joined by `_`: `userID` becomes `user_id`."},
		{Word: string(mapping.Preserve), Meaning: "As they are."},
	}
	nestedWays = []fields.Option{
		{Word: string(mapping.Flatten), Meaning: "Members become attributes of their own, their keys joined by `_`; arrays become lists of strings in profiles and JSON text in events."},
		{Word: string(mapping.Stringify), Meaning: "JSON text."},
		{Word: string(mapping.Drop), Meaning: "Left out."},
		{Word: string(mapping.Keep), Meaning: "As they are, for accounts with nested objects enabled."},
	}
	anonymousIDs = []fields.Option{
		{Word: string(mapping.Link), Meaning: "An identify call with both ids joins the visitor's history to the user, once per visitor. Wants an `identity_cache`."},
		{Word: string(mapping.Separate), Meaning: "The history of a visitor stays apart from that of the user."},
		{Word: string(mapping.Ignore), Meaning: "Calls without a `userId` are refused; the id serves push tokens only."},
	}
	aliasPreviouses = []fields.Option{
		{Word: string(mapping.PreviousAuto), Meaning: "An objectId when it equals the call's `anonymousId`, else an identity."},
		{Word: string(mapping.PreviousIdentity), Meaning: "An identity."},
		{Word: string(mapping.PreviousObjectID), Meaning: "An objectId."},
	}
	groups = []fields.Option{
		{Word: string(mapping.DropGroup), Meaning: "Left out, counted."},
		{Word: string(mapping.GroupProfile), Meaning: "Attributes of the member's profile: `group_id` and `group_<trait>`."},
	}
	pushTokens = []fields.Option{
		{Word: string(mapping.TokensOnIdentify), Meaning: "From identify calls."},
		{Word: string(mapping.TokensOnAll), Meaning: "From calls of every type."},
		{Word: string(mapping.TokensOff), Meaning: "Not at all."},
	}
	publicCalls = []fields.Option{
		{Word: string(mapping.FullPublicCalls), Meaning: "As with Segment's and CleverTap's own SDKs: anybody with the public write key can claim to be anybody."},
		{Word: string(mapping.LimitedPublicCalls), Meaning: "For calls with nothing but a write key, and for all calls from sources other than `segment_http` (a queue loses the proof): `link` becomes `separate`; push tokens, operator objects (`$delete`, …) and CleverTap's control keys (`MSG-…`, `category-unsubscribe`, `category-resubscribe`) are left out, with the repair `not_trusted`; an alias is dropped. So a visitor who has not signed in registers no push token. An alias with a proof of identity still needs an id of the device: the proof says nothing about `previousId`."},
	}
	onLimits = []fields.Option{
		{Word: string(mapping.FixLimit), Meaning: "The record is repaired and `clevertap_fixes` says how."},
		{Word: string(mapping.RejectLimit), Meaning: "The call is refused with `limit_exceeded`."},
	}
)

// segmentToClevertapConfig is what a user may choose.
type segmentToClevertapConfig struct {
	mapping          mapping.Options
	identityCache    string
	identityMaxLinks int
}

func segmentToClevertapFields() []*service.ConfigField {
	return []*service.ConfigField{
		fields.Enum(stcFieldMode, modes).
			Description("Which of Segment's two hosted destinations sets the defaults of `key_case`, `nested`, `trim_values` and `anonymous_id`. A field that is set wins.").
			Default(string(mapping.Server)),
		fields.OptionalEnum(stcFieldAnonymousID, anonymousIDs).
			Description("What an `anonymousId` is good for. Default: `link` with an `identity_cache` and else `separate`; in mobile mode `ignore`."),
		service.NewStringField(stcFieldIdentityCache).
			Description("A cache resource that remembers which user a visitor was joined to. CleverTap joins for good, so a second user on the same device must not be joined to the first: with the cache only the first is, and later ones get the repair `identity_conflict`. Holds hashes, no ids. With several processes, use one that they share. It must never forget: `run` refuses `lru`, `ttlru`, every cache whose entries expire, and others, see Identity caches in the description above. While it fails, calls that need it wait: see the same section.").
			Example("identities").
			Default(""),
		service.NewIntField(stcFieldIdentityMaxLinks).
			Description("How many new visitors this process may join to users, counted since its start; 0 means no bound. It limits what strangers can add to the `identity_cache` through a public endpoint. Beyond it, visitors that the cache does not know are treated as with `anonymous_id: separate`, and those that it knows as before.").
			Example(1000000).
			Default(0).
			Advanced().
			LintRule(`root = if this.number().catch(0) < 0 { ["` + stcFieldIdentityMaxLinks + ` must not be negative"] }`),
		service.NewStringField(stcFieldPhoneRegion).
			Description("The ISO country of phone numbers without a country code, such as `DE`. Empty: those are left out.").
			Example("DE").
			Default("").
			LintRule(`root = if this != "" && !this.re_match("^[A-Z]{2}$") { ["phone_region must be an ISO country code such as DE"] }`),
		service.NewStringMapField(stcFieldNames).
			Description("Other names for attributes and properties: from the key as the case rule leaves it to the key in CleverTap.").
			Example(map[string]any{"customer_type": "Customer Type"}).
			Default(map[string]any{}).
			LintRule(`root = if this.type() == "string" && this == "" { ["names must not map from or to an empty name"] }`),
		fields.OptionalEnum(stcFieldKeyCase, keyCases).
			Description("How names of traits and properties are written. Event names stay as they are. Default: `snake_case`; in mobile mode `preserve`."),
		fields.OptionalEnum(stcFieldNested, nestedWays).
			Description("What becomes of objects and arrays. `Items` of an order stays a list. Default: `flatten`; in mobile mode `drop`."),
		service.NewBoolField(stcFieldTrimValues).
			Description("Strip white space around string values. Without this line: true; in mobile mode false.").
			Optional(),
		service.NewStringField(stcFieldPageEvent).
			Description("The event that page calls become. Some accounts refuse the default, which Segment's own destination uses, with code 513: then choose another.").
			Default("Web Page Viewed").
			LintRule(notBlankRule(stcFieldPageEvent)),
		service.NewStringField(stcFieldScreenEvent).
			Description("The event that screen calls become.").
			Default("App Screen Viewed").
			LintRule(notBlankRule(stcFieldScreenEvent)),
		fields.Enum(stcFieldGroup, groups).
			Description("What group calls become.").
			Default(string(mapping.DropGroup)),
		fields.Enum(stcFieldPublicCalls, publicCalls).
			Description("What calls may change whose sender has proved nothing. The proofs are a webhook's signature and the `identity_secret` of `segment_http`.").
			Default(string(mapping.FullPublicCalls)),
		service.NewStringField(stcFieldDeleteEvent).
			Description("Track calls of exactly this name delete the person, if a webhook's signature covers them; others fail with `delete_not_allowed`. The signature proves that Segment sent the call, not who wrote it: with the write key of a source in Segment, anybody can have Segment send it. So use it only behind sources whose key no app and no page contains. If empty, no track call deletes.").
			Example("Delete User").
			Default(""),
		service.NewBoolField(stcFieldDeleteEventTrusted).
			Description("Also accept `delete_event` from sources other than `segment_http`: files and queues to which only you can write. Calls with a public write key stay excluded.").
			Default(false).
			Advanced(),
		fields.Enum(stcFieldPushTokens, pushTokens).
			Description("Where push tokens are read from `context.device.token`.").
			Default(string(mapping.TokensOnIdentify)),
		fields.Enum(stcFieldAliasPrevious, aliasPreviouses).
			Description("Which kind of id the `previousId` of an alias call is.").
			Default(string(mapping.PreviousAuto)).
			Advanced(),
		service.NewBoolField(stcFieldHonorIntegrations).
			Description("Leave out calls whose `integrations` name CleverTap with `false`.").
			Default(true).
			Advanced(),
		service.NewBoolField(stcFieldSourceTag).
			Description("Give events the property `CT Source` with the value `segment`, so that the way back can tell them.").
			Default(true).
			Advanced(),
		service.NewBoolField(stcFieldConvertDates).
			Description("Turn strings that are wholly an ISO 8601 date or date-time into CleverTap's dates.").
			Default(true).
			Advanced(),
		fields.Enum(stcFieldOnLimit, onLimits).
			Description("What happens when a call exceeds a limit of CleverTap's.").
			Default(string(mapping.FixLimit)).
			Advanced(),
		service.NewIntField(stcFieldMaxEventProperties).
			Description("How many properties an event may have, `CT Source` included. CleverTap's default; raise it to your account's.").
			Default(clevertap.MaxEventProperties).
			Advanced().
			LintRule(positiveRule(stcFieldMaxEventProperties)),
		service.NewIntField(stcFieldMaxProfileAttributes).
			Description("How many attributes a profile may have.").
			Default(clevertap.MaxProfileAttributes).
			Advanced().
			LintRule(positiveRule(stcFieldMaxProfileAttributes)),
	}
}

func notBlankRule(field string) string {
	return `root = if this.string().trim() == "" { ["` + field + ` must not be empty"] }`
}

func positiveRule(field string) string {
	return `root = if this.number().catch(1) < 1 { ["` + field + ` must be at least 1"] }`
}

func segmentToClevertapFromParsed(conf *service.ParsedConfig) (c segmentToClevertapConfig, err error) {
	mode, err := fields.EnumFromParsed(conf, stcFieldMode, modes)
	if err != nil {
		return
	}
	if c.identityCache, err = conf.FieldString(stcFieldIdentityCache); err != nil {
		return
	}
	c.mapping = mapping.DefaultOptions(mapping.Mode(mode))
	if c.identityCache != "" && c.mapping.AnonymousID == mapping.Separate {
		c.mapping.AnonymousID = mapping.Link
	}
	r := reader{conf: conf}
	o := &c.mapping
	readEnum(&r, &o.KeyCase, stcFieldKeyCase, keyCases)
	readEnum(&r, &o.Nested, stcFieldNested, nestedWays)
	readEnum(&r, &o.AnonymousID, stcFieldAnonymousID, anonymousIDs)
	readEnum(&r, &o.OnLimit, stcFieldOnLimit, onLimits)
	readEnum(&r, &o.Group, stcFieldGroup, groups)
	readEnum(&r, &o.PublicCalls, stcFieldPublicCalls, publicCalls)
	readEnum(&r, &o.AliasPrevious, stcFieldAliasPrevious, aliasPreviouses)
	readEnum(&r, &o.PushTokens, stcFieldPushTokens, pushTokens)
	read(&r, &c.identityMaxLinks, stcFieldIdentityMaxLinks, conf.FieldInt)
	read(&r, &o.TrimValues, stcFieldTrimValues, conf.FieldBool)
	read(&r, &o.ConvertDates, stcFieldConvertDates, conf.FieldBool)
	read(&r, &o.HonorIntegrations, stcFieldHonorIntegrations, conf.FieldBool)
	read(&r, &o.SourceTag, stcFieldSourceTag, conf.FieldBool)
	read(&r, &o.MaxEventProperties, stcFieldMaxEventProperties, conf.FieldInt)
	read(&r, &o.MaxProfileAttributes, stcFieldMaxProfileAttributes, conf.FieldInt)
	read(&r, &o.Names, stcFieldNames, conf.FieldStringMap)
	read(&r, &o.PageEvent, stcFieldPageEvent, conf.FieldString)
	read(&r, &o.ScreenEvent, stcFieldScreenEvent, conf.FieldString)
	read(&r, &o.DeleteEvent, stcFieldDeleteEvent, conf.FieldString)
	read(&r, &o.DeleteEventTrusted, stcFieldDeleteEventTrusted, conf.FieldBool)
	read(&r, &o.PhoneRegion, stcFieldPhoneRegion, conf.FieldString)
	return c, r.err
}

// reader reads the fields that are set and keeps the first error.
type reader struct {
	conf *service.ParsedConfig
	err  error
}

func read[T any](r *reader, to *T, field string, get func(...string) (T, error)) {
	if r.err != nil || !r.conf.Contains(field) {
		return
	}
	var v T
	if v, r.err = get(field); r.err == nil {
		*to = v
	}
}

func readEnum[T ~string](r *reader, to *T, field string, options []fields.Option) {
	if r.err != nil || !r.conf.Contains(field) {
		return
	}
	var word string
	if word, _ = r.conf.FieldString(field); word == "" {
		return // as the mode says
	}
	if word, r.err = fields.EnumFromParsed(r.conf, field, options); r.err == nil {
		*to = T(word)
	}
}
