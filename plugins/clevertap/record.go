package clevertap

import (
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

var recordParsers fastjson.ParserPool

// Inspect reads one upload record. The bytes are kept, not copied, and may not change while the record is in use.
//
// It is strict about JSON and UTF-8, since one broken record makes CleverTap refuse the whole request, and leaves
// everything else to CleverTap's own checks.
func Inspect(raw []byte) (Record, error) {
	// Valid comes first: the parser takes numbers and escapes that are none, and it bounds only its own depth.
	if !json.Valid(raw) || !utf8.Valid(raw) {
		return Record{}, &RecordError{"not valid JSON"}
	}
	parser := recordParsers.Get()
	defer recordParsers.Put(parser)
	value, err := parser.ParseBytes(raw)
	if err != nil {
		// The parser's own text quotes the record.
		return Record{}, &RecordError{"nested too deeply"}
	}
	object, err := value.Object()
	if err != nil {
		return Record{}, &RecordError{"not a JSON object"}
	}
	record := readRecord(object)
	record.Raw = raw
	return record, record.check()
}

func readRecord(object *fastjson.Object) Record {
	var record Record
	object.Visit(func(key []byte, v *fastjson.Value) {
		switch string(key) {
		case "type":
			record.Kind = Kind(v.GetStringBytes())
		case "identity":
			record.Identity = record.addID(v)
		case "objectId":
			record.ObjectID = record.addID(v)
		case "FBID", "GPID":
			record.addID(v)
		case "profileData":
			record.addLinked(v)
		}
	})
	return record
}

// addLinked collects the identity that a profile is given besides the one it is found by, which links or merges people.
func (r *Record) addLinked(profileData *fastjson.Value) {
	object, err := profileData.Object()
	if err != nil {
		return
	}
	object.Visit(func(key []byte, v *fastjson.Value) {
		if len(key) == len("identity") && strings.EqualFold(string(key), "identity") {
			r.addID(v)
		}
	})
}

// addID returns the id as text, empty for none, and remembers it for comparing: without regard to case and surrounding space, since
// taking one person for two would break their order, while taking two for one only costs a little time.
func (r *Record) addID(v *fastjson.Value) string {
	var id string
	switch v.Type() {
	case fastjson.TypeString:
		id = string(v.GetStringBytes())
	case fastjson.TypeNumber:
		id = string(v.MarshalTo(nil))
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
