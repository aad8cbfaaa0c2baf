package jsontree

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Parser reads documents. It reuses its memory from one Parse to the next, so it serves one goroutine at a time.
type Parser struct {
	reader reader
	tree   tree
}

// Parse reads one JSON document. Its error is an *Error.
func (p *Parser) Parse(raw []byte) (Value, error) {
	if len(raw) > maxBytes {
		return Value{}, &Error{Rule: "is longer than 2 GiB"}
	}
	if !p.reader.read(raw) {
		if p.reader.deep {
			return Value{}, &Error{Rule: fmt.Sprintf("is nested deeper than %d levels", MaxDepth), TooDeep: true}
		}
		return Value{}, syntaxError(raw)
	}
	p.tree = p.reader.tree()
	return Value{&p.tree, 0}, nil
}

// Release gives back the memory that a large document took, for parsers that are kept, and tells whether it was one. The
// values of a large document are not valid beyond it.
func (p *Parser) Release() (large bool) {
	large = cap(p.reader.buf) > maxKeptBytes || cap(p.reader.nodes) > maxKeptNodes
	if large {
		*p = Parser{}
	}
	return large
}

// What a parser keeps for the next document.
const maxKeptBytes, maxKeptNodes = 1 << 20, 1 << 16

// Error says why something is not a document. It never holds any of it.
type Error struct {
	Rule string
	// TooDeep tells that it may be JSON, but is nested deeper than MaxDepth.
	TooDeep bool
}

// Error is the rule that was broken.
func (e *Error) Error() string { return e.Rule }

// syntaxError finds the place of an error that is already known. The library's own text would quote the data.
func syntaxError(raw []byte) error {
	var document json.RawMessage
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(raw, &document), &syntax) {
		return &Error{Rule: fmt.Sprintf("syntax error at byte %d", syntax.Offset)}
	}
	return &Error{Rule: "is not valid JSON"}
}
