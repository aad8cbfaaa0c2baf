package segment

import (
	"strings"
	"unicode/utf8"
)

// AppendJSON appends the value as compact JSON, members in the order of the document, numbers digit by digit as they
// were written.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.Kind() {
	case Object:
		return appendObject(dst, v)
	case Array:
		dst = append(dst, '[')
		for i, element := range v.Elements() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = element.AppendJSON(dst)
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
	for name, member := range v.Members() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendMarked(dst, name, member.t.nodes[member.at].nameMarks)
		dst = append(dst, ':')
		dst = member.AppendJSON(dst)
	}
	return append(dst, '}')
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
	plain, ascii = true, true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			ascii = false
		case c < ' ' || c == '"' || c == '\\':
			plain = false
		}
	}
	return plain, ascii
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
