package jsontree

// node is one value of a document. The members of an object and the elements of an array follow it in the order of the
// document, each with everything that belongs to it: a document is one flat list of nodes, without pointers.
type node struct {
	// name is the name of a member, without its quotes; empty for elements.
	name span
	// text is the content of a string, or anything else as written.
	text span
	// next is the node that follows this one and everything in it.
	next uint32
	// count is how many members or elements it has.
	count     uint32
	kind      Kind
	nameMarks marks
	textMarks marks
}

// span is a part of the document's bytes.
type span struct{ start, end uint32 }

// marks tell what reading a text has shown, so that nothing has to look at it again.
type marks uint8

const (
	// escaped text may hold characters that JSON has to escape. All other text stands in the document as it would be
	// written.
	escaped marks = 1 << iota
	// broken text is not UTF-8.
	broken
)

// tree is a document that has been read.
type tree struct {
	// text is the parser's copy of the document, with the escapes of its strings resolved in place.
	text  string
	nodes []node
}

func (t *tree) of(s span) string { return t.text[s.start:s.end] }
