package segment

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// Type is the type of a call.
type Type string

// The types of calls. Delete is not one that clients send: Segment's webhooks carry it for user deletions.
const (
	Identify Type = "identify"
	Track    Type = "track"
	Page     Type = "page"
	Screen   Type = "screen"
	Group    Type = "group"
	Alias    Type = "alias"
	Delete   Type = "delete"
)

// Call is one decoded call. Ids are "" when absent; ids sent as numbers are here as text.
type Call struct {
	Type        Type
	UserID      string
	AnonymousID string
	PreviousID  string
	GroupID     string
	MessageID   string
	// Event is the name of a track call.
	Event string
	// Name and Category are those of a page or screen call.
	Name     string
	Category string
	// Properties of track, page and screen; Traits of identify, group and alias. Objects or absent.
	Properties jsontree.Value
	Traits     jsontree.Value

	// document is the call itself, in which the refs below are resolved.
	document   jsontree.Value
	timestamps [timestampCount]jsontree.Ref
	own        scope
	envelope   scope

	asksToDelete, holdsBatch bool
}

// scope is what a call and the envelope around it may both carry: objects, or absent.
type scope struct {
	context      jsontree.Ref
	integrations jsontree.Ref
}

// The times of a call, in the order in which they say when it happened.
const (
	timestamp = iota
	originalTimestamp
	sentAt
	receivedAt
	timestampCount
)

// Context returns a member of the call's context, or else of its envelope's.
func (c *Call) Context(name string) jsontree.Value {
	if v := c.document.Resolve(c.own.context).Get(name); v.Kind() != jsontree.Null {
		return v
	}
	return c.document.Resolve(c.envelope.context).Get(name)
}

// Integrations walks the call's integrations object, then the members that only its envelope has.
func (c *Call) Integrations(yield func(string, jsontree.Value) bool) {
	ours := c.document.Resolve(c.own.integrations)
	for name, v := range ours.Members() {
		if !yield(name, v) {
			return
		}
	}
	if c.envelope.integrations == 0 {
		return
	}
	own := jsontree.NewIndex(ours)
	for name, v := range c.document.Resolve(c.envelope.integrations).Members() {
		if own.Get(name) == (jsontree.Value{}) && !yield(name, v) {
			return
		}
	}
}

// Unix is when the call happened, in seconds since 1970: the first usable of timestamp, originalTimestamp, sentAt and
// receivedAt. Times that cannot be read or are not after 1970 count as absent, among them the year 1 that clients
// send for a zero time. False if there is none.
func (c *Call) Unix() (int64, bool) {
	for _, ref := range c.timestamps {
		v := c.document.Resolve(ref)
		if t, ok := ParseISO8601(strings.TrimSpace(v.Text())); ok && t.Unix > 0 {
			return t.Unix, true
		}
	}
	return 0, false
}

// decode fills in a call that is new.
func (c *Call) decode(v jsontree.Value, e envelope, route Type) error {
	if v.Kind() != jsontree.Object {
		return &Error{InvalidJSON, "", "a call must be a JSON object"}
	}
	f := fieldsOf(v)
	c.document, c.timestamps, c.own = v, f.timestamps, f.scope
	c.envelope = scope{object(e.context).Ref(), object(e.integrations).Ref()}
	c.holdsBatch = f.batch != 0
	if f.value(f.timestamps[sentAt]).Kind() == jsontree.Null {
		c.timestamps[sentAt] = e.sentAt.Ref()
	}
	var err error
	if c.MessageID, err = decodeID("messageId", f.value(f.messageID)); err != nil {
		c.MessageID = "" // nothing depends on it
	}
	if typ := f.value(f.typ); route == "" || typ.Kind() != jsontree.Null {
		if c.Type, err = decodeType(typ); err != nil {
			c.asksToDelete = asksToDelete(typ)
			return err
		}
	} else {
		c.Type = route
	}
	c.asksToDelete = c.Type == Delete
	if err := c.decodeIDs(&f); err != nil {
		return err
	}
	return c.decodeOwn(&f)
}

// fields are the members of a call that matter, as found.
type fields struct {
	call jsontree.Value

	typ, userID, anonymousID, previousID, groupID, messageID jsontree.Ref
	event, name, category, properties, traits, batch         jsontree.Ref
	timestamps                                               [timestampCount]jsontree.Ref
	scope                                                    scope
}

// fieldsOf walks a call once. Of members with equal names it keeps the first.
func fieldsOf(call jsontree.Value) fields {
	f := fields{call: call}
	for name, member := range call.Members() {
		if slot := f.slot(name); slot != nil && *slot == 0 {
			*slot = member.Ref()
		}
	}
	f.scope = scope{object(f.value(f.scope.context)).Ref(), object(f.value(f.scope.integrations)).Ref()}
	return f
}

func (f *fields) value(r jsontree.Ref) jsontree.Value { return f.call.Resolve(r) }

func (f *fields) slot(name string) *jsontree.Ref {
	switch name {
	case "type":
		return &f.typ
	case "userId":
		return &f.userID
	case "anonymousId":
		return &f.anonymousID
	case "previousId":
		return &f.previousID
	case "groupId":
		return &f.groupID
	case "messageId":
		return &f.messageID
	case "event":
		return &f.event
	case "name":
		return &f.name
	case "category":
		return &f.category
	case "properties":
		return &f.properties
	case "traits":
		return &f.traits
	case "batch":
		return &f.batch
	case "context":
		return &f.scope.context
	case "integrations":
		return &f.scope.integrations
	case "timestamp":
		return &f.timestamps[timestamp]
	case "originalTimestamp":
		return &f.timestamps[originalTimestamp]
	case "sentAt":
		return &f.timestamps[sentAt]
	case "receivedAt":
		return &f.timestamps[receivedAt]
	default:
		return nil
	}
}

// object keeps objects only. Context and integrations of another kind carry nothing that could be read.
func object(v jsontree.Value) jsontree.Value {
	if v.Kind() == jsontree.Object {
		return v
	}
	return jsontree.Value{}
}
