package clevertap

import (
	"bytes"
	"encoding/json"
)

// Bodies that are passed on are cut at positions and not decoded: what is passed on then is what was sent, digit by
// digit. Everything here expects input that json.Valid has accepted.

// eachMember visits the members of an object with the place of their values, until the visitor has seen enough.
func eachMember(raw []byte, visit func(name string, start, end int) bool) {
	for i := nextToken(raw, 0) + 1; ; {
		if i = nextToken(raw, i); raw[i] == '}' {
			return
		}
		nameEnd := valueEnd(raw, i)
		start := nextToken(raw, nameEnd)
		end := valueEnd(raw, start)
		if !visit(memberName(raw[i:nameEnd]), start, end) {
			return
		}
		i = end
	}
}

// eachElement visits the elements of an array until the visitor has seen enough.
func eachElement(raw []byte, visit func(element []byte) bool) {
	for i := nextToken(raw, 0) + 1; ; {
		if i = nextToken(raw, i); raw[i] == ']' {
			return
		}
		end := valueEnd(raw, i)
		if !visit(raw[i:end]) {
			return
		}
		i = end
	}
}

// nextToken skips white space and separators.
func nextToken(raw []byte, i int) int {
	for i < len(raw) && (isSpace(raw[i]) || raw[i] == ',' || raw[i] == ':') {
		i++
	}
	return i
}

// valueEnd returns the position behind the value that begins at i.
func valueEnd(raw []byte, i int) int {
	switch raw[i] {
	case '"':
		return stringEnd(raw, i)
	case '{', '[':
		return nestedEnd(raw, i)
	}
	for i < len(raw) && !isSpace(raw[i]) && raw[i] != ',' && raw[i] != '}' && raw[i] != ']' {
		i++
	}
	return i
}

func stringEnd(raw []byte, i int) int {
	for i++; raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func nestedEnd(raw []byte, i int) int {
	for depth := 0; ; {
		switch raw[i] {
		case '"':
			i = stringEnd(raw, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
}

// depth is how deeply objects and arrays are nested.
func depth(raw []byte) int {
	now, most := 0, 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i = stringEnd(raw, i) - 1
		case '{', '[':
			now++
			most = max(most, now)
		case '}', ']':
			now--
		}
	}
	return most
}

// memberName reads a name, which may be written with escapes.
func memberName(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var name string
	if json.Unmarshal(quoted, &name) != nil {
		return ""
	}
	return name
}

// isObject tells whether a document, of which nothing else is known yet, begins like an object.
func isObject(raw []byte) bool {
	for _, c := range raw {
		if !isSpace(c) {
			return c == '{'
		}
	}
	return false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
