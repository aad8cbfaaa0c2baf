package jsontree

import (
	"strings"
	"unicode/utf8"
)

// AppendJSON appends the value as compact JSON, members in the order of the document, numbers digit by digit as they
// were written.
func (v Value) AppendJSON(dst []byte) []byte {
	if v.Kind() >= Array {
		if raw, ok := v.verbatim(); ok {
			return append(dst, raw...)
		}
	}
	return appendValue(dst, v)
}

// verbatim is an object or an array as it stands in the document, where that is how it would be written: without a space
// between its parts, and with texts that stand as they are.
func (v Value) verbatim() (raw string, ok bool) {
	nodes := v.t.nodes[v.at:v.t.nodes[v.at].next]
	length := compactLength(&nodes[0])
	for i := range nodes[1:] {
		n := &nodes[1+i]
		if n.nameMarks|n.textMarks != 0 {
			return "", false
		}
		length += compactLength(n)
		if n.name.end > 0 { // an element has none
			length += int(n.name.end-n.name.start) + len(`"":`)
		}
	}
	raw = v.t.of(nodes[0].text)
	return raw, len(raw) == length
}

// compactLength is how many bytes a value of plain text takes without what is in it: commas belong to their container.
func compactLength(n *node) int {
	switch n.kind {
	case Object, Array:
		return len("{}") + max(0, int(n.count)-1)
	case String:
		return int(n.text.end-n.text.start) + len(`""`)
	default:
		return int(n.text.end - n.text.start)
	}
}

// appendValue is AppendJSON part by part.
func appendValue(dst []byte, v Value) []byte {
	switch v.Kind() {
	case Object:
		return appendObject(dst, v)
	case Array:
		dst = append(dst, '[')
		for i, element := range v.Elements() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, element)
		}
		return append(dst, ']')
	case String:
		return appendMarked(dst, v.literal(), v.t.nodes[v.at].textMarks)
	case Number, Bool:
		return v.AppendLiteral(dst)
	default:
		return append(dst, "null"...)
	}
}

// AppendLiteral appends a number or a boolean as it stands in the document. For other kinds use AppendJSON.
func (v Value) AppendLiteral(dst []byte) []byte {
	return append(dst, v.Literal()...)
}

func appendObject(dst []byte, v Value) []byte {
	dst = append(dst, '{')
	first := true
	for _, member := range v.Members() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(member.AppendName(dst), ':')
		dst = appendValue(dst, member)
	}
	return append(dst, '}')
}

// AppendName appends the name of a member as a JSON string.
func (v Value) AppendName(dst []byte) []byte {
	n := &v.t.nodes[v.at]
	return appendMarked(dst, v.t.of(n.name), n.nameMarks)
}

// appendMarked is AppendString for a text whose marks are known.
func appendMarked(dst []byte, text string, m marks) []byte {
	if m != 0 {
		return AppendString(dst, text)
	}
	return append(append(append(dst, '"'), text...), '"')
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD; nothing else is changed.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	plain, ascii := scan(s)
	if !ascii && !utf8.ValidString(string(s)) {
		s = T(strings.ToValidUTF8(string(s), string(utf8.RuneError)))
	}
	dst = append(dst, '"')
	if plain {
		dst = append(dst, s...)
	} else {
		dst = appendEscaped(dst, s)
	}
	return append(dst, '"')
}

// scan tells whether s can stand in JSON as it is, and whether it is all ASCII.
func scan[T string | []byte](s T) (plain, ascii bool) {
	var ends, seen uint64
	i := 0
	for ; i+8 <= len(s); i += 8 {
		eight := eightBytes(s, i)
		ends |= endsIn(eight)
		seen |= eight
	}
	if i < len(s) {
		rest := uint64(spaces)
		for ; i < len(s); i++ {
			rest = rest<<8 | uint64(s[i])
		}
		ends |= endsIn(rest)
		seen |= rest
	}
	return ends == 0, seen&highBits == 0
}

// eightBytes is one load, written so that it serves both kinds of text.
func eightBytes[T string | []byte](s T, i int) uint64 {
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
