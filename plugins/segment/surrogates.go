package segment

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// replaceLoneSurrogates appends raw with every \uHHHH that is half of a surrogate pair without its other half replaced
// by \ufffd. Browsers send such halves when they cut a text in the middle of an emoji; they are no characters, and
// parsers disagree on what they become. Raw must be valid JSON.
func replaceLoneSurrogates(dst, raw []byte) []byte {
	for {
		n := bytes.IndexByte(raw, '\\')
		if n < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:n]...)
		raw = raw[n:]
		size := escapeSize(raw)
		if r, ok := escapedUnit(raw); ok && utf16.IsSurrogate(r) && size == len(`\u0000`) {
			dst = append(dst, `\ufffd`...)
		} else {
			dst = append(dst, raw[:size]...)
		}
		raw = raw[size:]
	}
}

// escapeSize is the length of the escape sequence at the start of raw: a surrogate pair counts as one.
func escapeSize(raw []byte) int {
	first, ok := escapedUnit(raw)
	if !ok {
		return len(`\n`)
	}
	second, ok := escapedUnit(raw[len(`\u0000`):])
	if ok && utf16.DecodeRune(first, second) != utf8.RuneError {
		return len(`\u0000\u0000`)
	}
	return len(`\u0000`)
}

// escapedUnit reads a \uHHHH at the start of raw.
func escapedUnit(raw []byte) (rune, bool) {
	if len(raw) < len(`\u0000`) || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return rune(unit), err == nil
}
