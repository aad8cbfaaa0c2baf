package segment

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var arrival = time.Date(2026, 3, 10, 12, 0, 0, 5e6, time.UTC)

// receive passes the first call of a body on; route "" is a batch.
func receive(t *testing.T, body string, route Type, r Receipt) string {
	t.Helper()
	var p Parser
	doc, err := p.ParseBatch([]byte(body))
	if route != "" {
		doc, err = p.ParseCall([]byte(body), route)
	}
	require.NoError(t, err)
	call, err := doc.Call(0)
	require.NoError(t, err)
	if r.At.IsZero() {
		r.At = arrival
	}
	r.NewID = func() string { return "new-id" }
	return string(doc.AppendReceived(nil, 0, &call, r))
}

func TestReceivedCallsAreCompleted(t *testing.T) {
	for name, test := range map[string]struct {
		route      Type
		body, want string
	}{
		"the route names the type": {
			Track, `{"userId":"u1","event":"A","messageId":"m"}`,
			`{"type":"track","messageId":"m","timestamp":"2026-03-10T12:00:00.005Z","receivedAt":"2026-03-10T12:00:00.005Z","userId":"u1","event":"A"}`,
		},
		"the call's own type wins, in lower case": {
			Track, `{"type":"Page","userId":"u1","messageId":"m"}`,
			`{"type":"page","messageId":"m","timestamp":"2026-03-10T12:00:00.005Z","receivedAt":"2026-03-10T12:00:00.005Z","userId":"u1"}`,
		},
		"a message id is made, unless there is one; numbers become text": {
			Page, `{"userId":"u1","messageId":""}`,
			`{"type":"page","messageId":"new-id","timestamp":"2026-03-10T12:00:00.005Z","receivedAt":"2026-03-10T12:00:00.005Z","userId":"u1"}`,
		},
		"a number as message id": {
			Page, `{"userId":"u1","messageId":9007199254740993}`,
			`{"type":"page","messageId":"9007199254740993","timestamp":"2026-03-10T12:00:00.005Z","receivedAt":"2026-03-10T12:00:00.005Z","userId":"u1"}`,
		},
		"the write key goes, a sender's receivedAt too": {
			Page, `{"writeKey":"k","userId":"u1","messageId":"m","receivedAt":"2020-01-01T00:00:00Z"}`,
			`{"type":"page","messageId":"m","timestamp":"2026-03-10T12:00:00.005Z","receivedAt":"2026-03-10T12:00:00.005Z","userId":"u1"}`,
		},
		"what is written twice comes out once, as first written": {
			Page, `{"userId":"u1","userId":"u2","messageId":"m","messageId":"n","writeKey":1,"writeKey":"k","type":"page","type":"delete","context":{"a":1},"context":{"b":2}}`,
			`{"type":"page","messageId":"m","timestamp":"2026-03-10T12:00:00.005Z","receivedAt":"2026-03-10T12:00:00.005Z","userId":"u1","context":{"a":1}}`,
		},
		"context, integrations and sentAt of the batch, where the call has no own": {
			"", `{"context":{"ip":"1.2.3.4","app":{"name":"a"}},"integrations":{"All":false,"X":true},"sentAt":"2026-03-10T12:00:00Z",
			  "batch":[{"type":"page","userId":"u1","messageId":"m","context":{"app":{"name":"b"}},"integrations":{"All":true}}]}`,
			`{"type":"page","messageId":"m","timestamp":"2026-03-10T12:00:00.005Z","receivedAt":"2026-03-10T12:00:00.005Z","sentAt":"2026-03-10T12:00:00Z","userId":"u1","context":{"app":{"name":"b"},"ip":"1.2.3.4"},"integrations":{"All":true,"X":true}}`,
		},
		"a batch's context for a call without": {
			"", `{"context":{"a":1},"integrations":{"X":true},"batch":[{"type":"page","userId":"u1","messageId":"m","context":null}]}`,
			`{"type":"page","messageId":"m","timestamp":"2026-03-10T12:00:00.005Z","receivedAt":"2026-03-10T12:00:00.005Z","userId":"u1","context":{"a":1},"integrations":{"X":true}}`,
		},
		"digits and nested data stay": {
			Track, `{"userId":9007199254740993,"event":"A","messageId":"m","properties":{"n":1.10,"o":{"k":[1,"ü"]}}}`,
			`{"type":"track","messageId":"m","timestamp":"2026-03-10T12:00:00.005Z","receivedAt":"2026-03-10T12:00:00.005Z","userId":9007199254740993,"event":"A","properties":{"n":1.10,"o":{"k":[1,"ü"]}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, receive(t, test.body, test.route, Receipt{CorrectClock: true}))
		})
	}
}

func TestReceivedTimes(t *testing.T) {
	const at = "2026-03-10T12:00:00.005Z"
	for name, test := range map[string]struct {
		given, want string
		receipt     Receipt
	}{
		"a clock that is behind": {
			`"timestamp":"2026-03-10T09:59:58.500Z","sentAt":"2026-03-10T10:00:00.000Z"`,
			`"originalTimestamp":"2026-03-10T09:59:58.500Z","timestamp":"2026-03-10T11:59:58.505Z","receivedAt":"` + at + `","sentAt":"2026-03-10T10:00:00.000Z"`,
			Receipt{CorrectClock: true},
		},
		"a clock that is ahead": {
			`"timestamp":"2026-03-10T13:59:58Z","sentAt":"2026-03-10T14:00:00Z"`,
			`"originalTimestamp":"2026-03-10T13:59:58Z","timestamp":"2026-03-10T11:59:58.005Z","receivedAt":"` + at + `","sentAt":"2026-03-10T14:00:00Z"`,
			Receipt{CorrectClock: true},
		},
		"nanoseconds and a zone": {
			`"timestamp":"2026-03-10T15:29:59.123456789+05:30","sentAt":"2026-03-10T10:00:00,123Z"`,
			`"originalTimestamp":"2026-03-10T15:29:59.123456789+05:30","timestamp":"2026-03-10T11:59:59.005Z","receivedAt":"` + at + `","sentAt":"2026-03-10T10:00:00,123Z"`,
			Receipt{CorrectClock: true},
		},
		"an import of old calls": {
			`"timestamp":"2020-01-01T00:00:00Z","sentAt":"2026-03-10T12:00:00Z"`,
			`"originalTimestamp":"2020-01-01T00:00:00Z","timestamp":"2020-01-01T00:00:00.005Z","receivedAt":"` + at + `","sentAt":"2026-03-10T12:00:00Z"`,
			Receipt{CorrectClock: true},
		},
		"originalTimestamp alone": {
			`"originalTimestamp":"2026-03-10T09:00:00Z","sentAt":"2026-03-10T10:00:00Z"`,
			`"originalTimestamp":"2026-03-10T09:00:00Z","timestamp":"2026-03-10T11:00:00.005Z","receivedAt":"` + at + `","sentAt":"2026-03-10T10:00:00Z"`,
			Receipt{CorrectClock: true},
		},
		"without sentAt nothing can be corrected": {
			`"timestamp":"2026-03-10T09:00:00Z"`,
			`"originalTimestamp":"2026-03-10T09:00:00Z","timestamp":"2026-03-10T09:00:00.000Z","receivedAt":"` + at + `"`,
			Receipt{CorrectClock: true},
		},
		"the future becomes now": {
			`"timestamp":"2036-03-10T09:00:00Z"`,
			`"originalTimestamp":"2036-03-10T09:00:00Z","timestamp":"` + at + `","receivedAt":"` + at + `"`,
			Receipt{CorrectClock: true},
		},
		"sent before it happened": {
			`"timestamp":"2026-03-10T09:00:01Z","sentAt":"2026-03-10T09:00:00Z"`,
			`"originalTimestamp":"2026-03-10T09:00:01Z","timestamp":"` + at + `","receivedAt":"` + at + `","sentAt":"2026-03-10T09:00:00Z"`,
			Receipt{CorrectClock: true},
		},
		"the year 1 counts as absent": {
			`"timestamp":"0001-01-01T00:00:00Z","originalTimestamp":"2026-03-10T09:00:00Z","sentAt":"0001-01-01T00:00:00Z"`,
			`"originalTimestamp":"2026-03-10T09:00:00Z","timestamp":"2026-03-10T09:00:00.000Z","receivedAt":"` + at + `","sentAt":"0001-01-01T00:00:00Z"`,
			Receipt{CorrectClock: true},
		},
		"what cannot be read becomes now": {
			`"timestamp":"yesterday","sentAt":17`,
			`"originalTimestamp":"yesterday","timestamp":"` + at + `","receivedAt":"` + at + `"`,
			Receipt{CorrectClock: true},
		},
		"no correction asked for": {
			`"timestamp":"2036-03-10T09:00:00+01:00","sentAt":"2026-03-10T10:00:00Z"`,
			`"originalTimestamp":"2036-03-10T09:00:00+01:00","timestamp":"2036-03-10T09:00:00+01:00","receivedAt":"` + at + `","sentAt":"2026-03-10T10:00:00Z"`,
			Receipt{},
		},
		"Segment has dated it": {
			`"timestamp":"2026-03-10T09:00:00Z","originalTimestamp":"2026-03-10T08:00:00Z","receivedAt":"2026-03-10T09:00:01Z"`,
			`"originalTimestamp":"2026-03-10T08:00:00Z","timestamp":"2026-03-10T09:00:00Z","receivedAt":"2026-03-10T09:00:01Z"`,
			Receipt{Forwarded: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := receive(t, `{"userId":"u","messageId":"m",`+test.given+`}`, Page, test.receipt)
			assert.Equal(t, `{"type":"page","messageId":"m",`+test.want+`,"userId":"u"}`, got)
		})
	}
}

func TestEnabledFor(t *testing.T) {
	for integrations, want := range map[string]bool{
		`{}`:                                   true,
		`{"CleverTap":false}`:                  false,
		`{"CLEVERTAP":false}`:                  false,
		`{"CleverTap (Actions)":false}`:        false,
		`{"CleverTap":{"region":"in1"}}`:       true,
		`{"All":false}`:                        false,
		`{"all":false}`:                        false,
		`{"All":false,"CleverTap":true}`:       true,
		`{"CleverTap":{},"All":false}`:         true,
		`{"All":true,"CleverTap":false}`:       false,
		`{"All":false,"CleverTap":null}`:       false,
		`{"Mixpanel":false}`:                   true,
		`{"CleverTap":"no"}`:                   true,
		`{"CleverTap":true,"clevertap":false}`: false,
	} {
		t.Run(integrations, func(t *testing.T) {
			var p Parser
			doc, err := p.ParseBatch([]byte(`{"integrations":` + integrations + `,"batch":[{"type":"page","userId":"u"},{"type":"page","userId":"u","integrations":{"CleverTap":true}}]}`))
			require.NoError(t, err)
			call, err := doc.Call(0)
			require.NoError(t, err)
			assert.Equal(t, want, call.EnabledFor("CleverTap", "CleverTap (Actions)"))
		})
	}
}

func TestTimesAreWrittenWithMilliseconds(t *testing.T) {
	elsewhere := time.FixedZone("", -5*60*60)
	rapid.Check(t, func(t *rapid.T) {
		seconds, nanos := rapid.Int64Range(-1e10, 3e11).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")
		at := time.Unix(seconds, nanos).In(elsewhere)
		assert.Equal(t, at.UTC().Format(`"2006-01-02T15:04:05.000Z"`), string(appendTime(nil, at)))
	})
}
