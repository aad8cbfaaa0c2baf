package mapping

import (
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// isDelete tells whether a track call is the one that asks for a deletion.
func (m *Mapper) isDelete() bool {
	return m.call.Type == segment.Track && m.opt.DeleteEvent != "" && m.call.Event == m.opt.DeleteEvent
}

// mapDelete asks for the deletion of the person, if the sender may do that.
func (m *Mapper) mapDelete() error {
	if !m.mayDelete() {
		return &segment.Error{Reason: segment.DeleteNotAllowed, Field: "type", Rule: "no webhook signature covers the call, so its sender may not delete people"}
	}
	person, err := m.person()
	if err != nil {
		return err
	}
	m.emit(clevertap.KindDelete, append(m.head(clevertap.KindDelete, person), '}'))
	return nil
}

// mayDelete is stricter with track calls: in a file or queue a type is the operator's to write, but the name of an event
// is whatever an app has sent.
func (m *Mapper) mayDelete() bool {
	if m.call.Type == segment.Track && m.sender.Trust == segment.TrustNone {
		return m.opt.DeleteEventTrusted || m.sender.PublicDeletes
	}
	return m.sender.MayDelete()
}
