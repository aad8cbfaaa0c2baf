package mapping

import (
	"net/mail"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// appendEmail takes a bare address with a dotted domain. CleverTap does not publish its own rule.
func appendEmail(_ *Mapper, dst []byte, v jsontree.Value) ([]byte, Fixes) {
	text := strings.TrimSpace(v.Text())
	if len(text) > 254 || !isAddress(text) {
		return dst, EmailDropped
	}
	domain := text[strings.LastIndexByte(text, '@')+1:]
	if dot := strings.LastIndexByte(domain, '.'); dot < 1 || dot == len(domain)-1 || domain[0] == '[' {
		return dst, EmailDropped
	}
	return jsontree.AppendString(dst, text), 0
}

// isAddress tells whether text is an address and nothing else (RFC 5322). Most are of the plainest form, which needs no
// parser.
func isAddress(text string) bool {
	if local, domain, found := strings.Cut(text, "@"); found && isPlainAtoms(local) && isPlainAtoms(domain) {
		return true
	}
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}

// isPlainAtoms tells whether text is words of letters, digits, `-`, `_` and `+`, joined by single dots.
func isPlainAtoms(text string) bool {
	wasDot := true
	for i := 0; i < len(text); i++ {
		c := text[i]
		isDot := c == '.'
		if isDot && wasDot || !isDot && !isPlainAtom(c) {
			return false
		}
		wasDot = isDot
	}
	return !wasDot
}

func isPlainAtom(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '+'
}

// appendPhone writes a number in E.164. Without a country code it is read as one of the region.
// https://docs.clevertap.com/docs/map-data-for-import
func appendPhone(m *Mapper, dst []byte, v jsontree.Value) ([]byte, Fixes) {
	if kind := v.Kind(); kind != jsontree.String && kind != jsontree.Number {
		return dst, PhoneDropped
	}
	number := m.phones.e164(scalarText(v), m.opt.PhoneRegion)
	if number.empty() {
		return dst, PhoneDropped
	}
	return jsontree.AppendString(dst, number.text()), 0
}

// phoneBook remembers what numbers became. The same people are identified again and again, and to check a number costs
// more than everything else about a call.
type phoneBook struct {
	// numbers are in E.164, or empty where the text is no number. Without pointers in it the garbage collector need not
	// look at what is remembered.
	numbers map[shortText]shortText
}

// maxPhones bounds what a phone book remembers, to some 600 KB: as many as fit before a map of that size would grow.
const maxPhones = 7_000

// e164 is a number in E.164, or empty. The text may point into memory that is used again.
func (b *phoneBook) e164(text, region string) shortText {
	key, short := shorten(text)
	if number, known := b.numbers[key]; known && short {
		return number
	}
	number, _ := shorten(toE164(text, region))
	if !short {
		return number
	}
	switch {
	case b.numbers == nil:
		b.numbers = make(map[shortText]shortText, maxPhones) // at once: to grow is to copy it ten times
	case len(b.numbers) >= maxPhones:
		clear(b.numbers)
	}
	b.numbers[key] = number
	return number
}

// toE164 is a number in E.164, of some twenty characters at most, or empty.
func toE164(text, region string) string {
	number, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return ""
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}
