package mapping

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// Call is one Segment call, on the way back.
type Call struct {
	Type        segment.Type
	UserID      string
	AnonymousID string
	MessageID   string
	// JSON is compact and belongs to the caller.
	JSON []byte
}

// Reasons why a document is left out on the way back.
const (
	// DroppedSegment is an event that came from Segment.
	DroppedSegment DropReason = "segment_origin"
	// DroppedTest is a webhook's test call.
	DroppedTest DropReason = "test"
	// DroppedEmit is a document that gives none of the calls that are asked for.
	DroppedEmit DropReason = "emit"
)

// BackResult is what became of one document. Calls is valid until the next Map.
type BackResult struct {
	Calls   []Call
	Dropped DropReason
}

// BackMapper maps what CleverTap hands out to Segment calls. It reuses its memory, so it serves one goroutine at a time.
type BackMapper struct {
	opt BackOptions

	origin  Origin
	calls   []Call
	page    page
	out     []byte // the call being written, at the front of what is free in the page
	hash    []byte
	written nameSet
	members []member
	traits  []span
}

// member is a member of an object that is being put in order.
type member struct {
	name  string
	value jsontree.Value
}

// span is a part of the call that is being written.
type span struct{ start, end int }

// NewBackMapper returns a mapper for the way back.
func NewBackMapper(opt BackOptions) *BackMapper {
	return &BackMapper{opt: opt, page: newPage()}
}

// Map maps one document: a record of an export, a line of an export file, or a webhook's body. Its error is a
// *segment.Error; then there are no calls.
func (m *BackMapper) Map(doc jsontree.Value, origin Origin) (BackResult, error) {
	m.origin, m.calls = origin, m.calls[:0]
	var dropped DropReason
	var err error
	switch shapeOf(doc) {
	case eventShape:
		dropped, err = m.mapEvent(doc)
	case profileShape:
		err = m.mapProfile(doc)
	case webhookShape:
		dropped, err = m.mapWebhook(doc)
	default:
		err = &segment.Error{Reason: segment.UnsupportedType, Rule: "is no export record and no webhook of CleverTap's"}
	}
	if err != nil {
		return BackResult{}, err
	}
	if len(m.calls) == 0 && dropped == NotDropped {
		dropped = DroppedEmit
	}
	return BackResult{Calls: m.calls, Dropped: dropped}, nil
}

// mapEvent maps a record of the event export or a line of an event file.
func (m *BackMapper) mapEvent(doc jsontree.Value) (DropReason, error) {
	properties := fold(doc, "event_props", "eventProps")
	source := fold(properties, sourceKey, "CTSource", "ct_source")
	if m.opt.DropSegmentOrigin && strings.EqualFold(source.Text(), "segment") {
		return DroppedSegment, nil
	}
	p := individual{profile: doc.Get("profile"), device: doc.Get("deviceInfo")}
	who, err := m.identify(p)
	if err != nil {
		return NotDropped, err
	}
	name := m.origin.EventName
	if own := fold(doc, "event_name", "eventName").Text(); own != "" {
		name = own
	}
	if name == "" {
		return NotDropped, &segment.Error{Reason: segment.EventNotDefined, Field: "event_name", Rule: "an event needs its name"}
	}
	if m.opt.Emit == EmitIdentify || m.opt.Emit == EmitBoth {
		m.emitIdentify(who, p, []string{m.origin.Day})
	}
	if m.opt.Emit == EmitIdentify {
		return NotDropped, nil
	}
	at, err := exportTime(doc.Get("ts"), m.origin.Zone)
	if err != nil {
		return NotDropped, err
	}
	m.emitEvent(who, p, happening{
		name: name, at: at, properties: []jsontree.Value{properties}, session: fold(doc, "session_props", "sessionProps"),
		// As written: two times that a wrong zone makes one instant stay two events.
		salt: []string{scalarText(doc.Get("ts")), m.origin.Occurrence},
	})
	return NotDropped, nil
}

// mapProfile maps a record of the profile export or a line of a profile file.
func (m *BackMapper) mapProfile(doc jsontree.Value) error {
	p := individual{profile: doc, devices: doc.Get("platformInfo")}
	who, err := m.identify(p)
	if err != nil {
		return err
	}
	if m.opt.Emit != EmitTrack {
		m.emitIdentify(who, p, []string{m.origin.Day})
	}
	return nil
}

// who is a person as Segment knows them.
type who struct {
	userID, anonymousID string
	// stable is the id that message ids are made of: the device's, which stays when an anonymous person is identified
	// between two exports.
	stable string
}

func (m *BackMapper) identify(p individual) (who, error) {
	w := who{anonymousID: p.objectID()}
	switch m.opt.UserIDFrom {
	case FromEmail:
		w.userID = p.email()
	case FromPhone:
		w.userID = p.phone()
	case FromObjectID:
		w.userID = w.anonymousID
	default:
		w.userID = idText(fold(p.profile, "identity"))
	}
	if w.stable = w.anonymousID; w.stable == "" {
		w.stable = w.userID
	}
	if w.stable == "" {
		return w, &segment.Error{Reason: MissingIdentity, Field: "identity", Rule: "a record needs a usable identity or objectId"}
	}
	return w, nil
}

// begin starts a call: its type and whose it is.
func (m *BackMapper) begin(t segment.Type, w who) {
	m.out = append(m.page.free, `{"type":"`...)
	m.out = append(append(m.out, t...), '"')
	m.member("userId", w.userID)
	m.member("anonymousId", w.anonymousID)
}

// member adds a member of text, if there is any.
func (m *BackMapper) member(name, text string) {
	if text == "" {
		return
	}
	m.out = append(m.out, `,"`...)
	m.out = append(m.out, name...)
	m.out = jsontree.AppendString(append(m.out, `":`...), text)
}

// end finishes the call in m.out.
func (m *BackMapper) end(t segment.Type, w who, messageID string) {
	m.member("messageId", messageID)
	m.out = append(m.out, `,"integrations":{"All":true,"CleverTap":false,"CleverTap (Actions)":false}}`...)
	m.calls = append(m.calls, Call{
		Type: t, UserID: w.userID, AnonymousID: w.anonymousID, MessageID: messageID, JSON: m.page.keep(m.out),
	})
}
