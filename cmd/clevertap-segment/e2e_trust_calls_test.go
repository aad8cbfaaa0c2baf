package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// People whom strangers try to delete. The device is the victim's.
const (
	victim        = "victim"
	victimDevice  = "victim-device"
	victimNumber  = "4711"
	victimVisitor = "visitor-device"

	deleteVictim  = `{"type":"delete","userId":"` + victim + `"}`
	deleteVictims = deleteVictim + `,{"type":"delete","anonymousId":"` + victimDevice + `"},{"type":"delete","userId":` + victimNumber + `}`

	// deleteEvent is the name that tests give to delete_event.
	deleteEvent = "Delete User"
)

// badCall is a call by which a stranger hopes to delete somebody.
type badCall struct {
	name, json string
	// refused is the reason with which segment_http rejects the call, whatever validate says.
	refused string
	// dead is the reason why the call is not valid, or cannot be mapped: segment_http rejects it, or where that passes on
	// what is not valid, it is in the dead letter. Without both the call becomes an event, or a profile of somebody else.
	dead string
	// deadOnTrack replaces dead on the route track, which gives its type to calls without one.
	deadOnTrack string
	// deletes tells that the call would delete if delete_event were trusted.
	deletes bool
}

const (
	notAllowed  = "delete_not_allowed"
	invalidJSON = "invalid_json"
	unsupported = "unsupported_type"
	noEvent     = "event_not_defined"
)

func badCalls() (all []badCall) {
	for _, list := range [][]badCall{badTypes(), badTypeMembers(), badDeletes(), badBatches(), badElements(), badMetadata(), badEvents()} {
		all = append(all, list...)
	}
	return all
}

// badTypes are deletes by the value of their type.
func badTypes() (all []badCall) {
	for _, value := range []string{
		`"delete"`, `"DELETE"`, `"Delete"`, `"dElEtE"`, `" delete"`, `"delete "`, `"\tdelete\n"`, `"\r\n Delete\u000b"`,
		`"\u00a0delete\u00a0"`, `"\u2003delete"`, `"\u3000delete\u3000"`, `"\u0085delete"`, "\"\u2028delete\"",
		`"\u0064elete"`, `"\u0064\u0065\u006c\u0065\u0074\u0065"`, `"\u0044ELETE"`,
	} {
		all = append(all, badCall{name: "type " + value, json: `{"type":` + value + `,"userId":"victim"}`, refused: notAllowed})
	}
	for _, value := range []string{
		`"\ufeffdelete"`, "\"\ufeffdelete\"", `"delete\u200b"`, `"de\u200dlete"`, `"de\u00adlete"`, `"delete\u0000"`, `"\u0000delete"`,
		`"ｄｅｌｅｔｅ"`, `"dеlеtе"`, `"delete\u0301"`, `"\u202eeteled"`, `"delete\ud800"`, "\"delete\xff\"", `"\\u0064elete"`,
		`"deleted"`, `"delete_user"`, `"user_deleted"`, `"remove"`, `"suppress"`, `"SUPPRESS_WITH_DELETE"`, `"profile"`, `"token"`,
		`"delete,track"`, `"x"`, `""`, `" "`, `0`, `1`, `true`, `false`, `["delete"]`, `["track","delete"]`, `[]`, `{}`, `{"type":"delete"}`, `{"delete":true}`,
	} {
		all = append(all, badCall{name: "type " + value, json: `{"type":` + value + `,"userId":"victim"}`, dead: unsupported})
	}
	return all
}

// badTypeMembers are deletes by the member that holds the type.
func badTypeMembers() []badCall {
	return []badCall{
		{name: "no type", json: `{"userId":"victim"}`, dead: unsupported, deadOnTrack: noEvent},
		{name: "type null", json: `{"type":null,"userId":"victim"}`, dead: unsupported, deadOnTrack: noEvent},
		{name: "type in capitals", json: `{"TYPE":"delete","userId":"victim"}`, dead: unsupported, deadOnTrack: noEvent},
		{name: "type and a space", json: `{"type ":"delete","userId":"victim"}`, dead: unsupported, deadOnTrack: noEvent},
		{name: "type behind a byte order mark", json: `{"\ufefftype":"delete","userId":"victim"}`, dead: unsupported, deadOnTrack: noEvent},
		{name: "type and a NUL", json: `{"type\u0000":"delete","userId":"victim"}`, dead: unsupported, deadOnTrack: noEvent},
		{name: "type in other words", json: `{"call":"delete","action":"delete","method":"delete","userId":"victim"}`, dead: unsupported, deadOnTrack: noEvent},
		{name: "type with escapes", json: `{"\u0074ype":"delete","userId":"victim"}`, refused: notAllowed},
		{name: "type all in escapes", json: `{"\u0074\u0079\u0070\u0065":"\u0064elete","userId":"victim"}`, refused: notAllowed},
		{name: "delete, then track", json: `{"type":"delete","type":"track","event":"e","userId":"victim"}`, refused: notAllowed},
		{name: "delete, then null", json: `{"type":"delete","type":null,"userId":"victim"}`, refused: notAllowed},
		{name: "track, then delete", json: `{"type":"track","type":"delete","event":"e","userId":"victim"}`},
		{name: "track, then delete with escapes", json: `{"type":"track","\u0074ype":"delete","event":"e","userId":"victim"}`},
		{name: "unknown, then delete", json: `{"type":"x","type":"delete","userId":"victim"}`, dead: unsupported},
		{name: "null, then delete", json: `{"type":null,"type":"delete","userId":"victim"}`, dead: unsupported, deadOnTrack: noEvent},
		{name: "delete behind a hundred members", json: `{` + members(100) + `"type":"delete","userId":"victim"}`, refused: notAllowed},
		{name: "track, then delete behind a hundred members", json: `{"type":"track","event":"e","userId":"victim",` + members(100) + `"type":"delete"}`},
	}
}

