package jsontree

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string from behind its opening quote, eight bytes at once.
func (r *reader) text(start int) (s span, m marks, end int) {
	buf, stop, seen := r.buf, start, uint64(0)
	for {
		eight := binary.LittleEndian.Uint64(buf[stop:])
		if ends := endsIn(eight); ends != 0 {
			first := bits.TrailingZeros64(ends) & 56
			stop += first / 8
			seen |= eight & (1<<first - 1)
			break
		}
		seen |= eight
		stop += 8
	}
	if buf[stop] == '"' && seen&highBits == 0 {
		return span{uint32(start), uint32(stop)}, 0, stop + 1
	}
	return r.richText(start, stop)
}

// richText reads on where plain text stops, or is not ASCII. Escapes are resolved in place, since what they stand for is
// never longer.
func (r *reader) richText(i, stop int) (s span, m marks, end int) {
	switch r.buf[stop] {
	case '"':
		end = stop + 1
	case '\\':
		if stop, end = r.unescape(stop); end == invalid {
			return s, 0, invalid
		}
		m = escaped
	default:
		return s, 0, invalid
	}
	if !utf8.Valid(r.buf[i:stop]) {
		m |= broken
	}
	return span{uint32(i), uint32(stop)}, m, end
}

// Patterns of eight bytes at once.
const (
	eachByte = 0x0101010101010101
	highBits = 0x80 * eachByte
	spaces   = ' ' * eachByte
)

// endsIn marks the bytes at which plain text ends by their high bit. Only the first mark counts: a borrow may set those
// after it. Turning over the second bit brings the quote next to the control characters, and the space away from them.
func endsIn(eight uint64) uint64 {
	low, backslash := eight^2*eachByte, eight^'\\'*eachByte
	return ((low-'!'*eachByte)&^low | (backslash-eachByte)&^backslash) & highBits
}

// unescape resolves the escapes of a text from the first on, and tells where the resolved text and the string end.
func (r *reader) unescape(i int) (length, end int) {
	buf, to := r.buf, i
	for {
		switch c := buf[i]; {
		case c == '"':
			return to, i + 1
		case c < ' ':
			return 0, invalid
		case c != '\\':
			buf[to] = c
			to, i = to+1, i+1
		case buf[i+1] == 'u':
			var character rune
			if character, i = escapedRune(buf, i); i == invalid {
				return 0, invalid
			}
			to += utf8.EncodeRune(buf[to:], character)
		default:
			c := meaning[buf[i+1]]
			if c == 0 {
				return 0, invalid
			}
			buf[to] = c
			to, i = to+1, i+2
		}
	}
}

// meaning is what the characters after a backslash stand for.
var meaning = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escapedRune reads the \uHHHH at i, or the two of a pair. Half of a surrogate pair without its other half is U+FFFD:
// browsers send such halves when they cut a text in the middle of an emoji; they are no characters.
func escapedRune(buf []byte, i int) (character rune, end int) {
	first, ok := escapedUnit(buf, i)
	if !ok {
		return 0, invalid
	}
	end = i + len(`\u0000`)
	if !utf16.IsSurrogate(first) {
		return first, end
	}
	if second, ok := escapedUnit(buf, end); ok {
		if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
			return pair, end + len(`\u0000`)
		}
	}
	return utf8.RuneError, end
}

// escapedUnit reads a \uHHHH.
func escapedUnit(buf []byte, i int) (rune, bool) {
	if len(buf)-i < len(`\u0000`) || buf[i] != '\\' || buf[i+1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(buf[i+2:i+6]), 16, 16)
	return rune(unit), err == nil
}
