package segment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/valyala/fastjson"
)

// Parser reads calls. It reuses its memory from one Parse to the next, so it serves one goroutine at a time.
//
// It stands on fastjson, which parses calls about ten times as fast as encoding/json and leaves numbers as they are
// written. What that library lets pass (numbers such as 1.2.3, bad escapes) is refused here.
type Parser struct {
	json fastjson.Parser
	// clean holds a copy of a document that had to be repaired before parsing.
	clean []byte
}

// Document is what one Parse found: one call, or the calls of an envelope or array.
type Document struct {
	// Bare tells that the document is one call, not an envelope or an array.
	Bare bool

	root     Value
	envelope Value
	calls    Value
	route    Type // of calls that name no type themselves
}

// Parse reads one JSON document. Its error, an *Error, says that there are no calls in it: InvalidJSON or EmptyBatch.
func (p *Parser) Parse(raw []byte) (Document, error) {
	root, err := p.parse(raw)
	if err != nil {
		return Document{}, err
	}
	doc := Document{Bare: true, root: root}
	switch root.Kind() {
	case Array:
		doc.Bare, doc.calls = false, root
	case Object:
		batch := root.Get("batch")
		_, err := decodeType(root.Get("type"))
		switch {
		case batch.Kind() == Null || err == nil: // a call may have any member
		case batch.Kind() == Array:
			doc.Bare, doc.envelope, doc.calls = false, root, batch
		default:
			return Document{}, &Error{InvalidJSON, "batch", "must be an array of calls"}
		}
	default:
		return Document{}, &Error{InvalidJSON, "", "a call must be a JSON object"}
	}
	if !doc.Bare && doc.calls.Len() == 0 {
		return Document{}, &Error{EmptyBatch, "batch", "holds no calls"}
	}
	return doc, nil
}

// ParseValue reads one JSON document that need not hold calls. Its error is an *Error with the reason InvalidJSON.
func (p *Parser) ParseValue(raw []byte) (Value, error) {
	return p.parse(raw)
}

// Calls counts the calls of the document.
func (d Document) Calls() int {
	if d.Bare {
		return 1
	}
	return d.calls.Len()
}

// Call decodes call i. The error, an *Error, says what is wrong with this call alone.
func (d Document) Call(i int) (Call, error) {
	return decodeCall(d.item(i), d.envelope, d.route)
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
	return Value{d.calls.v.GetArray()[i]}
}

func (p *Parser) parse(raw []byte) (Value, error) {
	if tooDeep(raw) {
		return Value{}, &Error{InvalidJSON, "", fmt.Sprintf("is nested deeper than %d levels", fastjson.MaxDepth)}
	}
	if err := fastjson.ValidateBytes(raw); err != nil {
		return Value{}, syntaxError(raw)
	}
	if bytes.Contains(raw, []byte(`\u`)) {
		p.clean = replaceLoneSurrogates(p.clean[:0], raw)
		raw = p.clean
	}
	v, err := p.json.ParseBytes(raw)
	if err != nil {
		return Value{}, syntaxError(raw)
	}
	return Value{v}, nil
}

// tooDeep keeps deep nesting away from the recursive parser, whose errors grow with the square of the depth.
func tooDeep(raw []byte) bool {
	if bytes.Count(raw, []byte{'{'})+bytes.Count(raw, []byte{'['}) < fastjson.MaxDepth {
		return false
	}
	depth, inString := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth >= fastjson.MaxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
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