// inOrder walks a map in the order of its keys.
func inOrder[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

// members are so many members that mean nothing.
func members(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, `"m%d":%[1]d,`, i)
	}
	return out.String()
}

// badDeletes are plain deletes with something that may hide them.
func badDeletes() (all []badCall) {
	for name, json := range inOrder(map[string]string{
		"of a device":                    `{"type":"delete","anonymousId":"victim-device"}`,
		"of a number":                    `{"type":"delete","userId":4711}`,
		"of a device and its owner":      `{"type":"delete","userId":"victim","anonymousId":"victim-device"}`,
		"of a CleverTap record":          `{"type":"delete","identity":"victim","objectId":"victim-device"}`,
		"with an object as its id":       `{"type":"delete","userId":{"id":"victim"},"anonymousId":"victim-device"}`,
		"with two ids":                   `{"type":"delete","userId":"stranger","userId":"victim"}`,
		"without an id":                  `{"type":"delete"}`,
		"as an event":                    `{"type":"delete","event":"e","properties":{},"userId":"victim"}`,
		"that is not for CleverTap":      `{"type":"delete","userId":"victim","integrations":{"CleverTap":false}}`,
		"that CleverTap has sent":        `{"type":"delete","userId":"victim","context":{"integration":{"name":"clevertap-segment"}}}`,
		"that is known":                  `{"type":"delete","userId":"victim","messageId":"captured"}`,
		"over the size of a call":        `{"type":"delete","userId":"victim","context":{"a":"` + strings.Repeat("x", 33<<10) + `"}}`,
		"with the trust of a record":     `{"type":"delete","userId":"victim","writeKey":"TEST-SECRET","trust":"signed"}`,
		"with the proof of nobody":       `{"type":"delete","userId":"victim","context":{"userHash":"` + strings.Repeat("0", 64) + `"}}`,
		"with a signature of its own":    `{"type":"delete","userId":"victim","X-Signature":"` + strings.Repeat("0", 40) + `","signature":"x"}`,
		"with the times of somebody":     `{"type":"delete","userId":"victim","receivedAt":"2026-03-01T12:00:00Z","timestamp":"2026-03-01T12:00:00Z","sentAt":"x"}`,
		"with members of no meaning":     `{"__proto__":{"type":"track"},"constructor":{"prototype":{"type":"track"}},"type":"delete","userId":"victim"}`,
		"with text that is not UTF-8":    "{\"type\":\"delete\",\"userId\":\"victim\",\"a\xff\":\"\xfe\"}",
		"with white space all around it": "\n\t { \"type\" :\r\n \"delete\" , \"userId\" : \"victim\" } ",
	}) {
		all = append(all, badCall{name: "a delete " + name, json: json, refused: notAllowed})
	}
	return all
}

