package clevertap

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// personalData are invented values from many places.
var personalData = []string{
	"José García de la Cruz", "小林 さくら", "김민준", "Nguyễn Thị Minh Khai", "Łukasz Żółć", "Олена Шевченко", "محمد الأحمد",
	"राजेश कुमार", "Ngozi Okonkwo-Adeyemi", "Siobhán O’Brien", "Jean-François Lefèvre", "Sally Field", "Long Nguyen",
	"+49 151 23456789", "+15125550123", "+91-98450-12345", "+81 90 1234 5678", "0044 20 7946 0958",
	"priya.raghunathan@example.in", "ann@example.com", "o'connor+news@mail.example.co.uk", "user.name@event.example",
	"u-839204-EU", "__g1f0c9a7be2", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "8839204417", "TEST-8W4-7Z9-K6KZ", "AUS-CPD-GEAL",
	"12 Rue de l'Église, 75005 Paris", "Müller & Söhne <GmbH>", "1990-04-17", "$D_640310400", `C:\Users\Ángel`, "$$$$$",
}

// echoForms are what may have become of a value in an echo.
var echoForms = map[string]func(string) string{
	"verbatim":        func(v string) string { return v },
	"URL-encoded":     url.QueryEscape,
	"path-encoded":    url.PathEscape,
	"lower hex":       func(v string) string { return lowerHex(url.QueryEscape(v)) },
	"twice encoded":   func(v string) string { return url.QueryEscape(url.QueryEscape(v)) },
	"JSON-escaped":    escapeJSON,
	"twice escaped":   func(v string) string { return escapeJSON(escapeJSON(v)) },
	"HTML-escaped":    html.EscapeString,
	"HTML by number":  escapeHTML,
	"upper case":      strings.ToUpper,
	"lower case":      strings.ToLower,
	"composed":        norm.NFC.String,
	"decomposed":      norm.NFD.String,
	"compatible":      norm.NFKD.String,
	"without accents": func(v string) string { return without(norm.NFD.String(v), unicode.Mn) },
	"without spaces":  func(v string) string { return strings.Join(strings.Fields(v), "") },
	"folded spaces":   func(v string) string { return strings.Join(strings.Fields(v), "  \t") },
	"without a plus":  func(v string) string { return strings.ReplaceAll(v, "+", "") },
	"digits only":     func(v string) string { return strings.Join(strings.FieldsFunc(v, isNoDigit), "") },
	"base64":          func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) },
	"hexadecimal":     func(v string) string { return hex.EncodeToString([]byte(v)) },
	"glued":           func(v string) string { return "x" + v + "y" },
	"glued to a name": func(v string) string { return "Email:" + v },
	"quoted":          strconv.Quote,
	"in a list":       func(v string) string { return `, '` + v + `', and` },
}

func isNoDigit(r rune) bool { return !unicode.IsDigit(r) }

func lowerHex(v string) string {
	for i := 0; i+2 < len(v); i++ {
		if v[i] == '%' {
			v = v[:i] + strings.ToLower(v[i:i+3]) + v[i+3:]
		}
	}
	return v
}

func escapeJSON(v string) string { return strings.Trim(strconv.QuoteToASCII(v), `"`) }

func escapeHTML(v string) string {
	var b strings.Builder
	for _, r := range v {
		if r < unicode.MaxASCII && r != '&' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

func without(v string, table *unicode.RangeTable) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(table, r) {
			return -1
		}
		return r
	}, v)
}

// echoSentences are CleverTap's, with a place for the echo.
var echoSentences = []string{
	"Profile data is incorrect. Email %s is not valid.Skipped record number : 2",
	"Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event %s. Skipped record number : 1",
	"Event structure is not valid. ErrorCode: 522 - Too many event properties in %s, the limit is 100. ",
	"%s: Phone number is not valid.",
	"'identity' or 'objectId' is necessary under 120 chars, not '%s'",
	"The value of Name (%s) is longer than 512 bytes",
	`["Invalid event : %s"]`,
	"Account ID %s is not valid",
	"Skipped record number : 3 %s Skipped record number : 4",
	"%s",
}

