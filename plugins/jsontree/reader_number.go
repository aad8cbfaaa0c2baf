package jsontree

// number reads a number, which may go on in no other way than RFC 8259 says.
func number(buf []byte, i int) (end int) {
	if buf[i] == '-' {
		i++
	}
	if buf[i] == '0' {
		i++
	} else if i = digitsFrom(buf, i); i == invalid {
		return invalid
	}
	if buf[i] == '.' {
		if i = digitsFrom(buf, i+1); i == invalid {
			return invalid
		}
	}
	if buf[i]|0x20 != 'e' {
		return i
	}
	i++
	if buf[i] == '+' || buf[i] == '-' {
		i++
	}
	return digitsFrom(buf, i)
}

// digitsFrom reads one digit or more.
func digitsFrom(buf []byte, i int) (end int) {
	start := i
	for buf[i]-'0' <= 9 {
		i++
	}
	if i == start {
		return invalid
	}
	return i
}
