package clevertap

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// errPieces is a document that is no JSON, or not all of it.
var errPieces = errors.New("not a whole JSON document")

// pieces cuts a JSON document into values as it arrives. It looks for their ends only: the caller checks whether a value
// is valid.
type pieces struct {
	r *bufio.Reader
	// piece holds the value read last.
	piece []byte
}

// readBytes is how much of a document is read at once.
const readBytes = 32 << 10

func newPieces(r io.Reader) *pieces { return &pieces{r: bufio.NewReaderSize(r, readBytes)} }

// next returns the first byte that is not white space, and leaves it there.
func (p *pieces) next() (byte, error) {
	for {
		c, err := p.r.ReadByte()
		if err != nil {
			return 0, err
		}
		if !isSpace(c) {
			return c, p.r.UnreadByte()
		}
	}
}

// take takes the next byte.
func (p *pieces) take() (byte, error) {
	c, err := p.next()
	if err == nil {
		_, err = p.r.Discard(1)
	}
	return c, err
}

// list reads an object or an array that begins with open, and has each take one of its members or elements.
func (p *pieces) list(open byte, each func() error) error {
	end := open + 2 // in ASCII, for both kinds
	if _, err := p.take(); err != nil {
		return err
	}
	if c, err := p.next(); err != nil || c == end {
		_, _ = p.r.Discard(1)
		return err
	}
	for {
		if err := each(); err != nil {
			return err
		}
		switch c, err := p.take(); {
		case err != nil:
			return err
		case c == end:
			return nil
		case c != ',':
			return errPieces
		}
	}
}

// name reads the name of a member and the colon behind it.
func (p *pieces) name() (name string, err error) {
	quoted, err := p.value()
	if err != nil {
		return "", err
	}
	if json.Unmarshal(quoted, &name) != nil {
		return "", errPieces
	}
	if c, err := p.take(); err != nil || c != ':' {
		return "", errors.Join(err, errPieces)
	}
	return name, nil
}

// value reads one value. Its bytes are good until the next call.
func (p *pieces) value() ([]byte, error) {
	if _, err := p.next(); err != nil {
		return nil, err
	}
	var end ending
	for p.piece = p.piece[:0]; ; {
		if _, err := p.r.Peek(1); err != nil {
			return nil, err
		}
		arrived, _ := p.r.Peek(p.r.Buffered())
		n, found := end.find(arrived)
		p.piece = append(p.piece, arrived[:n]...)
		if _, err := p.r.Discard(n); err != nil || found {
			return p.piece, err
		}
	}
}

// ending looks for the end of a value that arrives in parts.
type ending struct {
	depth            int
	quoted, escaping bool
}

// find returns how many bytes belong to the value, and whether it ends with them.
func (e *ending) find(part []byte) (n int, found bool) {
	for i, c := range part {
		switch {
		case e.escaping:
			e.escaping = false
		case e.quoted:
			e.escaping, e.quoted = c == '\\', c != '"'
			if !e.quoted && e.depth == 0 {
				return i + 1, true
			}
		case c == '"':
			e.quoted = true
		case c == '{' || c == '[':
			e.depth++
		case (c == '}' || c == ']') && e.depth > 0:
			if e.depth--; e.depth == 0 {
				return i + 1, true
			}
		case e.depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']' || isSpace(c)):
			return i, true
		}
	}
	return len(part), false
}
