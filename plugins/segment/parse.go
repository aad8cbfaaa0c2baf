package segment

import "github.com/clevertap-segment/clevertap-segment/plugins/jsontree"

// Parser reads calls. It reuses its memory from one Parse to the next, so it serves one goroutine at a time.
type Parser struct {
	json  jsontree.Parser
	calls []jsontree.Value
}

// Release gives back the memory that a large document took, for parsers that are kept, and tells whether it was one. The
// calls of a large document are not valid beyond it.
func (p *Parser) Release() (large bool) {
	if large = p.json.Release(); large {
		p.calls = nil
	}
	return large
}

// Document is what one Parse found: one call, or the calls of an envelope or array.
type Document struct {
	// Bare tells that the document is one call, not an envelope or an array.
	Bare bool

	root     jsontree.Value
	envelope envelope
	calls    []jsontree.Value
	route    Type // of calls that name no type themselves
}

// Parse reads one JSON document. Its error, an *Error, says that there are no calls in it: InvalidJSON or EmptyBatch.
func (p *Parser) Parse(raw []byte) (Document, error) {
	root, err := p.parse(raw)
	if err != nil {
		return Document{}, err
	}
	switch root.Kind() {
	case jsontree.Array:
		return p.filled(root, Document{root: root})
	case jsontree.Object:
		batch := root.Get("batch")
		if batch.Kind() == jsontree.Null {
			return Document{Bare: true, root: root}, nil
		}
		if _, err := decodeType(root.Get("type")); err == nil { // a call may have any member
			return Document{Bare: true, root: root}, nil
		}
		if batch.Kind() != jsontree.Array {
			return Document{}, &Error{InvalidJSON, "batch", "must be an array of calls"}
		}
		return p.filled(batch, Document{root: root, envelope: envelopeOf(root)})
	default:
		return Document{}, &Error{InvalidJSON, "", "a call must be a JSON object"}
	}
}

// parse reads one JSON document.
func (p *Parser) parse(raw []byte) (jsontree.Value, error) {
	root, err := p.json.Parse(raw)
	if err != nil {
		return root, &Error{InvalidJSON, "", err.Error()}
	}
	return root, nil
}

// filled is a document with these calls, of which there must be one at least.
func (p *Parser) filled(calls jsontree.Value, doc Document) (Document, error) {
	if calls.Len() == 0 {
		return Document{}, &Error{EmptyBatch, "batch", "holds no calls"}
	}
	return p.batch(calls, doc), nil
}

// batch is a document with these calls.
func (p *Parser) batch(calls jsontree.Value, doc Document) Document {
	p.calls = p.calls[:0]
	for _, call := range calls.Elements() {
		p.calls = append(p.calls, call)
	}
	doc.calls = p.calls
	return doc
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

func (d Document) item(i int) jsontree.Value {
	if d.Bare {
		return d.root
	}
	return d.calls[i]
}
