package mapping

import (
	"unicode"
	"unicode/utf8"
)

// SnakeCase writes a name in lower case with its words joined by `_`. Words end at anything but letters, marks and
// digits, where a capital follows a lower-case letter, and before the last capital of a run of capitals that is
// followed by a lower-case letter. Digits stay with the word before them and marks with their letter.
//
//	Industry Of Traits → industry_of_traits    HTTPServerName → http_server_name
//	userID             → user_id               item2Name      → item2_name
//	Plan Name (v2)     → plan_name_v2          B2BSales       → b2b_sales
func SnakeCase(name string) string {
	if isSnake(name) {
		return name
	}
	return string(appendSnake(make([]byte, 0, len(name)+8), name))
}

// isSnake spots the names that need no work, which are most.
func isSnake(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			continue
		}
		if c != '_' || i == 0 || i == len(name)-1 || name[i-1] == '_' {
			return false
		}
	}
	return true
}

func appendSnake(dst []byte, name string) []byte {
	var before class // of the last letter or digit; a gap at the start of a word
	for i, r := range name {
		is := classOf(r)
		if is == gap {
			before = gap
			continue
		}
		starts := before == gap && len(dst) > 0
		if is == upper {
			next := classAfter(name[i+utf8.RuneLen(r):])
			starts = starts || before == lower || next == lower && before != gap
		}
		if starts {
			dst = append(dst, '_')
		}
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
		if is != mark {
			before = is
		} else if before == gap {
			before = other
		}
	}
	return dst
}

// class is what a character means for the words of a name.
type class int

const (
	gap   class = iota // ends a word
	mark               // belongs to the letter before it
	other              // digits, and letters without case
	lower
	upper
)

func classOf(r rune) class {
	switch {
	case r >= 'a' && r <= 'z':
		return lower
	case r >= '0' && r <= '9':
		return other
	case r < utf8.RuneSelf && (r < 'A' || r > 'Z'):
		return gap
	case unicode.IsUpper(r) || unicode.IsTitle(r):
		return upper
	case unicode.IsLower(r):
		return lower
	case unicode.IsMark(r):
		return mark
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return other
	default:
		return gap
	}
}

// classAfter is the class of the next character that is not a mark.
func classAfter(rest string) class {
	for _, r := range rest {
		if c := classOf(r); c != mark {
			return c
		}
	}
	return gap
}
