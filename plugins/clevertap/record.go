package clevertap

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fastjson"
)

// Kind is what one upload record does.
type Kind string

// The kinds of records. Deletes are ours: CleverTap takes them at an endpoint of their own.
const (
	KindProfile Kind = "profile"
	KindEvent   Kind = "event"
	KindToken   Kind = "token"
	KindDelete  Kind = "delete"
)

// Record is one upload record: its bytes, which are sent as they are, and what sending them must know.
type Record struct {
	// Raw is the record as one JSON object.
	Raw []byte
	// Kind is its type.
	Kind Kind
	// IDs are all ids that the record carries, in a form to compare: two records that share one are about the same
	// person.
	IDs []string
	// Identity and ObjectID are the ids at the root, as they were written.
	Identity, ObjectID string
}

// RecordError says why something is not an upload record.
type RecordError struct{ Text string }

// Error gives the stable reason and the text.
func (e *RecordError) Error() string { return string(ReasonInvalidRecord) + ": " + e.Text }

// fewBrackets is how many a record may have to be checked by the fast way, whose errors grow with the square of the
// depth. It leaves room for a Charged event with all its items.
const fewBrackets = 1000

// Inspect reads one upload record. The bytes are kept, not copied, and may not change while the record is in use.
//
// It is strict about JSON and UTF-8, since one broken record makes CleverTap refuse the whole request, and leaves
// everything else to CleverTap's own checks.
func Inspect(raw []byte) (Record, error) {
	if !validJSON(raw) {
		return Record{}, &RecordError{"not valid JSON"}
	}
	if brackets(raw) > fastjson.MaxDepth && depth(raw) > fastjson.MaxDepth {
		return Record{}, &RecordError{"nested too deeply"}
	}
	if !isObject(raw) {
		return Record{}, &RecordError{"not a JSON object"}
	}
	record := readRecord(raw)
	return record, record.check()
}

// validJSON is json.Valid and utf8.Valid in half the time, which is most of what a record costs here. The fast
// check overlooks control characters in a string that has escapes, too.
func validJSON(raw []byte) bool {
	switch {
	case !utf8.Valid(raw):
		return false
	case brackets(raw) > fewBrackets, hasControl(raw):
		return json.Valid(raw)
	}
	return fastjson.ValidateBytes(raw) == nil
}

func hasControl(raw []byte) bool {
	for _, c := range raw {
		if c < ' ' {
			return true
		}
	}
	return false
}

// brackets is how deeply a document can be nested at most.
func brackets(raw []byte) int {
	return bytes.Count(raw, []byte{'{'}) + bytes.Count(raw, []byte{'['})
}

func readRecord(raw []byte) Record {
	record := Record{Raw: raw}
	eachQuoted(raw, func(name []byte, start, end int) bool {
		switch value := raw[start:end]; string(unquoted(name)) {
		case "type":
			record.Kind = kindOf(value)
		case "identity":
			record.Identity = record.addID(value)
		case "objectId":
			record.ObjectID = record.addID(value)
		case "FBID", "GPID":
			record.addID(value)
		case "profileData":
			record.addLinked(value)
		}
		return true
	})
	return record
}

// kindOf returns "" for what is none.
func kindOf(value []byte) Kind {
	if value[0] != '"' {
		return ""
	}
	name := unquoted(value)
	for _, kind := range []Kind{KindEvent, KindProfile, KindToken, KindDelete} {
		if string(name) == string(kind) {
			return kind
		}
	}
	return ""
}

// addLinked collects the identity that a profile is given besides the one it is found by, which links or merges people.
func (r *Record) addLinked(profileData []byte) {
	if profileData[0] != '{' {
		return
	}
	eachQuoted(profileData, func(name []byte, start, end int) bool {
		if bytes.EqualFold(unquoted(name), []byte("identity")) {
			r.addID(profileData[start:end])
		}
		return true
	})
}

// addID returns the id as text, empty for none, and remembers it for comparing: without regard to case and surrounding space, since
// taking one person for two would break their order, while taking two for one only costs a little time.
func (r *Record) addID(value []byte) string {
	var id string
	switch c := value[0]; {
	case c == '"':
		id = string(unquoted(value))
	case c == '-' || (c >= '0' && c <= '9'):
		id = string(value)
	}
	key := strings.ToLower(strings.TrimSpace(id))
	if key == "" {
		return ""
	}
	r.IDs = append(r.IDs, key)
	return id
}

func (r *Record) check() error {
	switch r.Kind {
	case KindProfile, KindEvent, KindToken:
		return nil
	case KindDelete:
		return r.checkDelete()
	}
	return &RecordError{"type is none of profile, event, token, delete"}
}

// checkDelete asks for one id, as CleverTap refuses a call that names people in both ways, and deleting the wrong
// one of two cannot be undone.
// https://developer.clevertap.com/docs/delete-user-profile-api
func (r *Record) checkDelete() error {
	switch hasIdentity, hasObjectID := r.Identity != "", r.ObjectID != ""; {
	case hasIdentity && hasObjectID:
		return &RecordError{"a delete names identity or objectId, not both"}
	case !hasIdentity && !hasObjectID:
		return &RecordError{"a delete needs an identity or an objectId"}
	}
	return nil
}
