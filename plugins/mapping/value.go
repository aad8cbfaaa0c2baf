package mapping

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// addMembers adds the members of an object by the rules for nesting, keys and values. An absent object adds nothing.
func (m *Mapper) addMembers(set *attributes, table *keyTable, object jsontree.Value) {
	for name, v := range object.Members() {
		m.addMember(set, table, name, v)
	}
}

// addMember adds one member. Null stands for nothing.
func (m *Mapper) addMember(set *attributes, table *keyTable, name string, v jsontree.Value) {
	switch v.Kind() {
	case jsontree.Null:
	case jsontree.Object, jsontree.Array:
		m.addNested(set, table, name, v)
	default:
		k := table.lookup(name)
		m.addScalar(set, k, rankOf(k), v)
	}
}

// rankOf is the claim of a top-level name to its key.
func rankOf(k *key) rank {
	if k.same {
		return sameName
	}
	return ordinary
}

// addScalar adds a string, number or boolean, in the form that CleverTap demands where the key is one of its own.
func (m *Mapper) addScalar(set *attributes, k *key, r rank, v jsontree.Value) {
	if !m.usableKey(k) {
		return
	}
	t := k.target
	if t.check == nil {
		m.collide(set.commit(t, r, m.appendScalar(set.begin(t), t.name, v)))
		return
	}
	buf, invalid := t.check(m, set.begin(t), v)
	if invalid != 0 {
		m.fix(invalid)
		return
	}
	m.collide(set.commit(t, r, buf))
}

// usableKey notes what a name needed, and tells whether anything of it is left.
func (m *Mapper) usableKey(k *key) bool {
	switch {
	case k.role == reserved:
		m.fix(ValueDropped)
		return false
	case k.target == nil:
		m.fix(PropertiesDropped)
		return false
	case m.guarded && k.target.control:
		m.fix(NotTrusted)
		return false
	case k.fixes != 0:
		m.exceed(k.fixes, k.target.name, "has characters that CleverTap refuses, or too many, in its name")
	}
	return true
}

func (m *Mapper) collide(collided bool) {
	if collided {
		m.fix(KeyCollision)
	}
}

// addText adds a value that the call itself provides, or that was made of others.
func (m *Mapper) addText(set *attributes, t *target, text string) {
	if t == nil {
		return
	}
	set.commit(t, fixed, m.appendText(set.begin(t), t.name, m.trim(text), false))
}

// appendScalar appends a string under the rules for strings; numbers keep every digit.
func (m *Mapper) appendScalar(dst []byte, name string, v jsontree.Value) []byte {
	if v.Kind() != jsontree.String {
		return v.AppendLiteral(dst)
	}
	s := m.trim(v.Text())
	if m.opt.ConvertDates {
		if t, ok := segment.ParseISO8601(s); ok {
			return appendDate(dst, t.Unix)
		}
	}
	if quoted := v.Quoted(); len(quoted) == len(s)+len(`""`) && len(s) <= clevertap.MaxValueBytes {
		return append(dst, quoted...) // nothing was trimmed, and nothing needs to be cut
	}
	return m.appendText(dst, name, s, v.Plain())
}

// appendText appends a string, cut to what CleverTap stores. Plain text needs no escapes.
func (m *Mapper) appendText(dst []byte, name, s string, plain bool) []byte {
	if len(s) > clevertap.MaxValueBytes {
		s = cut(strings.ToValidUTF8(s, string(utf8.RuneError)), clevertap.MaxValueBytes)
		m.exceed(ValueTruncated, name, "is longer than 512 bytes")
	}
	if plain {
		return append(append(append(dst, '"'), s...), '"')
	}
	return jsontree.AppendString(dst, s)
}

// trim strips white space where that is wanted.
func (m *Mapper) trim(s string) string { return trimIf(m.opt.TrimValues, s) }

func trimIf(wanted bool, s string) string {
	if !wanted || s == "" || isGraphic(s[0]) && isGraphic(s[len(s)-1]) {
		return s
	}
	return strings.TrimSpace(s)
}

// isGraphic tells whether a byte is a visible ASCII character, next to which no text needs to be trimmed.
func isGraphic(c byte) bool { return c > ' ' && c < utf8.RuneSelf }

// cut shortens s to at most limit bytes without breaking a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// appendDate appends CleverTap's form of a date.
// https://developer.clevertap.com/docs/upload-events-api
func appendDate(dst []byte, unix int64) []byte {
	dst = append(dst, `"$D_`...)
	dst = strconv.AppendInt(dst, unix, 10)
	return append(dst, '"')
}

// Date is CleverTap's form of an instant in seconds since 1970: $D_642902400.
func Date(unix int64) string {
	return "$D_" + strconv.FormatInt(unix, 10)
}
