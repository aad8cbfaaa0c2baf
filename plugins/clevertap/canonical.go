package clevertap

import (
	"slices"
	"strconv"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// none is an absent value.
var none jsontree.Value

// appendCanonical writes a value with the members of its objects in the order of their names, numbers as they came;
// nothing for an absent value.
func appendCanonical(b []byte, v jsontree.Value) []byte {
	if v == none {
		return b
	}
	switch v.Kind() {
	case jsontree.Object:
		return appendObject(b, v, none)
	case jsontree.Array:
		b = append(b, '[')
		for _, element := range v.Elements() {
			b = append(appendCanonical(b, element), ',')
		}
		return append(b, ']')
	case jsontree.String:
		return appendText(b, v)
	default:
		return v.AppendJSON(b)
	}
}

// appendObject leaves out one member, or none.
func appendObject(b []byte, object, without jsontree.Value) []byte {
	b = append(b, '{')
	for _, m := range inOrder(object, without) {
		b = append(appendCanonical(appendName(b, m.name), m.value), ',')
	}
	return append(b, '}')
}

// appendState writes a profile, but not what changes by itself.
func appendState(b []byte, profile jsontree.Value, devices []jsontree.Value) []byte {
	list := profile.Get("platformInfo")
	b = append(b, '{')
	for _, m := range inOrder(profile, profile.Get("events")) {
		b = appendName(b, m.name)
		if m.value == list && list.Kind() == jsontree.Array {
			b = appendDevices(b, devices)
		} else {
			b = appendCanonical(b, m.value)
		}
		b = append(b, ',')
	}
	return append(b, '}')
}

func appendDevices(b []byte, devices []jsontree.Value) []byte {
	b = append(b, '[')
	for _, device := range devices {
		if device.Kind() == jsontree.Object {
			b = appendObject(b, device, device.Get("ls"))
		} else {
			b = appendCanonical(b, device)
		}
		b = append(b, ',')
	}
	return append(b, ']')
}

type member struct {
	name  string
	value jsontree.Value
}

// inOrder lists the members of an object by their names.
func inOrder(object, without jsontree.Value) []member {
	members := make([]member, 0, object.Len())
	for name, value := range object.Members() {
		if value != without {
			members = append(members, member{name, value})
		}
	}
	slices.SortStableFunc(members, func(x, y member) int { return strings.Compare(x.name, y.name) })
	return members
}

func appendName(b []byte, name string) []byte { return append(strconv.AppendQuote(b, name), ':') }

// appendText quotes like Go does, but only what has to be quoted.
func appendText(b []byte, v jsontree.Value) []byte {
	text := v.Text()
	if !v.Plain() && strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' }) {
		return strconv.AppendQuote(b, text)
	}
	return append(append(append(b, '"'), text...), '"')
}
