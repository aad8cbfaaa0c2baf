package segment

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// Receipt is what a receiver of calls knows that their sender does not.
type Receipt struct {
	// At is the receiver's clock.
	At time.Time
	// CorrectClock corrects `timestamp` by the difference between the sender's clock and At, where the sender says when
	// it sent. Times after At become At.
	CorrectClock bool
	// Forwarded calls come from Segment, not from a client: their `receivedAt` stands.
	Forwarded bool
	// NewID makes the message id of a call that has none.
	NewID func() string
}

// AppendReceived appends call i, an object that decoded as call, as a receiver of the Tracking API passes it on: merged with its
// envelope, with `type`, `messageId`, `receivedAt`, `originalTimestamp` and `timestamp`, and without `writeKey` and
// `context.userHash`. Of the members that mean something here each is written once, however often the sender wrote it:
// readers downstream disagree on which one counts. It fills call.MessageID. A call that is not valid keeps what is wrong with it.
// https://segment.com/docs/connections/spec/common/#timestamps
func (d Document) AppendReceived(dst []byte, i int, call *Call, r Receipt) []byte {
	item := d.item(i)
	f := fieldsOf(item)
	if call.MessageID == "" {
		call.MessageID = r.NewID()
	}
	sent := orElse(f.value(f.timestamps[sentAt]), d.envelope.sentAt)
	dst = append(dst, '{')
	if typ := f.value(f.typ); typ.Kind() != jsontree.Null || call.Type != "" {
		dst = append(appendType(append(dst, `"type":`...), typ, call), ',')
	}
	dst = jsontree.AppendString(append(dst, `"messageId":`...), call.MessageID)
	dst = appendTimes(dst, &f, sent, r)
	first := false
	for name, member := range item.Members() {
		if slot := f.slot(name); name == "writeKey" || slot != nil && *slot != member.Ref() {
			continue
		}
		switch name {
		case "type", "messageId", "timestamp", "originalTimestamp", "receivedAt", "sentAt":
		case "context":
			dst = appendContext(appendName(dst, name, &first), member, d.envelope.context)
		case "integrations":
			dst = appendUnion(appendName(dst, name, &first), member, d.envelope.integrations)
		default:
			dst = member.AppendJSON(appendName(dst, name, &first))
		}
	}
	if c := d.envelope.context; c.Kind() == jsontree.Object && f.scope.context == 0 {
		dst = appendContext(appendName(dst, "context", &first), jsontree.Value{}, c)
	}
	if i := d.envelope.integrations; i.Kind() == jsontree.Object && f.scope.integrations == 0 {
		dst = i.AppendJSON(appendName(dst, "integrations", &first))
	}
	return append(dst, '}')
}

// appendContext appends a context without the proof in it, which is good for every call of its user: it belongs in no queue
// and no dead letter.
func appendContext(dst []byte, call, envelope jsontree.Value) []byte {
	if call.Get(proofName) == (jsontree.Value{}) && envelope.Get(proofName) == (jsontree.Value{}) {
		return appendUnion(dst, call, envelope)
	}
	return appendUnionWithout(dst, call, envelope, proofName)
}

// Fingerprint is an id for call i that has none: two calls have the same one if and only if they say the same.
func (d Document) Fingerprint(i int) string {
	sum := sha256.Sum256(d.AppendCall(nil, i))
	return hex.EncodeToString(sum[:16])
}

func appendType(dst []byte, written jsontree.Value, call *Call) []byte {
	if call.Type == "" {
		return written.AppendJSON(dst)
	}
	return append(append(append(dst, '"'), call.Type...), '"')
}

// appendTimes appends the four times of a call, after other members.
func appendTimes(dst []byte, f *fields, sent jsontree.Value, r Receipt) []byte {
	first := false
	given := func(at int) jsontree.Value { return f.value(f.timestamps[at]) }
	happened := orElse(given(timestamp), given(originalTimestamp))
	at, known := instant(happened)
	if !known {
		happened = given(originalTimestamp)
		at, known = instant(happened)
	}
	original := orElse(given(originalTimestamp), given(timestamp))
	if original.Kind() == jsontree.String {
		dst = original.AppendJSON(appendName(dst, "originalTimestamp", &first))
	}
	dst = appendName(dst, "timestamp", &first)
	switch {
	case !known:
		dst = appendTime(dst, r.At)
	case r.CorrectClock:
		dst = appendTime(dst, r.correct(at, sent))
	default:
		dst = happened.AppendJSON(dst)
	}
	dst = appendName(dst, "receivedAt", &first)
	if _, ok := instant(given(receivedAt)); ok && r.Forwarded {
		dst = given(receivedAt).AppendJSON(dst)
	} else {
		dst = appendTime(dst, r.At)
	}
	if sent.Kind() == jsontree.String {
		dst = sent.AppendJSON(appendName(dst, "sentAt", &first))
	}
	return dst
}

// correct is when something happened by the receiver's clock.
func (r Receipt) correct(at time.Time, sent jsontree.Value) time.Time {
	if sentAt, ok := instant(sent); ok {
		at = r.At.Add(at.Sub(sentAt))
	}
	if at.After(r.At) {
		return r.At
	}
	return at
}

// appendTime appends a time as Segment writes it: RFC 3339 with milliseconds. The layout of that name is the one that
// the standard library writes fast.
func appendTime(dst []byte, t time.Time) []byte {
	dst = t.UTC().AppendFormat(append(dst, '"'), time.RFC3339)
	millis := t.Nanosecond() / int(time.Millisecond)
	dst = append(dst[:len(dst)-len("Z")], '.', byte('0'+millis/100), byte('0'+millis/10%10), byte('0'+millis%10))
	return append(dst, `Z"`...)
}

// instant reads a usable time, with its fraction of a second.
func instant(v jsontree.Value) (time.Time, bool) {
	text := strings.TrimSpace(v.Text())
	t, ok := ParseISO8601(text)
	if !ok || t.Unix <= 0 {
		return time.Time{}, false
	}
	return time.Unix(t.Unix, fraction(text)), true
}

// fraction is the part of a second in a time that is known to be well formed, in nanoseconds.
func fraction(text string) (nanos int64) {
	_, digits, found := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	if !found {
		return 0
	}
	for i, unit := 0, int64(time.Second/10); i < len(digits) && digits[i] >= '0' && digits[i] <= '9'; i++ {
		nanos += int64(digits[i]-'0') * unit
		unit /= 10
	}
	return nanos
}

var allDestinations = []string{"All"}

func equalsAny(name string, names []string) bool {
	for _, other := range names {
		if strings.EqualFold(name, other) {
			return true
		}
	}
	return false
}
