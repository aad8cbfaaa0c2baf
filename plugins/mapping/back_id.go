package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// messageID is the same for the same event whenever it is exported, so that Segment takes it once. The order of
// properties does not count: exports do not promise one.
func (m *BackMapper) messageID(w who, t segment.Type, h happening) string {
	m.beginID(w)
	m.addToID(string(t))
	m.addToID(h.name)
	m.addToID("")
	for _, object := range h.properties {
		m.hash = append(m.appendCanonical(m.hash, object), 0)
	}
	m.hash = append(m.appendCanonical(m.hash, h.session), 0)
	for _, part := range h.salt {
		m.addToID(part)
	}
	return m.endID()
}

// beginID begins an id with the account and the person. What else sets the call apart follows.
func (m *BackMapper) beginID(w who) {
	m.hash = append(append(append(m.hash[:0], m.origin.AccountID...), 0), w.stable...)
}

func (m *BackMapper) addToID(part string) { m.hash = append(append(m.hash, 0), part...) }

// endID is the id: a hash of what was added.
func (m *BackMapper) endID() string {
	sum := sha256.Sum256(m.hash)
	id := [35]byte{'c', 't', '-'}
	hex.Encode(id[len("ct-"):], sum[:16])
	return string(id[:])
}

// appendCanonical appends a value with the members of its objects in the order of their names.
func (m *BackMapper) appendCanonical(dst []byte, v jsontree.Value) []byte {
	switch v.Kind() {
	case jsontree.Object:
		return m.appendOrdered(dst, v)
	case jsontree.Array:
		dst = append(dst, '[')
		for _, element := range v.Elements() {
			dst = append(m.appendCanonical(dst, element), ',')
		}
		return append(dst, ']')
	default:
		return v.AppendJSON(dst)
	}
}

func (m *BackMapper) appendOrdered(dst []byte, object jsontree.Value) []byte {
	start := len(m.members) // those before are of the objects around this one
	for name, value := range object.Members() {
		m.members = append(m.members, member{name, value})
	}
	end := len(m.members)
	slices.SortStableFunc(m.members[start:], func(a, b member) int { return strings.Compare(a.name, b.name) })
	dst = append(dst, '{')
	for i := start; i < end; i++ {
		dst = append(m.members[i].value.AppendName(dst), ':')
		dst = append(m.appendCanonical(dst, m.members[i].value), ',')
	}
	m.members = m.members[:start]
	return append(dst, '}')
}
