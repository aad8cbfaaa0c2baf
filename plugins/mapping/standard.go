package mapping

import (
	"strconv"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// CleverTap's keys for the traits that Segment has standard names for.
// https://developer.clevertap.com/docs/upload-user-profiles-api
const (
	nameKey   = "Name"
	photoKey  = "Photo"
	genderKey = "Gender"
	emailKey  = "Email"
	phoneKey  = "Phone"
	dobKey    = "DOB"
)

// A check appends the value of a key that CleverTap reads itself, made valid, or tells which repair leaves it out: one
// bad value refuses the whole record. An absent value, which stands for an object or a list, is never valid.
// https://developer.clevertap.com/docs/api-errors (514 to 520)
type check func(m *Mapper, dst []byte, v jsontree.Value) (out []byte, invalid Fixes)

// checkOf returns the check of a target key, or nil. The keys that Segment has no name for are compared without regard
// to case, as CleverTap does.
func checkOf(name string) check {
	switch name {
	case nameKey, photoKey:
		return plainText(name)
	case genderKey:
		return appendGender
	case emailKey:
		return appendEmail
	case phoneKey:
		return appendPhone
	case dobKey:
		return appendDOB
	}
	switch strings.ToLower(name) {
	case "employed", "married":
		return appendYesNo
	case "education":
		return appendEducation
	case "age":
		return appendAge
	case "tz":
		return appendTimeZone
	}
	return nil
}

// plainText takes text and numbers. A name or an address is never a date, whatever it looks like.
func plainText(key string) check {
	return func(m *Mapper, dst []byte, v jsontree.Value) ([]byte, Fixes) {
		switch v.Kind() {
		case jsontree.String:
			return m.appendText(dst, key, m.trim(v.Text()), v.Plain()), 0
		case jsontree.Number:
			return v.AppendLiteral(dst), 0
		default:
			return dst, ValueDropped
		}
	}
}

func appendGender(_ *Mapper, dst []byte, v jsontree.Value) ([]byte, Fixes) {
	switch strings.ToLower(scalarText(v)) {
	case "m", "male":
		return append(dst, `"M"`...), 0
	case "f", "female":
		return append(dst, `"F"`...), 0
	}
	return dst, GenderDropped
}

// appendDOB writes a date of birth: of a date or date-time the calendar date as written, since a birthday has no time
// zone; of a number with nine or more digits the instant, in seconds, or milliseconds from 1e10 on.
func appendDOB(_ *Mapper, dst []byte, v jsontree.Value) ([]byte, Fixes) {
	text := scalarText(v)
	switch v.Kind() {
	case jsontree.String:
		if t, ok := segment.ParseISO8601(text); ok {
			return appendDate(dst, t.Midnight()), 0
		}
		if unix, ok := strings.CutPrefix(text, "$D_"); ok && isInteger(unix) {
			return jsontree.AppendString(dst, text), 0
		}
		if !isInteger(text) {
			return dst, DOBDropped
		}
	case jsontree.Number:
	default:
		return dst, DOBDropped
	}
	unix, ok := epoch(text)
	if !ok {
		return dst, DOBDropped
	}
	return appendDate(dst, unix), 0
}

// Epochs as numbers: below nine digits a number is more likely a date such as 19900517, and no birthday lies beyond the
// year 9999.
const (
	minEpoch  = 1e8
	minMillis = 1e10
	maxMillis = 253402300800e3
)

func epoch(text string) (unix int64, ok bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n > -minEpoch && n < minEpoch || n >= maxMillis || n <= -maxMillis {
		return 0, false
	}
	if n >= minMillis || n <= -minMillis {
		n /= 1000
	}
	unix = int64(n)
	if float64(unix) > n {
		unix--
	}
	return unix, true
}

func appendYesNo(_ *Mapper, dst []byte, v jsontree.Value) ([]byte, Fixes) {
	switch strings.ToLower(scalarText(v)) {
	case "y", "yes", "true", "1":
		return append(dst, `"Y"`...), 0
	case "n", "no", "false", "0":
		return append(dst, `"N"`...), 0
	}
	return dst, ValueDropped
}

func appendEducation(_ *Mapper, dst []byte, v jsontree.Value) ([]byte, Fixes) {
	text := scalarText(v)
	for _, level := range [...]string{"School", "College", "Graduate"} {
		if strings.EqualFold(text, level) {
			return jsontree.AppendString(dst, level), 0
		}
	}
	return dst, ValueDropped
}

// appendAge takes what CleverTap takes: a number, or text that is one.
func appendAge(_ *Mapper, dst []byte, v jsontree.Value) ([]byte, Fixes) {
	text := scalarText(v)
	years, err := strconv.ParseFloat(text, 64)
	if err != nil || !isDecimal(text) || years < 0 {
		return dst, ValueDropped
	}
	if v.Kind() == jsontree.String {
		return jsontree.AppendString(dst, text), 0
	}
	return v.AppendLiteral(dst), 0
}

func appendTimeZone(_ *Mapper, dst []byte, v jsontree.Value) ([]byte, Fixes) {
	text := strings.TrimSpace(v.Text())
	if text == "" || len(text) > 64 {
		return dst, ValueDropped
	}
	return jsontree.AppendString(dst, text), 0
}

// scalarText is a string trimmed, or a number or boolean as written; "" for other kinds.
func scalarText(v jsontree.Value) string {
	switch v.Kind() {
	case jsontree.String:
		return strings.TrimSpace(v.Text())
	case jsontree.Number, jsontree.Bool:
		return v.Literal()
	default:
		return ""
	}
}

func isInteger(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && allDigits(s)
}
