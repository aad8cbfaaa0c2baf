package mapping

import (
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// sourceKey is the property that tells the way back where an event came from; CleverTap's own value for Segment.
// https://docs.clevertap.com/docs/events
const sourceKey = "CT Source"

// mapTrack turns a track call into the event of its name, an order into Charged.
func (m *Mapper) mapTrack() error {
	person, err := m.person()
	if err != nil {
		return err
	}
	m.begin(&m.set, "properties")
	m.addSource()
	e := m.events.lookup(m.call.Event, m.opt.TrimValues, m.properties)
	if e.order {
		if err := m.addOrder(m.call.Properties); err != nil {
			return err
		}
		return m.emitEvent(person, charged)
	}
	m.addMembers(&m.set, m.properties, m.call.Properties)
	return m.emitEvent(person, e)
}

// mapView turns a page or screen call into an event.
func (m *Mapper) mapView(event string) error {
	person, err := m.person()
	if err != nil {
		return err
	}
	m.begin(&m.set, "properties")
	m.addSource()
	if m.call.Name != "" {
		m.addText(&m.set, m.properties.lookup("name").target, m.call.Name)
	}
	if m.call.Category != "" {
		m.addText(&m.set, m.properties.lookup("category").target, m.call.Category)
	}
	e := m.events.lookup(event, m.opt.TrimValues, m.properties)
	m.addMembers(&m.set, m.properties, m.call.Properties)
	return m.emitEvent(person, e)
}

func (m *Mapper) addSource() {
	if !m.opt.SourceTag {
		return
	}
	if m.source == nil {
		m.source = m.properties.target(sourceKey)
	}
	m.set.commit(m.source, fixed, append(m.set.begin(m.source), `"segment"`...))
}

func (m *Mapper) emitEvent(person identity, e *event) error {
	m.field = "event"
	m.exceed(e.fixes, "", "has characters that CleverTap refuses, or too many")
	if e.restricted {
		m.exceed(RestrictedEvent, "", "is the name of an event that only CleverTap may raise")
	}
	if e.blank {
		return &segment.Error{Reason: segment.EventNotDefined, Field: "event",
			Rule: "has no characters that CleverTap allows"}
	}
	out := m.appendTime(m.head(clevertap.KindEvent, person))
	out = append(out, `,"evtName":`...)
	out = append(out, e.json...)
	out = append(out, `,"evtData":{`...)
	out, surplus := m.set.appendTo(out, m.opt.MaxEventProperties)
	if surplus {
		m.field = "properties"
		m.exceed(PropertiesDropped, "", "holds more properties than max_event_properties")
	}
	m.emit(clevertap.KindEvent, append(out, `}}`...))
	return nil
}
