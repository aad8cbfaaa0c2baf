package mapping

import "bytes"

// attributes is a set of encoded members, `,"key":value`, under construction. Of members that meet in one key it keeps
// one.
type attributes struct {
	buf  []byte
	list []attribute
	seq  uint64
	// gaps tells that buf also holds members that gave way to others.
	gaps bool
}

type attribute struct {
	start, end int
	rank       rank
	// keep exempts the member when there are too many.
	keep bool
}

// rank orders members by their claim to a key: of two members the higher one stays, of equals the first.
type rank uint8

const (
	ordinary rank = iota
	// sameName is a member whose source name is the target name already.
	sameName
	// fixed is a member that the call itself provides; nothing displaces it, and that is no collision.
	fixed
)

// open empties the set. Seq must be one that no other set of the same key table has.
func (a *attributes) open(seq uint64) {
	a.buf, a.list, a.seq, a.gaps = a.buf[:0], a.list[:0], seq, false
}

// begin starts a member; append its value to the returned buffer and hand that to commit. Without a commit the member
// never was.
func (a *attributes) begin(t *target) []byte {
	return append(a.buf, t.json...)
}

// commit ends the member that begin started, and tells whether two different values met in the key.
func (a *attributes) commit(t *target, r rank, buf []byte) (collided bool) {
	added := attribute{start: len(a.buf), end: len(buf), rank: r, keep: t.keep || r == fixed}
	if t.seen != a.seq {
		t.seen, t.slot = a.seq, len(a.list)
		a.list = append(a.list, added)
		a.keep(buf)
		return false
	}
	present := &a.list[t.slot]
	if present.rank == fixed || bytes.Equal(a.buf[present.start:present.end], buf[added.start:added.end]) {
		a.drop(buf)
		return false
	}
	if r > present.rank {
		*present = added
		a.keep(buf)
		a.gaps = true
	} else {
		a.drop(buf)
	}
	return true
}

// keep takes over what begin's buffer has become. While it has not grown it is the set's own, of which only the length
// changes: no pointer is written, which the garbage collector would have to hear of with every member.
func (a *attributes) keep(buf []byte) {
	if cap(buf) != cap(a.buf) {
		a.buf = buf
		return
	}
	a.buf = a.buf[:len(buf)]
}

// drop forgets the member at the end of buf, but keeps the room that was made for it: to make it again for every such
// member would copy all others each time.
func (a *attributes) drop(buf []byte) { a.keep(buf[:len(a.buf)]) }

// has tells whether the set holds a key.
func (a *attributes) has(t *target) bool { return t.seen == a.seq }

// value is the encoded value of a key that the set holds.
func (a *attributes) value(t *target) []byte {
	at := a.list[t.slot]
	return a.buf[at.start+len(t.json) : at.end]
}

// appendTo appends the members, joined by commas, at most limit of them: the exempt ones, and of the others the first. It
// tells whether some were left out.
func (a *attributes) appendTo(dst []byte, limit int) (out []byte, surplus bool) {
	if len(a.list) > limit {
		return a.appendChosen(dst, limit), true
	}
	if a.gaps {
		return a.appendChosen(dst, limit), false
	}
	if len(a.buf) > 0 {
		dst = append(dst, a.buf[1:]...)
	}
	return dst, false
}

// appendChosen appends the members that have a place within the limit.
func (a *attributes) appendChosen(dst []byte, limit int) []byte {
	others := limit
	if len(a.list) > limit {
		for _, at := range a.list {
			if at.keep {
				others--
			}
		}
	}
	first := true
	for _, at := range a.list {
		if !at.keep {
			if others <= 0 {
				continue
			}
			others--
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, a.buf[at.start+1:at.end]...)
	}
	return dst
}
