package mapping

// shortText is a text that fits into this place itself. The zero value is the empty text.
type shortText struct {
	bytes  [31]byte
	length uint8
}

// shorten makes a short text, and tells whether it fits.
func shorten(text string) (s shortText, fits bool) {
	if len(text) > len(s.bytes) {
		return shortText{}, false
	}
	s.length = uint8(copy(s.bytes[:], text))
	return s, true
}

func (s shortText) empty() bool { return s.length == 0 }

func (s *shortText) text() []byte { return s.bytes[:s.length] }
