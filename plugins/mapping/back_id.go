package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// messageID is the same for the same event whenever it is exported, so that Segment takes it once. The order of
// properties does not count: exports do not promise one.
func (m *BackMapper) messageID(w who, kind, name string, properties []segment.Value, salt []string) string {
	m.hash = m.hash[:0]
	for _, object := range properties {
		m.hash = append(appendCanonical(m.hash, object), 0)
	}
	return m.textID(w, append([]string{kind, name, string(m.hash)}, salt...)...)
}

// textID hashes the account, the person and what sets the call apart.
func (m *BackMapper) textID(w who, parts ...string) string {
	sum := sha256.Sum256([]byte(m.origin.AccountID + "\x00" + w.stable + "\x00" + strings.Join(parts, "\x00")))
	return "ct-" + hex.EncodeToString(sum[:16])
}

// appendCanonical appends a value with the members of its objects in the order of their names.
func appendCanonical(dst []byte, v segment.Value) []byte {
	switch v.Kind() {
	case segment.Object:
		type member struct {
			name string
			v    segment.Value
		}
		var members []member
		for name, value := range v.Members() {
			members = append(members, member{name, value})
		}
		slices.SortStableFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
		dst = append(dst, '{')
		for _, each := range members {
			dst = append(segment.AppendString(dst, each.name), ':')
			dst = append(appendCanonical(dst, each.v), ',')
		}
		return append(dst, '}')
	case segment.Array:
		dst = append(dst, '[')
		for _, element := range v.Elements() {
			dst = append(appendCanonical(dst, element), ',')
		}
		return append(dst, ']')
	default:
		return v.AppendJSON(dst)
	}
}
