package mapping

import (
	"strconv"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// Reasons why a call cannot be mapped, beside those of the segment package.
const (
	MissingIdentity segment.Reason = "missing_identity"
	InvalidProducts segment.Reason = "invalid_products"
	LimitExceeded   segment.Reason = "limit_exceeded"
)

// Record is one record for CleverTap.
type Record struct {
	Kind clevertap.Kind
	// JSON is compact and belongs to the caller.
	JSON []byte
}

// DropReason tells why a call was left out on purpose.
type DropReason string

// A call is dropped because it would give its sender an identity that it has not proved to own, because its integrations
// object says so, because it came from CleverTap through this bridge, or because group calls are.
const (
	NotDropped         DropReason = ""
	DroppedNotTrusted  DropReason = "not_trusted"
	DroppedIntegration DropReason = "integrations"
	DroppedOrigin      DropReason = "origin"
	DroppedGroup       DropReason = "group"
)

// Result is what became of one call. Records is valid until the next Map.
type Result struct {
	Records []Record
	Fixes   Fixes
	Dropped DropReason
}

// Mapper maps calls. It reuses its memory from one call to the next, so it serves one goroutine at a time.
type Mapper struct {
	opt Options

	traits      *keyTable
	groupTraits *keyTable
	properties  *keyTable
	itemKeys    *keyTable
	events      eventTable
	phones      phoneBook
	source      *target // of sourceKey, as properties has it

	// The state of the call at hand.
	call    *segment.Call
	sender  segment.Sender
	link    Linker
	guarded bool // the call makes a profile of which its sender may not change everything
	fixes   Fixes
	limit   *segment.Error
	field   string // of the object whose members are being mapped, for errors
	records []Record

	// Memory that is used again.
	seq  uint64
	set  attributes
	item attributes
	path []byte
	text []byte
	page page
}

// NewMapper returns a mapper, or an error that names the option that cannot be meant.
func NewMapper(opt Options) (*Mapper, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	rule := keyRule{caseRule: opt.KeyCase, names: opt.Names, forbidden: clevertap.ForbiddenEventChars}
	m := &Mapper{opt: opt, properties: newKeyTable(rule), itemKeys: newKeyTable(rule), page: newPage()}
	rule.forbidden, rule.profile, rule.traits = clevertap.ForbiddenProfileChars, true, true
	m.traits = newKeyTable(rule)
	rule.prefix, rule.traits = "group_", false
	m.groupTraits = newKeyTable(rule)
	return m, nil
}

// Map maps one call of a sender. Its error is a *segment.Error, or what the linker returned; then there are no records. Linker
// decides on identify calls that carry both ids when Options.AnonymousID is Link; nil links them all.
func (m *Mapper) Map(call *segment.Call, sender segment.Sender, linker Linker) (Result, error) {
	m.call, m.sender, m.link = call, sender, linker
	m.guarded = m.limited(sender) && (call.Type == segment.Identify || call.Type == segment.Group)
	m.fixes, m.limit, m.records = 0, nil, m.records[:0]
	m.forget()
	if reason := m.Dropped(call, sender); reason != NotDropped {
		return Result{Dropped: reason}, nil
	}
	if err := m.mapCall(); err != nil {
		return Result{}, err
	}
	if m.limit != nil {
		return Result{}, m.limit
	}
	if call.Type != segment.Delete && !m.isDelete() {
		m.mapToken()
	}
	return Result{Records: m.records, Fixes: m.fixes}, nil
}

// forget empties what has grown too large.
func (m *Mapper) forget() {
	m.traits.forget()
	m.groupTraits.forget()
	m.itemKeys.forget()
	if m.properties.forget() {
		m.events, m.source = eventTable{}, nil // events know places in it
	}
}

// Release gives back the memory that a large call took, for mappers that are kept. Records are not valid beyond it.
func (m *Mapper) Release() {
	if max(cap(m.text), cap(m.path), cap(m.set.buf), cap(m.item.buf)) > maxBuffer {
		m.set, m.item, m.path, m.text, m.records = attributes{}, attributes{}, nil, nil, nil
	}
}

// maxBuffer is how much of each kind a mapper keeps for the next call.
const maxBuffer = 1 << 20

func (m *Mapper) mapCall() error {
	switch m.call.Type {
	case segment.Identify:
		return m.mapIdentify()
	case segment.Track:
		if m.isDelete() {
			return m.mapDelete()
		}
		return m.mapTrack()
	case segment.Page:
		return m.mapView(m.opt.PageEvent)
	case segment.Screen:
		return m.mapView(m.opt.ScreenEvent)
	case segment.Group:
		return m.mapGroup()
	case segment.Alias:
		return m.mapAlias()
	default:
		return m.mapDelete()
	}
}

// Dropped tells whether the call is not meant for CleverTap; also for one that did not decode. An integrations object
// counts only where it names CleverTap: what arrives through webhooks and replays carries All: false although it was
// routed here on purpose.
func (m *Mapper) Dropped(call *segment.Call, sender segment.Sender) DropReason {
	if m.takesOver(call, sender) {
		return DroppedNotTrusted
	}
	if call.Context("integration").Get("name").Text() == OriginName {
		return DroppedOrigin
	}
	if m.opt.HonorIntegrations {
		for name, v := range call.Integrations {
			if v.False() && namesCleverTap(name) {
				return DroppedIntegration
			}
		}
	}
	if call.Type == segment.Group && m.opt.Group == DropGroup {
		return DroppedGroup
	}
	return NotDropped
}

// OriginName is the name that this bridge leaves in context.integration of the calls that it writes, to know them again.
const OriginName = "clevertap-segment"

// namesCleverTap compares with both names of the destination catalogue, without regard to case as clients differ.
func namesCleverTap(name string) bool {
	return strings.EqualFold(name, "CleverTap") || strings.EqualFold(name, "CleverTap (Actions)")
}

// begin opens a set of attributes for the members of the call's field of that name.
func (m *Mapper) begin(set *attributes, field string) {
	m.seq++
	set.open(m.seq)
	m.field = field
}

// fix notes a repair that no limit asked for.
func (m *Mapper) fix(f Fixes) { m.fixes |= f }

// exceed notes that one of CleverTap's limits was exceeded: a repair, or the end of the call.
func (m *Mapper) exceed(f Fixes, name, rule string) {
	if f == 0 {
		return
	}
	m.fixes |= f
	if m.opt.OnLimit == RejectLimit && m.limit == nil {
		field := m.field
		if name != "" {
			field += "." + name
		}
		m.limit = &segment.Error{Reason: LimitExceeded, Field: field, Rule: rule}
	}
}

// emit ends a record that head began.
func (m *Mapper) emit(kind clevertap.Kind, record []byte) {
	m.records = append(m.records, Record{Kind: kind, JSON: m.page.keep(record)})
}

// head starts a record: its type and the id it belongs to. Without an emit the record never was.
func (m *Mapper) head(kind clevertap.Kind, id identity) []byte {
	out := append(m.page.free, `{"type":"`...)
	out = append(out, kind...)
	out = append(out, `","`...)
	out = append(out, id.field...)
	out = append(out, `":`...)
	return jsontree.AppendString(out, id.value)
}

// appendTime appends when the call happened, where it tells.
func (m *Mapper) appendTime(out []byte) []byte {
	ts, ok := m.call.Unix()
	if !ok {
		return out
	}
	return strconv.AppendInt(append(out, `,"ts":`...), ts, 10)
}
