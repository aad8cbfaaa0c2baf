package clevertap

// Documented limits of CleverTap's server API. Where the pages disagree, the newest dated one counts.
const (
	// MaxUploadRecords is how many profile and event records one upload may hold.
	// https://developer.clevertap.com/docs/upload-events-api
	MaxUploadRecords = 1000
	// MaxTokenRecords is how many device-token records one upload may hold.
	// https://developer.clevertap.com/docs/upload-device-tokens-api
	MaxTokenRecords = 100
	// MaxDeleteIDs is how many ids one delete call may name.
	// https://developer.clevertap.com/docs/delete-user-profile-api
	MaxDeleteIDs = 100
	// MaxConcurrentUploads is the account's cap on parallel upload calls; the next one is answered 429.
	// https://developer.clevertap.com/docs/api-request-limit
	MaxConcurrentUploads = 15
	// MaxConcurrentOthers is the cap for deletes, exports and the other calls.
	MaxConcurrentOthers = 3

	// MaxExportBatch is how many records a page of an export may be asked to hold; MinExportBatch is the first number
	// that is taken for a limit at all, since the store behind it has 23 buckets and pages come in multiples of that.
	// https://developer.clevertap.com/docs/get-events-api, https://developer.clevertap.com/docs/get-user-profiles-api
	MaxExportBatch = 5000
	MinExportBatch = 23

	// MaxEventProperties is the default per event; an account may have it raised.
	// https://developer.clevertap.com/docs/upload-events-api
	MaxEventProperties = 100
	// MaxProfileAttributes is how many attributes a profile may have.
	// https://developer.clevertap.com/docs/upload-user-profiles-api
	MaxProfileAttributes = 256
	// MaxItems is how many items a Charged event may list.
	// https://docs.clevertap.com/docs/platform-considerations
	MaxItems = 256
	// MaxKeyChars is the length of property keys and event names, in characters.
	MaxKeyChars = 120
	// MaxValueBytes is the length of a string value, in UTF-8 bytes.
	MaxValueBytes = 512
	// MaxObjectIDChars is the length of an objectId, its SDK prefix not counted.
	// https://developer.clevertap.com/docs/set-clevertap-id
	MaxObjectIDChars = 64
	// MaxIdentityChars is the first length that importers refuse for an identity.
	// https://docs.clevertap.com/docs/map-data-for-import
	MaxIdentityChars = 1024
)

// Characters that CleverTap refuses in names.
// https://docs.clevertap.com/docs/platform-considerations
const (
	// ForbiddenEventChars may stand neither in event names nor in event property names.
	ForbiddenEventChars = `%><!|&.:;$'"\`
	// ForbiddenProfileChars may not stand in the names of profile attributes.
	ForbiddenProfileChars = ForbiddenEventChars + `#`
)

// refusedIDs are words that CleverTap's importers refuse as identity or objectId: they are what an absent id looks
// like after somebody has printed it, and would join strangers into one user. Compare trimmed and in lower case.
// https://docs.clevertap.com/docs/map-data-for-import
var refusedIDs = map[string]bool{
	"undefined": true, "null": true, "na": true, "n/a": true, "0": true, "nil": true, "-1": true,
	"infinity": true, "-infinity": true, "inf": true, "-inf": true, "nan": true, "-nan": true,
	"empty": true, "xxxxxx": true, "none": true,
}

// longestRefusedID spares all other ids the comparison.
const longestRefusedID = len("undefined")

// restrictedEvents are the system events that an upload may not raise (code 513), in the form that RestrictedEvent
// compares: lower case, no spaces.
// https://docs.clevertap.com/docs/platform-considerations
var restrictedEvents = map[string]bool{
	"notificationsent": true, "notificationviewed": true, "notificationclicked": true,
	"notificationdelivered": true, "notificationreplied": true, "utmvisited": true, "applaunched": true,
	"appuninstalled": true, "appversionchanged": true, "stayed": true, "replysent": true,
	"experimentrendered": true, "reachableby": true, "identityreset": true, "identityset": true,
	"identityerror": true,
}
