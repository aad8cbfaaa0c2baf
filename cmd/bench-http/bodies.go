package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

const (
	seed     = 20260302
	callSize = 1500

	trackPath = "/v1/track"
	batchPath = "/v1/batch"
)

// template is a request as it goes over the wire.
type template struct {
	raw []byte
	// ids are the places of the message ids that change from one request to the next.
	ids []span
}

type span struct{ from, to int }

// idDigits is how much of a message id's end is replaced by a number.
const idDigits = 12

// newTemplates invents so many requests.
func newTemplates(w workload, count int) ([]template, error) {
	calls := segmentgen.New(segmentgen.Config{Seed: seed, Mix: segmentgen.SpeedMix, Size: callSize})
	templates := make([]template, count)
	for i := range templates {
		t, err := newTemplate(w, calls)
		if err != nil {
			return nil, err
		}
		templates[i] = t
	}
	return templates, nil
}

func (w workload) path() string {
	if w.calls == 1 {
		return trackPath
	}
	return batchPath
}

func newTemplate(w workload, calls *segmentgen.Generator) (template, error) {
	body, encoding := w.body(calls), ""
	if w.packed {
		var err error
		if body, err = packed(body); err != nil {
			return template{}, err
		}
		encoding = "Content-Encoding: gzip\r\n"
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench-http\r\nAuthorization: Basic %s\r\n"+
		"Content-Type: application/json\r\n%sContent-Length: %d\r\n\r\n",
		w.path(), base64.StdEncoding.EncodeToString([]byte(writeKey+":")), encoding, len(body))
	t := template{raw: append([]byte(head), body...)}
	if !w.packed {
		t.ids = findIDs(t.raw)
	}
	return t, nil
}

func (w workload) body(calls *segmentgen.Generator) []byte {
	if w.calls == 1 {
		return calls.Next()
	}
	body := []byte(`{"batch":[`)
	for i := range w.calls {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, calls.Next()...)
	}
	return append(body, `],"sentAt":"2026-03-02T08:00:00.000Z"}`...)
}

func packed(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func findIDs(raw []byte) (ids []span) {
	const name = `"messageId":"`
	for from := 0; ; {
		at := bytes.Index(raw[from:], []byte(name))
		if at < 0 {
			return ids
		}
		from += at + len(name)
		to := from + bytes.IndexByte(raw[from:], '"')
		ids = append(ids, span{from, to})
		from = to
	}
}

// copied is a template that can be renumbered by itself.
func (t template) copied() template { return template{bytes.Clone(t.raw), t.ids} }

// renumber makes all message ids new, given a number that was not used before. Two templates may have equal numbers:
// what stands before the number in an id differs between their calls.
func (t template) renumber(n uint64) {
	const digits = "0123456789abcdef"
	for _, id := range t.ids {
		for at, rest := id.to-1, n; at >= id.to-idDigits; at, rest = at-1, rest>>4 {
			t.raw[at] = digits[rest&15]
		}
	}
}

// messageIDs are the ids that the request has now.
func (t template) messageIDs() []string {
	all := make([]string, len(t.ids))
	for i, id := range t.ids {
		all[i] = strings.Clone(string(t.raw[id.from:id.to]))
	}
	return all
}
