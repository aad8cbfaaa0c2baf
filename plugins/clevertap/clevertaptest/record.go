package clevertaptest

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// Types of upload records.
const (
	kindProfile = "profile"
	kindEvent   = "event"
	kindToken   = "token"
)

// ids are what a record names its user by. Empty means absent.
type ids struct {
	identity, objectID, fbid, gpid string
}

// record is one element of an upload's `d`, looked at but not yet applied.
type record struct {
	number int // position in `d`, from 1
	raw    []byte
	fields []field
	kind   string
	ids    ids
	ts     int64 // 0 when absent

	profileData []field

	eventName string
	evtData   []byte

	token Token
	// seeded records may be of system events, and name their session.
	seeded  bool
	session []byte
	// notices are what was accepted but will not be stored.
	notices []string
}

func (r *record) get(key string) []byte {
	for i := len(r.fields) - 1; i >= 0; i-- { // the last of two equal keys wins
		if r.fields[i].key == key {
			return r.fields[i].raw
		}
	}
	return nil
}

func (r *record) notice(format string, args ...any) {
	r.notices = append(r.notices, fmt.Sprintf(format, args...))
}

// refusal is why a record was not taken.
type refusal struct {
	number int
	code   clevertap.Code
	kind   string
	reason string
	echo   json.RawMessage
}

// text is the error of the reply. The missing space after profile reasons is the service's own.
func (r *refusal) text() string {
	return r.reason + "Skipped record number : " + strconv.Itoa(r.number)
}

// reasons are the texts of the reply. 509, 513 to 520, 523 and 525 are recorded from the service, odd spacing
// included; the others are ours in the same manner.
// https://github.com/tradeo/clevertap-ruby (spec/vcr_cassettes), https://developer.clevertap.com/docs/api-errors
var reasons = map[clevertap.Code]string{
	clevertap.CodeEventNameMissing: "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. ",
	clevertap.CodeEventInvalid:     "Event structure is not valid. ErrorCode: 512 - ",
	clevertap.CodeEventRestricted: "Event Name is incorrect. ErrorCode: 513 - " +
		"Trying to raise a restricted system event. ",
	clevertap.CodeGenderInvalid:    "Profile data is incorrect. Gender needs to be M/F.",
	clevertap.CodeEmailInvalid:     "Profile data is incorrect. Email is not valid.",
	clevertap.CodePhoneInvalid:     "Profile data is incorrect. Phone number is not valid.",
	clevertap.CodeEmployedInvalid:  "Profile data is incorrect. Employed needs to be Y/N.",
	clevertap.CodeEducationInvalid: "Profile data is incorrect. Education needs to be School/College/Graduate..",
	clevertap.CodeMarriedInvalid:   "Profile data is incorrect. Married needs to be Y/N.",
	clevertap.CodeAgeInvalid:       "Profile data is incorrect. Age is invalid.",
	clevertap.CodeTooManyProperties: "Event structure is not valid. ErrorCode: 522 - " +
		"Too many event properties, the limit is ",
	clevertap.CodeNoIdentifier: "'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars " +
		"to identify the user. ",
	clevertap.CodeTypeInvalid:      "Record is neither an event nor a profile. ",
	clevertap.CodeTimestampInvalid: "Timestamp should be present in the Unix Epoch format. ",
	clevertap.CodeObjectIDInvalid:  "objectId is not valid. ",
	clevertap.CodeEventDiscarded: "Event Name is incorrect. ErrorCode: 528 - " +
		"The event has been discarded. ",
	clevertap.CodeTokenObjectID:       "Token is incorrect. objectId is not valid. ",
	clevertap.CodeTokenDataInvalid:    "Token is incorrect. tokenData is not valid. ",
	clevertap.CodeTokenIDMissing:      "Token is incorrect. id is mandatory. ",
	clevertap.CodeTokenTypeMissing:    "Token is incorrect. type is mandatory. ",
	clevertap.CodeTokenTypeInvalid:    "Token is incorrect. type is not valid for this objectId. ",
	clevertap.CodeTokenDataInvalidToo: "Token is incorrect. keys need p256dh and auth. ",
	clevertap.CodeServerError:         "Internal error, please try again. ",
}

