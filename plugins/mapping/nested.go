package mapping

import (
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// addNested adds an object or an array under a top-level name. Empty ones stand for nothing.
func (m *Mapper) addNested(set *attributes, table *keyTable, name string, v jsontree.Value) {
	if v.Len() == 0 {
		return
	}
	switch {
	case table.rule.profile && isOperator(v), m.opt.Nested == Keep:
		k := table.lookup(name)
		m.addRaw(set, k, rankOf(k), v)
	case m.opt.Nested == Drop:
		m.fix(ValueDropped)
	case m.opt.Nested == Stringify:
		k := table.lookup(name)
		m.addJSONText(set, k, rankOf(k), v)
	case v.Kind() == jsontree.Object:
		m.path = m.flatten(set, table, append(m.path[:0], cut(name, maxPath)...), v)
	default:
		k := table.lookup(name)
		m.addList(set, table, k, rankOf(k), v)
	}
}

// maxPath is where a path ends. A key has 120 characters, of four bytes at most, so what comes later would be cut; without
// an end, a long name above many members would cost its length times their number.
const maxPath = 4 * clevertap.MaxKeyChars

// flatten adds the members of an object under names that start with path. It returns the path, which may have grown.
func (m *Mapper) flatten(set *attributes, table *keyTable, path []byte, object jsontree.Value) []byte {
	depth := len(path)
	for name, v := range object.Members() {
		if depth < maxPath {
			path = append(append(path[:depth], '_'), name...)
		}
		switch v.Kind() {
		case jsontree.Null:
		case jsontree.Object:
			if table.rule.profile && isOperator(v) {
				m.addRaw(set, table.lookupPath(path), ordinary, v)
			} else {
				path = m.flatten(set, table, path, v)
			}
		case jsontree.Array:
			if v.Len() > 0 {
				m.addList(set, table, table.lookupPath(path), ordinary, v)
			}
		default:
			m.addScalar(set, table.lookupPath(path), ordinary, v)
		}
	}
	return path[:depth]
}

// addList adds an array that is being flattened. Profiles have lists of strings; everything else is text.
func (m *Mapper) addList(set *attributes, table *keyTable, k *key, r rank, v jsontree.Value) {
	if !table.rule.profile || !isFlat(v) {
		m.addJSONText(set, k, r, v)
		return
	}
	if !m.usableList(k) {
		return
	}
	t := k.target
	buf, any := append(set.begin(t), '['), false
	for _, element := range v.Elements() {
		if element.Kind() == jsontree.Null {
			continue
		}
		if any {
			buf = append(buf, ',')
		}
		any = true
		if element.Kind() == jsontree.String {
			buf = m.appendText(buf, t.name, m.trim(element.Text()), element.Plain())
		} else {
			buf = append(element.AppendLiteral(append(buf, '"')), '"')
		}
	}
	if any {
		m.collide(set.commit(t, r, append(buf, ']')))
	}
}

// isFlat tells whether an array holds no object and no array.
func isFlat(array jsontree.Value) bool {
	for _, element := range array.Elements() {
		if kind := element.Kind(); kind == jsontree.Object || kind == jsontree.Array {
			return false
		}
	}
	return true
}

// addJSONText adds an object or array as JSON text. Cut JSON is no JSON, so text that is too long is left out.
func (m *Mapper) addJSONText(set *attributes, k *key, r rank, v jsontree.Value) {
	if !m.usableList(k) {
		return
	}
	m.text = v.AppendJSON(m.text[:0])
	if len(m.text) > clevertap.MaxValueBytes {
		m.exceed(ValueDropped, k.target.name, "is longer than 512 bytes as JSON text")
		return
	}
	m.collide(set.commit(k.target, r, jsontree.AppendString(set.begin(k.target), m.text)))
}

// usableList is usableKey for a value that is no scalar: the keys that CleverTap validates take none.
func (m *Mapper) usableList(k *key) bool {
	if !m.usableKey(k) {
		return false
	}
	if k.target.check != nil {
		_, invalid := k.target.check(m, nil, jsontree.Value{})
		m.fix(invalid)
		return false
	}
	return true
}

// addRaw adds a value as it is. Only operators may stand where CleverTap validates a scalar.
func (m *Mapper) addRaw(set *attributes, k *key, r rank, v jsontree.Value) {
	if m.distrusts(v) {
		m.fix(NotTrusted)
		return
	}
	if isOperator(v) && m.usableKey(k) || m.usableList(k) {
		m.collide(set.commit(k.target, r, v.AppendJSON(set.begin(k.target))))
	}
}

// isOperator spots objects that tell CleverTap how to change an attribute: each member is an operator.
// https://developer.clevertap.com/docs/upload-user-profiles-api
func isOperator(object jsontree.Value) bool {
	if object.Kind() != jsontree.Object {
		return false
	}
	for name := range object.Members() {
		if !isOperatorName(name) {
			return false
		}
	}
	return object.Len() > 0
}

func isOperatorName(name string) bool {
	switch name {
	case "$add", "$remove", "$set", "$delete", "$incr", "$decr":
		return true
	}
	return false
}
