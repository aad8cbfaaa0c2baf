package mapping

import (
	"net/mail"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The short way to recognise an address says nothing that the long one would not.
func TestPlainAddressesAreAddresses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringOf(rapid.SampledFrom([]rune("aZz09.-_+ @\"'()é\t")))
		text := part.Draw(t, "local") + "@" + part.Draw(t, "domain")
		local, domain, _ := strings.Cut(text, "@")
		if !isPlainAtoms(local) || !isPlainAtoms(domain) {
			return
		}
		if address, err := mail.ParseAddress(text); err != nil || address.Address != text {
			t.Fatalf("%q is taken for an address", text)
		}
	})
}

// However many numbers a mapper has seen, and whatever it has forgotten again, it answers like a new one.
func TestAPhoneBookIsNeverWrong(t *testing.T) {
	var book phoneBook
	numbers := []string{
		"+4915123456789", "0151 23456789", "+919876543210", "12", "", "+1 650 253 0000", "tel",
		"tel: +49 (0) 151 / 23 45 67 89 mobile", "+1 650 253 0000\x00",
	}
	rapid.Check(t, func(t *rapid.T) {
		if rapid.Bool().Draw(t, "full") {
			fill(&book)
		}
		text := rapid.SampledFrom(numbers).Draw(t, "number")
		got := book.e164(text, "DE")
		if want := toE164(text, "DE"); string(got.text()) != want {
			t.Fatalf("%q became %q, not %q", text, got.text(), want)
		}
		if len(book.numbers) > maxPhones {
			t.Fatalf("%d numbers are remembered", len(book.numbers))
		}
	})
}

// fill makes a phone book full.
func fill(book *phoneBook) {
	for i := 0; len(book.numbers) > 0 && len(book.numbers) < maxPhones; i++ {
		key, _ := shorten(strconv.Itoa(i))
		book.numbers[key] = shortText{}
	}
}