func (r *record) refuse(code clevertap.Code, detail ...string) *refusal {
	return &refusal{
		number: r.number, code: code, kind: r.kind,
		reason: reasons[code] + strings.Join(detail, ""),
		echo:   r.echo(code),
	}
}

// check runs every check that needs no state. Only the first that fails counts, in the order in which the recorded
// replies show them: 524, 523 and 526, 525, then what belongs to the type.
func (s *Server) check(raw []byte, number int) (*record, *refusal) {
	return s.checkRecord(&record{number: number, raw: raw})
}

func (s *Server) checkRecord(r *record) (*record, *refusal) {
	raw, ok := r.raw, false
	if r.fields, ok = members(raw); !ok {
		return r, r.refuse(clevertap.CodeTypeInvalid)
	}
	if t := r.get("type"); kind(t) == '"' {
		r.kind = text(t)
	}
	switch r.kind {
	case kindToken:
		return r, s.checkToken(r)
	case kindProfile, kindEvent:
	default:
		return r, r.refuse(clevertap.CodeTypeInvalid)
	}
	if code := s.checkIDs(r); code != 0 {
		return r, r.refuse(code)
	}
	if r.ts, ok = timestamp(r.get("ts")); !ok {
		return r, r.refuse(clevertap.CodeTimestampInvalid)
	}
	if r.ts >= 1e10 {
		r.notice("ts %d looks like milliseconds", r.ts)
	}
	if r.kind == kindEvent {
		return r, s.checkEvent(r)
	}
	return r, s.checkProfile(r)
}

// checkIDs reads the four root identifiers and returns the code of what is wrong with them, or 0.
func (s *Server) checkIDs(r *record) clevertap.Code {
	if raw := r.get("objectId"); raw != nil {
		if kind(raw) != '"' || !s.validObjectID(text(raw)) {
			return clevertap.CodeObjectIDInvalid
		}
		r.ids.objectID = text(raw)
	}
	ok := s.readIdentity(r, "identity", &r.ids.identity) &&
		s.readIdentity(r, "FBID", &r.ids.fbid) && s.readIdentity(r, "GPID", &r.ids.gpid)
	if !ok || r.ids == (ids{}) {
		return clevertap.CodeNoIdentifier
	}
	return 0
}

// readIdentity takes a number for its digits and null for absent.
func (s *Server) readIdentity(r *record, key string, target *string) (ok bool) {
	raw := r.get(key)
	if raw == nil || kind(raw) == 'n' {
		return true
	}
	*target, ok = scalarText(raw)
	return ok && s.validIdentity(*target)
}

func (s *Server) validIdentity(id string) bool {
	if strings.TrimSpace(id) == "" || len([]rune(id)) >= clevertap.MaxIdentityChars {
		return false
	}
	return s.opts.AllowRefusedIDs || !clevertap.RefusedID(id)
}

// objectIDPrefixes are what the SDKs put before an id, the longer ones first.
// https://developer.clevertap.com/docs/set-clevertap-id
var objectIDPrefixes = []string{"__g", "__h", "__i", "__", "_w_", "-g", "-v", "-h", "-i", "-", "~", "**"}

func (s *Server) validObjectID(id string) bool {
	if strings.TrimSpace(id) == "" || !s.opts.AllowRefusedIDs && clevertap.RefusedID(id) {
		return false
	}
	for _, prefix := range objectIDPrefixes {
		if rest, ok := strings.CutPrefix(id, prefix); ok {
			id = rest
			break
		}
	}
	return id != "" && len([]rune(id)) <= s.opts.MaxObjectIDChars
}

// timestamp accepts positive integers, also as digit strings. An absent one is 0 and fine.
func timestamp(raw []byte) (int64, bool) {
	if raw == nil {
		return 0, true
	}
	literal, ok := scalarText(raw)
	if !ok {
		return 0, false
	}
	ts, err := strconv.ParseInt(literal, 10, 64)
	return ts, err == nil && ts > 0 && ts < math.MaxInt64 && literal[0] != '+'
}