// badBatches are calls that hold other calls.
func badBatches() (all []badCall) {
	for name, json := range inOrder(map[string]string{
		"of an unknown type":            `{"type":"x","batch":[` + deleteVictims + `]}`,
		"without a type":                `{"batch":[` + deleteVictims + `]}`,
		"of type null":                  `{"type":null,"batch":[` + deleteVictims + `]}`,
		"of type 1":                     `{"type":1,"batch":[` + deleteVictims + `]}`,
		"of a type that is a list":      `{"type":["x"],"batch":[` + deleteVictims + `]}`,
		"of a type that is an object":   `{"type":{},"batch":[` + deleteVictims + `]}`,
		"of no type":                    `{"type":"","batch":[` + deleteVictims + `]}`,
		"of type batch":                 `{"type":"batch","batch":[` + deleteVictims + `]}`,
		"of type track":                 `{"type":"track","event":"e","userId":"u","batch":[` + deleteVictims + `]}`,
		"of type identify":              `{"type":"identify","userId":"u","batch":[` + deleteVictims + `]}`,
		"of type delete":                `{"type":"delete","userId":"u","batch":[` + deleteVictims + `]}`,
		"with two types":                `{"type":"track","type":"x","event":"e","userId":"u","batch":[` + deleteVictims + `]}`,
		"that is valid by itself":       `{"type":"x","userId":"u","anonymousId":"a","messageId":"m","batch":[` + deleteVictims + `]}`,
		"with a context":                `{"type":"x","context":{},"integrations":{"All":true},"sentAt":"2026-03-01T12:00:00Z","batch":[` + deleteVictims + `]}`,
		"of one call":                   `{"type":"x","batch":` + deleteVictim + `}`,
		"that is an object":             `{"type":"x","batch":{"0":` + deleteVictim + `,"length":1}}`,
		"that is a text":                `{"type":"x","batch":"[{\"type\":\"delete\",\"userId\":\"victim\"}]"}`,
		"that is a number":              `{"type":"x","batch":1}`,
		"that is null":                  `{"type":"x","batch":null}`,
		"that is empty":                 `{"type":"x","batch":[]}`,
		"null, then a list":             `{"type":"x","batch":null,"batch":[` + deleteVictims + `]}`,
		"a list, then null":             `{"type":"x","batch":[` + deleteVictims + `],"batch":null}`,
		"an empty list, then one":       `{"type":"x","batch":[],"batch":[` + deleteVictims + `]}`,
		"with an escape":                `{"type":"x","\u0062atch":[` + deleteVictims + `]}`,
		"with an escape at the end":     `{"type":"x","batc\u0068":[` + deleteVictims + `]}`,
		"with escapes after null":       `{"type":"x","batch":null,"\u0062\u0061\u0074\u0063\u0068":[` + deleteVictims + `]}`,
		"behind a hundred members":      `{"type":"x",` + members(100) + `"batch":[` + deleteVictims + `]}`,
		"of lists":                      `{"type":"x","batch":[[` + deleteVictims + `],[[` + deleteVictim + `]]]}`,
		"2 levels deep":                 nested(2),
		"3 levels deep":                 nested(3),
		"10 levels deep":                nested(10),
		"100 levels deep":               nested(100),
		"of known types 10 levels deep": strings.ReplaceAll(nested(10), `"type":"x"`, `"type":"track","event":"e","userId":"u"`),
	}) {
		all = append(all, badCall{name: "a batch " + name, json: json, refused: invalidJSON})
	}
	for _, name := range []string{
		`Batch`, `BATCH`, `batch `, ` batch`, `ba\u0000tch`, `\ufeffbatch`, `b\u200batch`, `bаtch`, "batch\xff", `ｂatch`, ``,
		`import`, `b`, `calls`, `messages`, `events`, `d`, `data`, `payload`, `[]`, `0`, `\"batch`,
	} {
		all = append(all, badCall{name: `a batch by the name "` + name + `"`, dead: unsupported, json: `{"type":"x","userId":"u","` + name + `":[` + deleteVictims + `]}`})
	}
	const inside = `{"batch":[` + deleteVictims + `],"type":"delete","userId":"victim"}`
	return append(all,
		badCall{name: "a batch in the properties", json: `{"type":"track","event":"e","userId":"u","properties":` + inside + `}`},
		badCall{name: "a batch in the traits", json: `{"type":"identify","userId":"stranger","traits":` + inside + `}`},
		badCall{name: "a batch in the context", json: `{"type":"track","event":"e","userId":"u","context":` + inside + `}`},
		badCall{name: "a batch in the traits of the context", json: `{"type":"identify","userId":"stranger","context":{"traits":` + inside + `}}`},
		badCall{name: "a batch in the integrations", json: `{"type":"track","event":"e","userId":"u","integrations":` + inside + `}`},
		badCall{name: "a batch in CleverTap's options", json: `{"type":"track","event":"e","userId":"u","integrations":{"CleverTap":` + inside + `}}`},
		badCall{name: "a batch in the items of an order", json: `{"type":"track","event":"Order Completed","userId":"u","properties":{"products":[` + inside + `]}}`},
		badCall{name: "a batch in the group", json: `{"type":"group","groupId":"g","userId":"u","traits":` + inside + `}`},
		badCall{name: "a batch in an unknown type's properties", json: `{"type":"x","userId":"u","properties":` + inside + `}`, dead: unsupported},
	)
}

// nested is a batch in so many others.
func nested(depth int) string {
	return strings.Repeat(`{"type":"x","batch":[`, depth) + deleteVictims + strings.Repeat(`]}`, depth)
}

