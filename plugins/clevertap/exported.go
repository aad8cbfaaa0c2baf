package clevertap

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/valyala/fastjson"
)

// Key is a 128-bit hash of what a record is, whatever the order of its members.
type Key [16]byte

var exportParsers fastjson.ParserPool

// ExportedEvent is what tells one exported event from another.
type ExportedEvent struct {
	// Key covers person, time, event properties and session properties. The rest of the profile is the person's state
	// at the time of the export, not of the event, and changes between two exports of the same event.
	Key Key
	// Day is the day of the event in the project's time zone as YYYYMMDD, 0 if the record does not tell.
	Day int
}

// InspectExportedEvent reads a record of ExportEvents. The person is the objectId, which every record has and which
// stays when an anonymous person gets an identity; only without it, the identity.
func InspectExportedEvent(record []byte) (ExportedEvent, error) {
	parser := exportParsers.Get()
	defer exportParsers.Put(parser)
	v, err := parser.ParseBytes(record)
	if err != nil || v.Type() != fastjson.TypeObject {
		return ExportedEvent{}, unclear("a record of the export is not an object")
	}
	person := v.Get("profile", "objectId")
	if person == nil {
		person = v.Get("profile", "identity")
	}
	b := make([]byte, 0, len(record))
	for _, part := range []*fastjson.Value{person, v.Get("ts"), v.Get("event_props"), v.Get("session_props")} {
		b = append(appendCanonical(b, part), '\n')
	}
	return ExportedEvent{Key: keyOf(b), Day: dayOf(v.Get("ts"))}, nil
}

// ExportedProfile is what tells one exported profile from another, and one state of it from the next.
type ExportedProfile struct {
	Person, State Key
}

// InspectExportedProfile reads a record of ExportProfiles. The counts of events and the time a device was last seen are
// no part of the state: they change without any change to the profile.
func InspectExportedProfile(record []byte) (ExportedProfile, error) {
	parser := exportParsers.Get()
	defer exportParsers.Put(parser)
	v, err := parser.ParseBytes(record)
	if err != nil || v.Type() != fastjson.TypeObject {
		return ExportedProfile{}, unclear("a record of the export is not an object")
	}
	v.Del("events")
	platforms := v.GetArray("platformInfo")
	for _, platform := range platforms {
		platform.Del("ls")
	}
	// Exports promise no order of a person's devices.
	slices.SortStableFunc(platforms, func(a, b *fastjson.Value) int {
		return bytes.Compare(a.GetStringBytes("objectId"), b.GetStringBytes("objectId"))
	})
	person := v.Get("identity")
	if person == nil {
		person = v.Get("objectId")
	}
	if person == nil {
		person = v.Get("platformInfo", "0", "objectId")
	}
	return ExportedProfile{
		Person: keyOf(appendCanonical(nil, person)),
		State:  keyOf(appendCanonical(make([]byte, 0, len(record)), v)),
	}, nil
}

func keyOf(b []byte) Key {
	sum := sha256.Sum256(b)
	return Key(sum[:len(Key{})])
}

// dayOf reads the first eight of the 14 digits of a time.
func dayOf(ts *fastjson.Value) int {
	const digits, dayDigits = 14, 8
	if ts == nil {
		return 0
	}
	text := string(ts.GetStringBytes())
	if ts.Type() == fastjson.TypeNumber {
		text = string(ts.MarshalTo(nil))
	}
	if len(text) != digits {
		return 0
	}
	day, err := strconv.Atoi(text[:dayDigits])
	if err != nil {
		return 0
	}
	return day
}

// appendCanonical writes a value with the members of its objects in the order of their names, numbers as they came.
func appendCanonical(b []byte, v *fastjson.Value) []byte {
	if v == nil {
		return b
	}
	switch v.Type() {
	case fastjson.TypeObject:
		return appendObject(b, v.GetObject())
	case fastjson.TypeArray:
		b = append(b, '[')
		for _, item := range v.GetArray() {
			b = append(appendCanonical(b, item), ',')
		}
		return append(b, ']')
	}
	return v.MarshalTo(b)
}

func appendObject(b []byte, o *fastjson.Object) []byte {
	type member struct {
		name  string
		value *fastjson.Value
	}
	members := make([]member, 0, o.Len())
	o.Visit(func(name []byte, value *fastjson.Value) { members = append(members, member{string(name), value}) })
	slices.SortStableFunc(members, func(x, y member) int { return strings.Compare(x.name, y.name) })
	b = append(b, '{')
	for _, m := range members {
		b = append(strconv.AppendQuote(b, m.name), ':')
		b = append(appendCanonical(b, m.value), ',')
	}
	return append(b, '}')
}
