package clevertap

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// Key is a 128-bit hash of what a record is, whatever the order of its members. Checkpoint caches hold keys, so the bytes
// that go into one stay the same from version to version.
type Key [16]byte

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
	parser := parsers.Get().(*jsontree.Parser)
	defer parsers.Put(parser)
	v, err := parseExported(parser, record)
	if err != nil {
		return ExportedEvent{}, err
	}
	profile, ts := v.Get("profile"), v.Get("ts")
	person := cmp.Or(profile.Get("objectId"), profile.Get("identity"))
	b := make([]byte, 0, len(record))
	for _, part := range []jsontree.Value{person, ts, v.Get("event_props"), v.Get("session_props")} {
		b = append(appendCanonical(b, part), '\n')
	}
	return ExportedEvent{Key: keyOf(b), Day: dayOf(ts)}, nil
}

// ExportedProfile is what tells one exported profile from another, and one state of it from the next.
type ExportedProfile struct {
	Person, State Key
}

// InspectExportedProfile reads a record of ExportProfiles. The counts of events and the time a device was last seen are
// no part of the state: they change without any change to the profile.
func InspectExportedProfile(record []byte) (ExportedProfile, error) {
	parser := parsers.Get().(*jsontree.Parser)
	defer parsers.Put(parser)
	v, err := parseExported(parser, record)
	if err != nil {
		return ExportedProfile{}, err
	}
	devices := devicesOf(v)
	person := cmp.Or(v.Get("identity"), v.Get("objectId"))
	if len(devices) > 0 {
		person = cmp.Or(person, devices[0].Get("objectId"))
	}
	return ExportedProfile{
		Person: keyOf(appendCanonical(nil, person)),
		State:  keyOf(appendState(make([]byte, 0, len(record)), v, devices)),
	}, nil
}

func parseExported(parser *jsontree.Parser, record []byte) (jsontree.Value, error) {
	v, err := parser.Parse(record)
	if err != nil || v.Kind() != jsontree.Object {
		return v, unclear("a record of the export is not an object")
	}
	return v, nil
}

// devicesOf lists a person's devices by their ids. Exports promise no order.
func devicesOf(profile jsontree.Value) []jsontree.Value {
	var devices []jsontree.Value
	for _, device := range profile.Get("platformInfo").Elements() {
		devices = append(devices, device)
	}
	slices.SortStableFunc(devices, func(a, b jsontree.Value) int {
		return strings.Compare(a.Get("objectId").Text(), b.Get("objectId").Text())
	})
	return devices
}

func keyOf(b []byte) Key {
	sum := sha256.Sum256(b)
	return Key(sum[:len(Key{})])
}

// dayOf reads the first eight of the 14 digits of a time.
func dayOf(ts jsontree.Value) int {
	const digits, dayDigits = 14, 8
	text := ts.Text()
	if ts.Kind() == jsontree.Number {
		text = ts.Literal()
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