// badElements stand where calls should be.
func badElements() (all []badCall) {
	for _, json := range []string{
		`[` + deleteVictims + `]`, `[[` + deleteVictims + `]]`, `[[[[` + deleteVictims + `]]],` + deleteVictim + `]`, `[]`,
		`[{"batch":[` + deleteVictims + `]}]`, `"{\"type\":\"delete\",\"userId\":\"victim\"}"`, `"delete"`, `null`, `1`, `true`,
	} {
		all = append(all, badCall{name: "in place of a call " + json, json: json, refused: invalidJSON})
	}
	return append(all, badCall{name: "an empty call", json: `{}`, dead: unsupported, deadOnTrack: noEvent})
}

// badMetadata are calls with members that look like what components say to each other.
func badMetadata() []badCall {
	const signed = `"segment_note":{"sender":{"Trust":3,"PublicDeletes":true},"messageID":"m"},"segment_type":"delete","segment_route":"webhook","segment_trust":"signed",` +
		`"trust":"signed","clevertap_type":"delete","metadata":{"segment_note":"signed"},"meta":{"clevertap_type":"delete"},"kind":"record","error":null,`
	return []badCall{
		{name: "the metadata of a signed delete", json: `{"type":"delete",` + signed + `"userId":"victim"}`, refused: notAllowed},
		{name: "the metadata of a signed call", json: `{"type":"x",` + signed + `"userId":"victim"}`, dead: unsupported},
		{name: "the metadata of a signed event", json: `{"type":"track","event":"e",` + signed + `"userId":"u"}`},
		{name: "the metadata of a signed batch", json: `{"type":"x",` + signed + `"batch":[` + deleteVictims + `]}`, refused: invalidJSON},
		{name: "a CleverTap record", json: `{"d":[{"type":"delete","identity":"victim"}],"type":"upload","identity":"victim"}`, dead: unsupported},
		{name: "a dead letter", json: `{"type":"x","kind":"record","reason":"other","clevertap_type":"delete","content":"{\"type\":\"delete\",\"identity\":\"victim\"}"}`, dead: unsupported},
		{name: "a mapping", json: `{"type":"${! deleted() }","userId":"${! \"victim\" }","event":"root = deleted()"}`, dead: unsupported},
		{name: "ids among the traits", json: `{"type":"identify","userId":"victim","traits":{"identity":"stranger","Identity":"stranger","OBJECTID":"x","FBID":"x","gpid":"x"}}`},
		{name: "a call to overtake a signed delete", json: `{"type":"track","event":"e","userId":"victim","messageId":"del-42"}`},
		{name: "another call to overtake a signed delete", json: `{"type":"identify","userId":"stranger","messageId":"del-43"}`},
	}
}

// badEvents are calls by the name of delete_event.
func badEvents() []badCall {
	return []badCall{
		{name: "the delete event", json: `{"type":"track","event":"Delete User","userId":"victim"}`, deletes: true},
		{name: "the delete event of a device", json: `{"type":"track","event":"Delete User","anonymousId":"victim-device"}`, deletes: true},
		{name: "the delete event in another case of its type", json: `{"type":"TRACK","event":"Delete User","userId":"victim"}`, deletes: true},
		{name: "the delete event with escapes", json: `{"type":"track","\u0065vent":"Delete\u0020User","userId":"victim"}`, deletes: true},
		{name: "the delete event, then another", json: `{"type":"track","event":"Delete User","event":"e","userId":"victim"}`, deletes: true},
		{name: "the delete event with properties", json: `{"type":"track","event":"Delete User","userId":"victim","properties":{"userId":"victim","segment_note":"signed"}}`, deletes: true},
		{name: "another event, then the delete event", json: `{"type":"track","event":"e","event":"Delete User","userId":"victim"}`},
		{name: "the delete event with spaces", json: `{"type":"track","event":" Delete User ","userId":"victim"}`},
		{name: "the delete event in lower case", json: `{"type":"track","event":"delete user","userId":"victim"}`},
		{name: "the delete event with a no-break space", json: `{"type":"track","event":"Delete\u00a0User","userId":"victim"}`},
		{name: "the delete event as a page", json: `{"type":"page","name":"Delete User","event":"Delete User","userId":"victim"}`},
		{name: "the delete event as a screen", json: `{"type":"screen","name":"Delete User","userId":"victim"}`},
		{name: "the delete event as a type", json: `{"type":"Delete User","event":"Delete User","userId":"victim"}`, dead: unsupported},
		{name: "an event of another name for a delete", json: `{"type":"track","event":"User Deleted","userId":"victim"}`},
		{name: "an event by the name of the type", json: `{"type":"track","event":"delete","userId":"victim"}`},
	}
}
