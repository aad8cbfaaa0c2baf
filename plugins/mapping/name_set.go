package mapping

// nameSet is the names that an object under construction has already. Its memory is used again.
type nameSet struct {
	names []string
	// tells has a bit for each name that may be in names; most new names are known to be new by it.
	tells [4]uint64
	// many holds the names when looking at each would cost the square of their number.
	many map[string]bool
}

// manyNames is how many it takes for a map to be faster.
const manyNames = 32

func (s *nameSet) reset() {
	s.names, s.tells, s.many = s.names[:0], [4]uint64{}, nil
}

// add adds a name, and tells whether it is new. The name must stay as it is until the next reset.
func (s *nameSet) add(name string) bool {
	if s.many != nil {
		if s.many[name] {
			return false
		}
		s.many[name] = true
		return true
	}
	word, bit := tell(name)
	if s.tells[word]&bit != 0 {
		for _, known := range s.names {
			if known == name {
				return false
			}
		}
	}
	s.tells[word] |= bit
	if s.names = append(s.names, name); len(s.names) > manyNames {
		s.many = make(map[string]bool, 4*manyNames)
		for _, known := range s.names {
			s.many[known] = true
		}
	}
	return true
}

// tell is one of 256 bits, by a name's length and ends.
func tell(name string) (word int, bit uint64) {
	h := len(name) * 31
	if name != "" {
		h += int(name[0])*7 + int(name[len(name)-1])*13 + int(name[len(name)/2])
	}
	return h >> 6 & 3, 1 << (h & 63)
}
