package clevertap

import (
	"strconv"
	"strings"
)

// knownTexts are texts of CleverTap's that were recorded, without the record number. cleanText keeps them as they are.
// https://github.com/tradeo/clevertap-ruby (spec/vcr_cassettes), https://developer.clevertap.com/docs/api-errors
var knownTexts = setOf(
	"Event Name is incorrect. ErrorCode: 509 - Event name is mandatory.",
	"Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event.",
	"Profile data is incorrect. Gender needs to be M/F.",
	"Profile data is incorrect. Email is not valid.",
	"Profile data is incorrect. Phone number is not valid.",
	"Profile data is incorrect. Employed needs to be Y/N.",
	"Profile data is incorrect. Education needs to be School/College/Graduate..",
	"Profile data is incorrect. Married needs to be Y/N.",
	"Profile data is incorrect. Age is invalid.",
	"'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars to identify the user.",
	"Timestamp should be present in the Unix Epoch format.",
	"Account ID is not valid",
	"12 digit account ID mandatory",
	"Passcode Invalid",
	"Invalid Credentials",
	"Failed to process request",
	"Malformed request",
	"Too many concurrent requests",
	"An unknown error occurred",
	"Request still in progress, please retry later",
	"Incorrect Usage",
	"Export not allowed for this event",
)

// vocabulary holds the words that an error's text may have, in lower case: names of CleverTap's API first, then the
// English of error messages.
//
// A word belongs here if it says what is wrong and nothing about a person. First names (max, will, may), values of
// standard attributes (female, graduate), places and months do not. Surnames such as Field and Long cannot be avoided;
// maskSent masks them where they follow an unknown word as they do in a value.
var vocabulary = setOf(strings.Fields(`
	identity identities identifier identifiers objectid fbid gpid guid ts type types evtname evtdata profiledata tokendata
	event_name errorcode event events profile profiles token tokens user users device devices account accounts customer
	name names email emails phone phones gender dob photo age employed employment education married marital timezone tz
	msg push sms whatsapp dnd items charged amount currency keys p256dh auth endpoint fcm gcm apns wns mpns chrome
	$add $remove $set $delete $incr $decr id ids url y/n m/f n/a e.g i.e clevertap api dashboard project region passcode

	a an the this that these those it its we you your our they their there here which who what when where while why how
	is are was were be been being has have had having do does did doing can cannot could should must shall would need
	needs needed isn't aren't wasn't hasn't haven't doesn't don't didn't can't couldn't shouldn't won't
	not no nor none neither either both or and but if then else so as than also only already yet still just again once
	at by for from in into of off on onto to with without within under over above below between before after until since
	during because due per via about up down out too very more most less least many much few each every any some all
	other another same such one two three first second last next both following

	valid invalid validation validate validated correct correctly incorrect incorrectly wrong bad illegal improper
	malformed broken corrupt corrupted missing mandatory required requires require requirement optional necessary present
	absent empty blank null undefined unknown unexpected expected unsupported supported support supports unrecognized
	unrecognised recognized recognised different duplicate duplicated duplicates unique conflict conflicts match matches
	matching mismatch mismatched ambiguous inconsistent unparsable unreadable unable fail fails failed failing failure
	failures error errors occurred miscellaneous exception warning problem issue
	parse parsed parsing read write syntax format formats formatted encode encoded encoding decode decoded decoding schema
	structure structures object objects array arrays list lists string strings text texts number numbers numeric integer
	integers float decimal boolean date dates time times timestamp timestamps epoch unix utc iso json utf ascii csv file
	body header headers content payload query parameter parameters param params argument arguments field fields key
	value values property properties attribute attributes record records item element elements entry entries column
	columns row rows line lines position index data information info detail details code codes status reason message
	character characters char chars digit digits letter letters symbol symbols byte bytes kb mb size sizes length lengths
	long longer short shorter large larger big bigger small smaller high higher low lower greater equal equals
	maximum minimum limit limits limited exceed exceeds exceeded exceeding reach reached range ranges quota
	contain contains containing contained include includes included including exclude excluded begin begins end ends start
	starts special reserved restricted restriction forbidden prohibited allow allowed allows permit permitted permission
	permissions access denied deny authorized authorised authorization authorisation unauthorized unauthorised
	authenticate authenticated authentication credential credentials disabled enabled enable active inactive expired
	expire expires expiry revoked blocked suspended locked
	request requests response responses reply call calls service services server servers client connection host path
	method methods route http https get post put patch timeout timed wait waiting retry retrying retried later please try
	tries trying tried attempt attempts rate throttle throttled throttling concurrent concurrency parallel concurrently
	simultaneous busy overloaded unavailable available availability temporarily temporary maintenance internal gateway
	process processed processing unprocessed progress pending queue queued complete completed incomplete partial partially
	success successful successfully skipped ignore ignored drop dropped discard discarded reject rejected refuse
	refused accept accepted found exist exists existing nonexistent create created update updated updating upload uploaded
	uploading uploads delete deleted deleting deletion remove removed add added set unset store stored save saved send
	sent sending submit submitted receive received enter entered provide provided providing given pass passed specify
	specified use used using uses usage take taken make made identify identified raise raised raising system result
	results target targets operator operators operation operations command commands export exports exported exporting
	exportable import imported importing cursor cursors pages batch batches bulk window past future day days hour
	hours minute minutes seconds year years ago old older new newer now today feature plan subscription
	belong belongs associated linked registered unregistered merged merge entity media non
`)...)

// documentedLimits are the numbers that CleverTap may name as limits.
var documentedLimits = setOf(
	strconv.Itoa(MaxUploadRecords), strconv.Itoa(MaxTokenRecords), strconv.Itoa(MaxConcurrentUploads),
	strconv.Itoa(MaxConcurrentOthers), strconv.Itoa(MaxExportBatch), strconv.Itoa(MaxProfileAttributes),
	strconv.Itoa(MaxKeyChars), strconv.Itoa(MaxValueBytes), strconv.Itoa(MaxObjectIDChars), strconv.Itoa(MaxIdentityChars),
	"12", // digits of an account id
	"50", // items of a Charged event, by the SDKs' pages
)

// A limit is kept before a unit or behind a lead. Elsewhere it could be an age or the area code of a phone number.
var (
	limitUnits = setOf("byte", "bytes", "kb", "mb", "char", "chars", "character", "characters", "digit", "digits", "items",
		"records", "tokens", "profiles", "events", "properties", "attributes", "values", "levels", "requests")
	limitLeads = setOf("most", "limit", "maximum", "than", "exceed", "exceeds", "exceeded")
)

func setOf(members ...string) map[string]bool {
	set := make(map[string]bool, len(members))
	for _, member := range members {
		set[member] = true
	}
	return set
}
