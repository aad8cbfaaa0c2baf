package segment

import "time"

// ISOTime is an instant read from text.
type ISOTime struct {
	// Unix is the instant in seconds since 1970, rounded down.
	Unix int64
	// Year, Month and Day are the calendar date as written, whatever the zone.
	Year, Month, Day int
}

// ParseISO8601 reads text that is wholly an extended ISO 8601 date or date-time: YYYY-MM-DD, optionally followed by T
// or a space and HH:MM[:SS[.fraction]], optionally followed by a zone (Z, ±HH:MM, ±HHMM or ±HH). A date alone is
// midnight, and no zone is UTC. The date must exist in the calendar. Fractions may have any length: clients send from
// none to nine digits.
func ParseISO8601(s string) (ISOTime, bool) {
	if len(s) < len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return ISOTime{}, false
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return ISOTime{}, false
	}
	clock, offset, ok := parseClock(s[10:])
	if !ok {
		return ISOTime{}, false
	}
	midnight := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix()
	return ISOTime{Unix: midnight + int64(clock-offset), Year: year, Month: month, Day: day}, true
}

// parseClock reads what follows the date: seconds since midnight, and the zone's seconds east of UTC.
func parseClock(s string) (clock, offset int, ok bool) {
	if s == "" {
		return 0, 0, true
	}
	if len(s) < len("T15:04") || s[0] != 'T' && s[0] != ' ' || s[3] != ':' {
		return 0, 0, false
	}
	hour, ok1 := digits(s[1:3])
	minute, ok2 := digits(s[4:6])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, 0, false
	}
	second, rest, ok := parseSeconds(s[6:])
	if !ok {
		return 0, 0, false
	}
	offset, ok = parseZone(rest)
	return hour*3600 + minute*60 + second, offset, ok
}

// parseSeconds reads an optional :SS and an optional fraction, which only has to be well formed.
func parseSeconds(s string) (second int, rest string, ok bool) {
	if s == "" || s[0] != ':' {
		return 0, s, true
	}
	if len(s) < len(":05") {
		return 0, "", false
	}
	if second, ok = digits(s[1:3]); !ok || second > 59 {
		return 0, "", false
	}
	s = s[3:]
	if s == "" || s[0] != '.' && s[0] != ',' {
		return second, s, true
	}
	n := 1
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return second, s[n:], n > 1
}

// parseZone reads a zone to the end of the text, in seconds east of UTC.
func parseZone(s string) (offset int, ok bool) {
	if s == "" || s == "Z" {
		return 0, true
	}
	sign := 1
	switch s[0] {
	case '+':
	case '-':
		sign = -1
	default:
		return 0, false
	}
	s = s[1:]
	if len(s) == len("07:00") && s[2] == ':' {
		return zoneOffset(sign, s[:2], s[3:])
	}
	if len(s) == len("0700") {
		return zoneOffset(sign, s[:2], s[2:])
	}
	return zoneOffset(sign, s, "00")
}

func zoneOffset(sign int, hours, minutes string) (int, bool) {
	h, ok1 := digits(hours)
	m, ok2 := digits(minutes)
	return sign * (h*3600 + m*60), ok1 && ok2 && len(hours) == 2 && h <= 23 && m <= 59
}

func digits(s string) (n int, ok bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, s != ""
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// Midnight is the start of the calendar date as written, in UTC, in seconds since 1970.
func (t ISOTime) Midnight() int64 {
	return time.Date(t.Year, time.Month(t.Month), t.Day, 0, 0, 0, 0, time.UTC).Unix()
}
