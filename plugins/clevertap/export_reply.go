package clevertap

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
)

// exportReply is what CleverTap answers to exports and to questions for the schema.
type exportReply struct {
	reply
	Cursor  string
	Next    string
	Records []json.RawMessage
	Events  []schemaEvent
}

type schemaEvent struct {
	Name string `json:"name"`
}

// readExport reads a reply piece by piece, so that a page is held once, as its records, and not as a whole besides.
func readExport(body io.Reader) (exportReply, error) {
	var answer exportReply
	pieces := newPieces(body)
	switch first, err := pieces.next(); {
	case errors.Is(err, io.EOF):
		return answer, emptyReply()
	case err != nil:
		return answer, err
	case first != '{':
		return answer, otherForm()
	}
	err := pieces.list('{', func() error { return answer.member(pieces) })
	if err != nil {
		return answer, err
	}
	if _, err := pieces.next(); !errors.Is(err, io.EOF) {
		return answer, cmp.Or(err, errPieces) // the connection broke, or something follows
	}
	return answer, nil
}

func (r *exportReply) member(pieces *pieces) error {
	name, err := pieces.name()
	if err != nil {
		return err
	}
	first, err := pieces.next()
	if err != nil {
		return err
	}
	if name == "records" && first == '[' {
		return pieces.list('[', func() error { return r.record(pieces) })
	}
	raw, err := pieces.value()
	if err != nil {
		return err
	}
	var mistyped *json.UnmarshalTypeError
	if err = r.set(name, raw); errors.As(err, &mistyped) {
		return otherForm()
	}
	return err
}

func (r *exportReply) record(pieces *pieces) error {
	raw, err := pieces.value()
	if err != nil {
		return err
	}
	if !json.Valid(raw) {
		return errPieces
	}
	r.Records = append(r.Records, bytes.Clone(raw))
	return nil
}

func (r *exportReply) set(name string, raw []byte) error {
	switch name {
	case "status":
		return json.Unmarshal(raw, &r.Status)
	case "error":
		return json.Unmarshal(raw, &r.Error)
	case "cursor":
		return json.Unmarshal(raw, &r.Cursor)
	case "next_cursor":
		return json.Unmarshal(raw, &r.Next)
	case "events":
		return json.Unmarshal(raw, &r.Events)
	case "records":
		return json.Unmarshal(raw, &r.Records) // null, or an error
	case "code":
		r.setCode(raw)
	}
	if !json.Valid(raw) {
		return errPieces
	}
	return nil
}
