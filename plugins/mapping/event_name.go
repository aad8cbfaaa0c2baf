package mapping

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// eventTable turns names of events into valid ones and remembers them: the same few names come with every call.
type eventTable struct {
	events map[string]*event
	memory int
}

// event is what the name of an event becomes.
type event struct {
	json  []byte // the name, as a string
	fixes Fixes
	// restricted names are CleverTap's own and have been changed.
	restricted bool
	// blank tells that nothing is left of the name.
	blank bool
	// order tells that the event is a purchase, whatever its name.
	order bool
	// before is a place before the first property, so that the key to expect there is that of the last such event.
	before place
}

var charged = &event{json: jsontree.AppendString(nil, Charged)}

// lookup returns what a name becomes, and has the properties looked up in the order of the last event of that name. The
// name may point into memory that is used again.
func (t *eventTable) lookup(name string, trim bool, properties *keyTable) *event {
	if e := t.events[name]; e != nil {
		properties.last = e.before
		return e
	}
	e := newEvent(name, trim)
	e.before = properties.reserve(key{})
	properties.last = e.before
	if t.memory += 2*len(name) + 128; t.events == nil || t.memory > maxKeyMemory {
		t.events, t.memory = map[string]*event{}, 0
	}
	t.events[strings.Clone(name)] = e
	return e
}

// newEvent makes a name valid: without forbidden characters, not too long, and not one that only CleverTap may raise.
func newEvent(name string, trim bool) *event {
	e := &event{order: isOrder(name)}
	name = trimIf(trim, name)
	name, e.fixes = cleanName(name, clevertap.ForbiddenEventChars, EventNameFixed, EventNameFixed)
	name = trimIf(trim, name)
	if e.restricted = clevertap.RestrictedEvent(name); e.restricted {
		name = "_" + name
	}
	e.blank = strings.TrimSpace(name) == ""
	e.json = jsontree.AppendString(nil, name)
	return e
}
