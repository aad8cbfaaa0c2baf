package segment

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Parser reads calls. It reuses its memory from one Parse to the next, so it serves one goroutine at a time.
type Parser struct {
	reader reader
	tree   tree
	calls  []Value
}

// Document is what one Parse found: one call, or the calls of an envelope or array.
type Document struct {
	// Bare tells that the document is one call, not an envelope or an array.
	Bare bool

	root     Value
	envelope envelope
	calls    []Value
	route    Type // of calls that name no type themselves
}

// Parse reads one JSON document. Its error, an *Error, says that there are no calls in it: InvalidJSON or EmptyBatch.
func (p *Parser) Parse(raw []byte) (Document, error) {
	root, err := p.ParseValue(raw)
	if err != nil {
		return Document{}, err
	}
	switch root.Kind() {
	case Array:
		return p.filled(root, Document{root: root})
	case Object:
		batch := root.Get("batch")
		if batch.Kind() == Null {
			return Document{Bare: true, root: root}, nil
		}
		if _, err := decodeType(root.Get("type")); err == nil { // a call may have any member
			return Document{Bare: true, root: root}, nil
		}
		if batch.Kind() != Array {
			return Document{}, &Error{InvalidJSON, "batch", "must be an array of calls"}
		}
		return p.filled(batch, Document{root: root, envelope: envelopeOf(root)})
	default:
		return Document{}, &Error{InvalidJSON, "", "a call must be a JSON object"}
	}
}

// filled is a document with these calls, of which there must be one at least.
func (p *Parser) filled(calls Value, doc Document) (Document, error) {
	if calls.Len() == 0 {
		return Document{}, &Error{EmptyBatch, "batch", "holds no calls"}
	}
	return p.batch(calls, doc), nil
}

// batch is a document with these calls.
func (p *Parser) batch(calls Value, doc Document) Document {
	p.calls = p.calls[:0]
	for _, call := range calls.Elements() {
		p.calls = append(p.calls, call)
	}
	doc.calls = p.calls
	return doc
}

// ParseValue reads one JSON document that need not hold calls. Its error is an *Error with the reason InvalidJSON.
func (p *Parser) ParseValue(raw []byte) (Value, error) {
	if len(raw) > maxBytes {
		return Value{}, &Error{InvalidJSON, "", "is longer than 2 GiB"}
	}
	if !p.reader.read(raw) {
		if p.reader.deep {
			return Value{}, &Error{InvalidJSON, "", fmt.Sprintf("is nested deeper than %d levels", maxDepth)}
		}
		return Value{}, syntaxError(raw)
	}
	p.tree = p.reader.tree()
	return Value{&p.tree, 0}, nil
}

// Calls counts the calls of the document.
func (d Document) Calls() int {
	if d.Bare {
		return 1
	}
	return len(d.calls)
}

// Call decodes call i. The error, an *Error, says what is wrong with this call alone.
func (d Document) Call(i int) (Call, error) {
	var c Call
	err := d.Decode(i, &c)
	return c, err
}

// Decode is Call into memory that is there already.
func (d Document) Decode(i int, c *Call) error {
	*c = Call{}
	return c.decode(d.item(i), d.envelope, d.route)
}

// AppendCall appends call i as JSON, merged with its envelope: `context` and `integrations` member by member, `sentAt`
// as a whole; the call's own members win. It also serves for calls that do not decode.
func (d Document) AppendCall(dst []byte, i int) []byte {
	return appendMerged(dst, d.item(i), d.envelope)
}

func (d Document) item(i int) Value {
	if d.Bare {
		return d.root
	}
	return d.calls[i]
}

// syntaxError finds the place of an error that is already known. The parser's own text would quote the data.
func syntaxError(raw []byte) error {
	var document json.RawMessage
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(raw, &document), &syntax) {
		return &Error{InvalidJSON, "", fmt.Sprintf("syntax error at byte %d", syntax.Offset)}
	}
	return &Error{InvalidJSON, "", "is not valid JSON"}
}
