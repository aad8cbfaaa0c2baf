package clevertap

import (
	"errors"
	"strings"
	"sync"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
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

var parsers = sync.Pool{New: func() any { return new(jsontree.Parser) }}

// Inspect reads one upload record. The bytes are kept, not copied, and may not change while the record is in use.
//
// It is strict about JSON and UTF-8, since one broken record makes CleverTap refuse the whole request, and leaves
// everything else to CleverTap's own checks.
func Inspect(raw []byte) (Record, error) {
	parser := parsers.Get().(*jsontree.Parser)
	defer parsers.Put(parser)
	record := Record{Raw: raw}
	if err := eachRecordMember(parser, raw, record.take); err != nil {
		return Record{}, err
	}
	return record, record.check()
}

// eachRecordMember visits the members of a record until the visitor has seen enough. Names and values are good for the
// time of the visit.
func eachRecordMember(parser *jsontree.Parser, raw []byte, visit func(name string, value jsontree.Value) bool) error {
	doc, err := parser.Parse(raw)
	var refused *jsontree.Error
	switch {
	case errors.As(err, &refused) && refused.TooDeep:
		return &RecordError{refused.Rule}
	case err != nil:
		return &RecordError{"not valid JSON: " + err.Error()}
	case !doc.UTF8():
		return &RecordError{"not valid JSON: is not UTF-8"}
	case doc.Kind() != jsontree.Object:
		return &RecordError{"not a JSON object"}
	}
	for name, value := range doc.Members() {
		if !visit(name, value) {
			break
		}
	}
	return nil
}

// take reads what sending the record must know. Of members with equal names the last one counts, but all ids do.
func (r *Record) take(name string, value jsontree.Value) bool {
	switch name {
	case "type":
		r.Kind = kindOf(value.Text())
	case "identity":
		r.Identity = r.addID(value)
	case "objectId":
		r.ObjectID = r.addID(value)
	case "FBID", "GPID":
		r.addID(value)
	case "profileData":
		r.addLinked(value)
	}
	return true
}

// kindOf returns "" for what is none.
func kindOf(name string) Kind {
	for _, kind := range []Kind{KindEvent, KindProfile, KindToken, KindDelete} {
		if name == string(kind) {
			return kind
		}
	}
	return ""
}

// addLinked collects the identity that a profile is given besides the one it is found by, which links or merges people.
func (r *Record) addLinked(profileData jsontree.Value) {
	for name, value := range profileData.Members() {
		if strings.EqualFold(name, "identity") {
			r.addID(value)
		}
	}
}

// addID returns the id as text, empty for none, and remembers it for comparing: without regard to case and surrounding space, since
// taking one person for two would break their order, while taking two for one only costs a little time.
func (r *Record) addID(value jsontree.Value) string {
	id := value.Text()
	if value.Kind() == jsontree.Number {
		id = value.Literal()
	}
	if strings.TrimSpace(id) == "" {
		return ""
	}
	id = strings.Clone(id) // the parser will reuse its memory
	r.IDs = append(r.IDs, strings.ToLower(strings.TrimSpace(id)))
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
