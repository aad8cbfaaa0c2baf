package jsontree

import "unsafe"

// What the reader takes. Nobody sends calls of half that depth or length on purpose.
const (
	// MaxDepth is how deeply a document may be nested.
	MaxDepth = 299
	// maxBytes keeps positions within 32 bits.
	maxBytes = 2 << 30
)

// invalid is what the reader's functions return in place of a position.
const invalid = -1

// reader reads JSON (RFC 8259) into nodes in one pass over its bytes. What encoding/json accepts it accepts, down to
// MaxDepth, and nothing else.
//
// Its functions take the position at which they start and return the one after what they read, or invalid.
type reader struct {
	// buf is the document, and padding zeros after it: no text, number or word goes on over a zero, so that nothing
	// needs to check for the end.
	buf   []byte
	nodes []node
	depth int
	// deep tells that the document is invalid because of its depth.
	deep bool
}

// padding is how far beyond the document's end the reader may look.
const padding = 8

// read reads the document raw, and tells whether it is valid. It keeps a copy, since it resolves escapes in place.
func (r *reader) read(raw []byte) bool {
	r.buf = append(append(r.buf[:0], raw...), make([]byte, padding)...)
	r.nodes, r.depth, r.deep = r.nodes[:0], 0, false
	end := r.value(skipSpace(r.buf, 0), r.node())
	return end != invalid && skipSpace(r.buf, end) == len(raw)
}

// node makes room for a value. The pointer is good until the next one.
func (r *reader) node() *node {
	at := len(r.nodes)
	if at == cap(r.nodes) {
		r.nodes = append(r.nodes, node{})
	}
	r.nodes = r.nodes[:at+1]
	n := &r.nodes[at]
	n.name, n.nameMarks, n.textMarks = span{}, 0, 0
	n.next = uint32(at + 1)
	return n
}

// value reads any value into n, whose name is set already.
func (r *reader) value(i int, n *node) (end int) {
	switch r.buf[i] {
	case '"':
		n.kind = String
		n.text, n.textMarks, end = r.text(i + 1)
		return end
	case '{', '[':
		return r.container(i, n)
	case 't':
		n.kind = Bool
		return r.word(i, n, "true")
	case 'f':
		n.kind = Bool
		return r.word(i, n, "false")
	case 'n':
		n.kind = Null
		return r.word(i, n, "null")
	default:
		n.kind = Number
		end = number(r.buf, i)
		n.text = span{uint32(i), uint32(end)}
		return end
	}
}

func (r *reader) word(i int, n *node, word string) (end int) {
	end = i + len(word)
	if end > len(r.buf) || string(r.buf[i:end]) != word {
		return invalid
	}
	n.text = span{uint32(i), uint32(end)}
	return end
}

// container reads an object or an array.
func (r *reader) container(i int, n *node) (end int) {
	if r.depth++; r.depth > MaxDepth {
		r.deep = true
		return invalid
	}
	at := len(r.nodes) - 1
	var count uint32
	if r.buf[i] == '{' {
		n.kind = Object
		end, count = r.members(skipSpace(r.buf, i+1))
	} else {
		n.kind = Array
		end, count = r.elements(skipSpace(r.buf, i+1))
	}
	r.depth--
	whole := &r.nodes[at]
	whole.text, whole.count, whole.next = span{uint32(i), uint32(end)}, count, uint32(len(r.nodes))
	return end
}

func (r *reader) members(i int) (end int, count uint32) {
	buf := r.buf
	if buf[i] == '}' {
		return i + 1, 0
	}
	for {
		if buf[i] != '"' {
			return invalid, 0
		}
		n := r.node()
		if n.name, n.nameMarks, i = r.text(i + 1); i == invalid {
			return invalid, 0
		}
		if i = skipSpace(buf, i); buf[i] != ':' {
			return invalid, 0
		}
		if i = skipSpace(buf, i+1); buf[i] == '"' { // as in value, which most members need not call
			n.kind = String
			n.text, n.textMarks, i = r.text(i + 1)
		} else {
			i = r.value(i, n)
		}
		if i == invalid {
			return invalid, 0
		}
		count++
		switch i = skipSpace(buf, i); buf[i] {
		case ',':
			i = skipSpace(buf, i+1)
		case '}':
			return i + 1, count
		default:
			return invalid, 0
		}
	}
}

func (r *reader) elements(i int) (end int, count uint32) {
	buf := r.buf
	if buf[i] == ']' {
		return i + 1, 0
	}
	for {
		if i = r.value(i, r.node()); i == invalid {
			return invalid, 0
		}
		count++
		switch i = skipSpace(buf, i); buf[i] {
		case ',':
			i = skipSpace(buf, i+1)
		case ']':
			return i + 1, count
		default:
			return invalid, 0
		}
	}
}

// tree is what was read. Its text is a view of the reader's buffer, which does not change before the next read; values are
// not valid beyond it.
func (r *reader) tree() tree {
	return tree{text: unsafe.String(unsafe.SliceData(r.buf), len(r.buf)), nodes: r.nodes}
}

func skipSpace(buf []byte, i int) int {
	for buf[i] <= ' ' && (buf[i] == ' ' || buf[i] == '\n' || buf[i] == '\r' || buf[i] == '\t') {
		i++
	}
	return i
}
