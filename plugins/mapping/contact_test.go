package mapping

import (
	"net/mail"
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
	numbers := []string{"+4915123456789", "0151 23456789", "+919876543210", "12", "", "+1 650 253 0000", "tel"}
	rapid.Check(t, func(t *rapid.T) {
		if rapid.Bool().Draw(t, "full") {
			book.memory = maxPhoneMemory
		}
		text := rapid.SampledFrom(numbers).Draw(t, "number")
		if got, want := book.e164(text, "DE"), toE164(text, "DE"); got != want {
			t.Fatalf("%q became %q, not %q", text, got, want)
		}
	})
}
