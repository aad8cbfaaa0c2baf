package clevertap

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unitSize is the length of an escaped UTF-16 unit.
const unitSize = len(`\u0000`)

// spellHalves makes texts of the halves of surrogate pairs in a record, as they were when the first keys were computed:
// a half by itself is the six characters of its escape, and two escapes that do not fit together are one U+FFFD.
func spellHalves(record []byte) []byte {
	if !bytes.Contains(record, []byte(`\ud`)) && !bytes.Contains(record, []byte(`\uD`)) {
		return record
	}
	out := make([]byte, 0, len(record)+unitSize)
	for {
		at := bytes.IndexByte(record, '\\')
		if at < 0 {
			return append(out, record...)
		}
		size, spelled := spellEscape(record[at:])
		out = append(append(out, record[:at]...), spelled...)
		record = record[at+size:]
	}
}

// spellEscape returns the size of the escape at the beginning of raw, a pair being one, and what is to stand there.
func spellEscape(raw []byte) (size int, spelled []byte) {
	first, ok := unitAt(raw)
	if !ok || !utf16.IsSurrogate(first) {
		size = min(len(raw), len(`\n`))
		return size, raw[:size]
	}
	second, ok := unitAt(raw[unitSize:])
	switch {
	case !ok:
		return unitSize, append([]byte{'\\'}, raw[:unitSize]...)
	case utf16.DecodeRune(first, second) == utf8.RuneError:
		return 2 * unitSize, []byte(`\ufffd`)
	}
	return 2 * unitSize, raw[:2*unitSize]
}

// unitAt reads the \uHHHH at the beginning of raw.
func unitAt(raw []byte) (unit rune, ok bool) {
	if len(raw) < unitSize || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	number, err := strconv.ParseUint(string(raw[2:unitSize]), 16, 16)
	return rune(number), err == nil
}
