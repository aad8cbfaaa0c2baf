package clevertaptest

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Records are looked at as raw JSON and not decoded into maps: the reply must echo them in their own key order, and a
// benchmark sends a million of them. Everything here expects input that json.Valid has accepted.

// field is one member of an object, or one element of an array with an empty key.
type field struct {
	key string
	raw []byte
}

// members lists the members of an object in order; ok is false when raw is no object.
func members(raw []byte) (list []field, ok bool) {
	if kind(raw) != '{' {
		return nil, false
	}
	list = make([]field, 0, 8)
	s := scanner{data: raw, pos: 1}
	for s.next() {
		key := s.value()
		s.next()
		list = append(list, field{key: text(key), raw: s.value()})
	}
	return list, true
}

// elements lists the elements of an array; ok is false when raw is no array.
func elements(raw []byte) (list [][]byte, ok bool) {
	if kind(raw) != '[' {
		return nil, false
	}
	s := scanner{data: raw, pos: 1}
	for s.next() {
		list = append(list, s.value())
	}
	return list, true
}

// kind is the first byte of a value and so tells its type; 0 for an absent one.
func kind(raw []byte) byte {
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

func isNumber(raw []byte) bool {
	k := kind(raw)
	return k == '-' || k >= '0' && k <= '9'
}

func isNested(raw []byte) bool { return kind(raw) == '{' || kind(raw) == '[' }

// text is the content of a JSON string.
func text(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

// scalarText is the content of a string or the literal of a number; ok is false for anything else.
func scalarText(raw []byte) (s string, ok bool) {
	switch {
	case kind(raw) == '"':
		return text(raw), true
	case isNumber(raw):
		return string(raw), true
	}
	return "", false
}

// textBytes is the length of a string's content in UTF-8 bytes.
func textBytes(raw []byte) int {
	if bytes.IndexByte(raw, '\\') < 0 {
		return len(raw) - 2
	}
	return len(text(raw))
}

func quote(s string) []byte {
	if isPlain(s) {
		return append(append(append(make([]byte, 0, len(s)+2), '"'), s...), '"')
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return bytes.TrimRight(b.Bytes(), "\n")
}

// isPlain tells whether a string stands in JSON as it is: nearly all do, and exports quote a million.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}

// decode turns a value into Go types, numbers into json.Number so that no digit is lost.
func decode(raw []byte) any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	_ = d.Decode(&v)
	return v
}

// scanner walks the values inside one object or array.
type scanner struct {
	data []byte
	pos  int
}

// next moves to the next value; false at the closing bracket.
func (s *scanner) next() bool {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r', ',', ':':
			s.pos++
		case '}', ']':
			return false
		default:
			return true
		}
	}
	return false
}

// value returns the value at the position and moves behind it.
func (s *scanner) value() []byte {
	start := s.pos
	switch s.data[s.pos] {
	case '"':
		s.pos = stringEnd(s.data, s.pos)
	case '{', '[':
		s.container()
	default:
		for s.pos < len(s.data) && strings.IndexByte(",}] \t\r\n", s.data[s.pos]) < 0 {
			s.pos++
		}
	}
	return s.data[start:s.pos]
}

func (s *scanner) container() {
	for depth := 0; s.pos < len(s.data); {
		switch s.data[s.pos] {
		case '"':
			s.pos = stringEnd(s.data, s.pos)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.pos++
		if depth == 0 {
			return
		}
	}
}

// stringEnd is the position behind the string that starts at pos.
func stringEnd(data []byte, pos int) int {
	for pos++; pos < len(data); pos++ {
		switch data[pos] {
		case '\\':
			pos++
		case '"':
			return pos + 1
		}
	}
	return len(data)
}
