package mapping

import (
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// isDelete tells whether a track call is the one that asks for a deletion.
func (m *Mapper) isDelete() bool {
	return m.call.Type == segment.Track && m.opt.DeleteEvent != "" && m.call.Event == m.opt.DeleteEvent
}

// mapDelete asks for the deletion of the person.
func (m *Mapper) mapDelete() error {
	person, err := m.person()
	if err != nil {
		return err
	}
	m.emit(clevertap.KindDelete, append(m.head(clevertap.KindDelete, person), '}'))
	return nil
}
