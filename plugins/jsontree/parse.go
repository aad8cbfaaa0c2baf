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

// Error says why something is not a document. It never holds any of it.
type Error struct{ Rule string }

// Error is the rule that was broken.
func (e *Error) Error() string { return e.Rule }

// Parse reads one JSON document. Its error is an *Error.
func (p *Parser) Parse(raw []byte) (Value, error) {
	if len(raw) > maxBytes {
		return Value{}, &Error{"is longer than 2 GiB"}
	}
	if !p.reader.read(raw) {
		if p.reader.deep {
			return Value{}, &Error{fmt.Sprintf("is nested deeper than %d levels", MaxDepth-1)}
		}
		return Value{}, syntaxError(raw)
	}
	p.tree = p.reader.tree()
	return Value{&p.tree, 0}, nil
}

// syntaxError finds the place of an error that is already known. The library's own text would quote the data.
func syntaxError(raw []byte) error {
	var any json.RawMessage
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(raw, &any), &syntax) {
		return &Error{fmt.Sprintf("syntax error at byte %d", syntax.Offset)}
	}
	return &Error{"is not valid JSON"}
}
