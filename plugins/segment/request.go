package segment

import "github.com/clevertap-segment/clevertap-segment/plugins/jsontree"

// ParseCall reads the body of a route that takes one call. The route's type stands in where the call names none.
// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
func (p *Parser) ParseCall(raw []byte, route Type) (Document, error) {
	root, err := p.parse(raw)
	if err != nil {
		return Document{}, err
	}
	if root.Kind() != jsontree.Object {
		return Document{}, &Error{InvalidJSON, "", "a call must be a JSON object"}
	}
	return Document{Bare: true, root: root, route: route}, nil
}

// ParseBatch reads the body of a route that takes many calls: `{"batch":[…]}`. It may hold none.
func (p *Parser) ParseBatch(raw []byte) (Document, error) {
	root, err := p.parse(raw)
	if err != nil {
		return Document{}, err
	}
	batch := root.Get("batch")
	if batch.Kind() != jsontree.Array {
		return Document{}, &Error{InvalidJSON, "batch", "must be an array of calls"}
	}
	return p.batch(batch, Document{root: root, envelope: envelopeOf(root)}), nil
}

// ParseWebhook reads the body of a webhook: one call, or an array of them.
// https://segment.com/docs/connections/destinations/catalog/actions-webhook/
func (p *Parser) ParseWebhook(raw []byte) (Document, error) {
	root, err := p.parse(raw)
	if err != nil {
		return Document{}, err
	}
	switch root.Kind() {
	case jsontree.Object:
		return Document{Bare: true, root: root}, nil
	case jsontree.Array:
		return p.batch(root, Document{root: root}), nil
	default:
		return Document{}, &Error{InvalidJSON, "", "must be a call or an array of calls"}
	}
}

// WriteKey is the key in the document itself, where clients put it that cannot set headers. Of a batch it stands on the
// envelope. The string points into the parser.
func (d Document) WriteKey() string { return d.root.Get("writeKey").Text() }

// EnvelopeSize is how many bytes each call takes over from its envelope at most.
func (d Document) EnvelopeSize() int {
	size := 0
	for _, member := range [...]jsontree.Value{d.envelope.context, d.envelope.integrations, d.envelope.sentAt} {
		if member.Kind() != jsontree.Null {
			size += len(member.AppendJSON(nil))
		}
	}
	return size
}

// EnabledFor tells whether the call's integrations object sends it to a destination that goes by any of these names.
// A name's own entry decides: false turns it off, anything else is on, since objects carry options. Without one `All`
// decides. Names are compared without regard to case: clients write `all`, too.
// https://segment.com/docs/guides/filtering-data/#filtering-with-the-integrations-object
func (c *Call) EnabledFor(names ...string) bool {
	all, named := true, false
	for name, v := range c.Integrations {
		switch {
		case v.Kind() == jsontree.Null:
		case equalsAny(name, names):
			if v.False() {
				return false
			}
			named = true
		case equalsAny(name, allDestinations):
			all = !v.False()
		}
	}
	return named || all
}
