package mapping

import "strings"

// isDecimal tells whether text is a decimal number: an optional sign, digits with an optional point, an optional
// exponent. What else Go reads as a number (hexadecimal, underscores, Inf) nobody means by an amount.
func isDecimal(text string) bool {
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(trimSign(text)), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" && fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return false
	}
	exponent = trimSign(exponent)
	return !hasExponent || exponent != "" && allDigits(exponent)
}

// appendDecimal appends decimal text as a JSON number, digit by digit: +5 becomes 5, .5 becomes 0.5, 007.50 becomes 7.50.
func appendDecimal(dst []byte, text string) []byte {
	if text[0] == '-' {
		dst = append(dst, '-')
	}
	text = trimSign(text)
	end := strings.IndexAny(text, "eE")
	if end < 0 {
		end = len(text)
	}
	whole, fraction, _ := strings.Cut(text[:end], ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	dst = append(dst, whole...)
	if fraction != "" {
		dst = append(append(dst, '.'), fraction...)
	}
	return append(dst, text[end:]...)
}

func trimSign(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
