package clevertap

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
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
	// minEchoChars is the shortest word that identifies an echo. Shorter ones stand in every sentence, and are common
	// values too: "in" and "is" are country codes, "no" is a language.
	minEchoChars = 3
	// maxEchoWords is how many words of a value are compared, which bounds the time. An error's text has no room for more.
	maxEchoWords = maxTextBytes / 2
	// maxJoints is how many joints may stand together: more of them could be a value.
	maxJoints = 2
	mask      = "***"

	// joints are the punctuation of sentences and lists. A word with any other sign in it is masked.
	joints = `.,:;!?'"()/-_=`
)

var skippedNumber = regexp.MustCompile(`(?i)\s*skipped record number\s*:\s*(\d+)`)

// cleanText makes a text of CleverTap's fit for logs: on one line, bounded, without the record number, which is about
// the request, and without anything that could be a value.
//
// An echo need not be what was sent. CleverTap may have escaped it, cut it or put it together with other letters, and it
// may belong to another record. Comparing the text with the values sent would miss it, so only words of the vocabulary
// are kept. A word of the vocabulary that was sent as a value is masked as well, unless the whole text is a known one:
// such a text is the same for every value, so it reveals none.
func cleanText(text string, sent iter.Seq[string]) string {
	text = oneLine(text)
	if knownTexts[text] {
		return text
	}
	s := newSentence(text)
	s.maskUnknown()
	s.maskSent(sent)
	return cut(s.String(), maxTextBytes)
}

// oneLine returns what CleverTap says, without the record number and the record.
func oneLine(text string) string {
	text = cut(strings.ToValidUTF8(text, ""), maxCleanedBytes)
	text = skippedNumber.ReplaceAllString(text, "")
	// An unknown event is answered with a list of one text.
	text = strings.TrimPrefix(text, `["`)
	if i := strings.IndexAny(text, "{["); i >= 0 {
		text = text[:i]
	}
	return strings.Join(strings.FieldsFunc(text, isSpacing), " ")
}

// sentence is a text while it is cleaned. It is masked part by part.
type sentence struct {
	parts []part
	words []word
	// positions are those of each word in words.
	positions map[string][]int
}

// part is a piece of the text between spaces.
type part struct {
	text   string
	masked bool
	// wordless parts are nothing but joints.
	wordless bool
}

// word is a piece of a part between joints, in lower case.
type word struct {
	text string
	part int
	// own numbers are CleverTap's, whatever was sent.
	own bool
}

func newSentence(text string) *sentence {
	s := &sentence{positions: map[string][]int{}}
	for i, field := range strings.Fields(text) {
		words := wordsOf(field)
		s.parts = append(s.parts, part{text: field, wordless: len(words) == 0})
		for _, w := range words {
			s.positions[w] = append(s.positions[w], len(s.words))
			s.words = append(s.words, word{text: w, part: i})
		}
	}
	for i := range s.words {
		s.words[i].own = s.isOwnNumber(i)
	}
	return s
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return isJoint(r) || isSpacing(r) })
}

func isJoint(r rune) bool   { return strings.ContainsRune(joints, r) }
func isSpacing(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// maskUnknown masks each part with a word that is not in the vocabulary. The whole part is masked: what is joined to an
// unknown word could be the rest of an address.
func (s *sentence) maskUnknown() {
	for i := range s.parts {
		s.parts[i].masked = hasManyJoints(s.parts[i].text)
	}
	for _, w := range s.words {
		if p := &s.parts[w.part]; !vocabulary[w.text] && !vocabulary[trimmed(p.text)] && !w.own {
			p.masked = true
		}
	}
}

// trimmed returns the form of a part that the vocabulary has for words with a joint inside, such as "n/a".
func trimmed(part string) string { return strings.ToLower(strings.Trim(part, joints)) }

func hasManyJoints(text string) bool {
	run := 0
	for _, r := range text {
		if !isJoint(r) {
			run = 0
			continue
		}
		if run++; run > maxJoints {
			return true
		}
	}
	return false
}

// isOwnNumber tells whether a word is a number of CleverTap's: the code of a record behind "ErrorCode", or a documented
// limit next to what it limits. Any other number could be a part of a value.
func (s *sentence) isOwnNumber(i int) bool {
	number, before := s.word(i), s.word(i-1)
	if before == "errorcode" {
		code, err := strconv.Atoi(number)
		return err == nil && len(number) == 3 && Code(code) >= CodeEventNameMissing && Code(code) <= CodeServerError
	}
	if before == "is" || before == "of" {
		before = s.word(i - 2)
	}
	return documentedLimits[number] && (limitUnits[s.word(i+1)] || limitLeads[before])
}

// word returns the word at a position, or "" if there is none.
func (s *sentence) word(i int) string {
	if i < 0 || i >= len(s.words) {
		return ""
	}
	return s.words[i].text
}

// maskSent masks words of the vocabulary that are the echo of a value sent. It compares the longest runs of words that
// the text and a value have in common.
func (s *sentence) maskSent(sent iter.Seq[string]) {
	for value := range sent {
		words := wordsOf(cut(value, maxCleanedBytes))
		words = words[:min(len(words), maxEchoWords)]
		for i, w := range words {
			for _, start := range s.positions[w] {
				if i > 0 && s.word(start-1) == words[i-1] {
					continue // the run began earlier
				}
				run := s.words[start : start+s.common(start, words[i:])]
				if s.isEcho(run, len(words)) {
					s.mask(run)
				}
			}
		}
	}
}

// common returns how many words of the text are those of a value, from a position on.
func (s *sentence) common(start int, words []string) int {
	n := 0
	for n < len(words) && s.word(start+n) == words[n] {
		n++
	}
	return n
}

// isEcho tells an echo from words that CleverTap and a value of that many words merely have in common: it is the whole
// value, or has a word that is not CleverTap's.
func (s *sentence) isEcho(run []word, valueWords int) bool {
	telling := slices.ContainsFunc(run, func(w word) bool { return utf8.RuneCountInString(w.text) >= minEchoChars && !w.own })
	unknown := slices.ContainsFunc(run, func(w word) bool { return s.parts[w.part].masked })
	return telling && (unknown || len(run) == valueWords)
}

func (s *sentence) mask(run []word) {
	for _, w := range run {
		s.parts[w.part].masked = true
	}
}

// String returns the text with one mask for all neighbouring masked parts.
func (s *sentence) String() string {
	var kept []string
	masking := false
	for _, p := range s.parts {
		switch {
		case !p.masked && !(p.wordless && masking):
			kept, masking = append(kept, p.text), false
		case !masking:
			kept, masking = append(kept, mask), true
		}
	}
	return strings.Join(kept, " ")
}

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
