package clevertap

import (
	"iter"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

const (
	// maxTextBytes bounds a text of CleverTap's in an error.
	maxTextBytes = 200
	// maxCleanedBytes bounds how much of it is looked at.
	maxCleanedBytes = 2000
	// minMaskedBytes is the shortest value that is masked: single letters are parts of CleverTap's own sentences ("Y/N").
	minMaskedBytes = 2
	mask           = "***"
)

var (
	skippedNumber = regexp.MustCompile(`(?i)\s*skipped record number\s*:\s*(\d+)`)
	// likelyData are the forms that ids and personal data take: quoted parts, addresses, long numbers.
	likelyData = regexp.MustCompile(`"[^"]*"|'[^']*'|[^\s@]+@[^\s@]+|\+?\d[\d\-]{4,}`)
	spaces     = regexp.MustCompile(`[\s\x00-\x1f\x7f]+`)
)

// cleanText makes a text of CleverTap's fit for logs: without the record number, which is about the request, without
// an echoed record and any of the values that were sent, on one line and bounded.
func cleanText(text string, sent iter.Seq[string]) string {
	text = cut(strings.ToValidUTF8(text, ""), maxCleanedBytes)
	text = skippedNumber.ReplaceAllString(text, "")
	if i := strings.IndexAny(text, "{["); i >= 0 {
		text = text[:i]
	}
	tried := map[string]bool{}
	for value := range sent {
		value = strings.ToLower(strings.TrimSpace(value))
		if len(value) >= minMaskedBytes && !tried[value] {
			tried[value] = true
			text = maskWord(text, value)
		}
	}
	text = likelyData.ReplaceAllString(text, mask)
	return cut(strings.TrimSpace(spaces.ReplaceAllString(text, " ")), maxTextBytes)
}

// maskWord masks a value in lower case where it stands alone, in any case.
func maskWord(text, value string) string {
	lower := strings.ToLower(text)
	if len(lower) != len(text) {
		text = lower // characters that change their length with their case
	}
	var masked strings.Builder
	from := 0
	for {
		at := strings.Index(lower[from:], value)
		if at < 0 {
			break
		}
		start, end := from+at, from+at+len(value)
		masked.WriteString(text[from:start])
		if isWord(lower, start, end) {
			masked.WriteString(mask)
		} else {
			masked.WriteString(text[start:end])
		}
		from = end
	}
	masked.WriteString(text[from:])
	return masked.String()
}

// isWord tells whether no letter or digit touches a part of the text.
func isWord(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return !isWordRune(before) && !isWordRune(after)
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// sentValues walks all values of records but their types.
func sentValues(records []Record) iter.Seq[string] {
	return func(yield func(string) bool) {
		parser := parsers.Get().(*jsontree.Parser)
		defer parsers.Put(parser)
		for _, record := range records {
			if !eachSentValue(parser, record, yield) {
				return
			}
		}
	}
}

func eachSentValue(parser *jsontree.Parser, record Record, yield func(string) bool) (more bool) {
	more = true
	typed := false
	// An error means that it is no record: nothing of it was sent.
	_ = eachRecordMember(parser, record.Raw, func(name string, value jsontree.Value) bool {
		if name == "type" && !typed {
			typed = true
			return true
		}
		more = eachScalar(value, yield)
		return more
	})
	return more
}

// eachScalar walks the texts and numbers of a value. They are copies: the parser goes on to the next record while
// they are in use.
func eachScalar(value jsontree.Value, yield func(string) bool) bool {
	switch value.Kind() {
	case jsontree.Object:
		for _, member := range value.Members() {
			if !eachScalar(member, yield) {
				return false
			}
		}
	case jsontree.Array:
		for _, element := range value.Elements() {
			if !eachScalar(element, yield) {
				return false
			}
		}
	case jsontree.String:
		return yield(strings.Clone(value.Text()))
	case jsontree.Number:
		return yield(strings.Clone(value.Literal()))
	}
	return true
}