// TestCleanText_LeavesNoPieceOfAValue draws values, what an echo may have made of them, and whether the sentence is
// about the record with the value or about another. Then it looks for each piece of three letters and digits.
func TestCleanText_LeavesNoPieceOfAValue(t *testing.T) {
	forms := slices.Sorted(func(yield func(string) bool) {
		for name := range echoForms {
			if !yield(name) {
				return
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.SampledFrom(personalData),
			rapid.StringOfN(rapid.RuneFrom([]rune("aeinstBÄéñßøЖ日本ع0159 .-@+%&")), 3, 20, -1),
		).Draw(t, "value")
		echo := drawPiece(t, value)
		for range rapid.IntRange(0, 2).Draw(t, "forms") {
			echo = echoForms[rapid.SampledFrom(forms).Draw(t, "form")](echo)
		}
		var sent []string
		if rapid.Bool().Draw(t, "sent") {
			sent = []string{"another", value}
		}
		sentence := rapid.SampledFrom(echoSentences).Draw(t, "sentence")
		clean := cleanText(strings.ReplaceAll(sentence, "%s", echo), slices.Values(sent))
		for _, secret := range []string{value, norm.NFD.String(value), norm.NFC.String(value), echo} {
			if piece := pieceIn(clean, secret, sentence); piece != "" {
				t.Fatalf("%q of %q is in %q", piece, secret, clean)
			}
		}
	})
}

// drawPiece cuts a value at the beginning, at the end or at both.
func drawPiece(t *rapid.T, value string) string {
	runes := []rune(value)
	from := rapid.IntRange(0, len(runes)-3).Draw(t, "from")
	to := rapid.IntRange(from+3, len(runes)).Draw(t, "to")
	return string(runes[from:to])
}

// pieceIn returns three letters or digits in a row that a text has of a value and not from CleverTap, which has them in
// its sentence or in a word of the vocabulary.
func pieceIn(text, value, sentence string) string {
	text, sentence = strings.ToLower(text), strings.ToLower(sentence)
	runes := []rune(strings.ToLower(value))
	for i := 0; i+3 <= len(runes); i++ {
		piece := string(runes[i : i+3])
		if strings.ContainsFunc(piece, isNoPiece) || !strings.Contains(text, piece) || strings.Contains(sentence, piece) {
			continue
		}
		inWord := func(w string) bool { return vocabulary[w] && strings.Contains(w, piece) }
		if !slices.ContainsFunc(wordsOf(text), inWord) {
			return piece
		}
	}
	return ""
}

func isNoPiece(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

// FuzzCleanText looks for what does not depend on the value: every word that is left is known.
func FuzzCleanText(f *testing.F) {
	f.Add("Email a@b.c is bad. Skipped record number : 2", "a@b.c")
	f.Add("Name Sally Field is longer than 512 bytes", "Sally Field")
	f.Add(`["Invalid event : \u200b%C3%A9 (ß)"]`, "é")
	f.Fuzz(func(t *testing.T, text, value string) {
		clean := cleanText(text, slices.Values([]string{value}))
		assert.LessOrEqual(t, len(clean), maxTextBytes)
		if clean == cut(clean, maxTextBytes-utf8Max) { // else the last word may be cut
			assertKnown(t, clean)
		}
	})
}

// utf8Max is as much as a cut may take besides what is too long.
const utf8Max = 3

func assertKnown(t *testing.T, clean string) {
	t.Helper()
	if knownTexts[clean] {
		return
	}
	for _, field := range strings.Fields(strings.ReplaceAll(clean, mask, "")) {
		known := vocabulary[trimmed(field)]
		for _, w := range wordsOf(field) {
			_, err := strconv.Atoi(w)
			assert.True(t, known || vocabulary[w] || err == nil && len(w) < 5, "%q in %q", w, clean)
		}
	}
}

func BenchmarkCleanText(b *testing.B) {
	records := make([]Record, MaxUploadRecords)
	for i := range records {
		raw := fmt.Sprintf(`{"type":"event","identity":"user-%d","evtName":"Item Viewed","evtData":{"sku":"SKU-%d","name":"Garden chair",`+
			`"note":"this value is not valid in the list of the records: please try again","price":4.5}}`, i, i)
		records[i] = Record{Raw: []byte(raw)}
	}
	for name, text := range map[string]string{
		"known":   "Malformed request",
		"unknown": "Request is not valid: user-17 in the list of records, please try again",
		"long":    strings.Repeat("this value is not valid ", maxCleanedBytes/24),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				cleanText(text, sentValues(records))
			}
		})
	}
}
