package segment

import "github.com/clevertap-segment/clevertap-segment/plugins/jsontree"

// envelope is what the calls of a batch take over from it. The zero value is that of calls without one.
type envelope struct {
	context, integrations, sentAt jsontree.Value
}

// envelopeOf walks the members of a batch once: it may have as many of them as calls. Of members with equal names it
// keeps the first.
func envelopeOf(root jsontree.Value) (e envelope) {
	for name, member := range root.Members() {
		if slot := e.slot(name); slot != nil && *slot == (jsontree.Value{}) {
			*slot = member
		}
	}
	return e
}

func (e *envelope) slot(name string) *jsontree.Value {
	switch name {
	case "context":
		return &e.context
	case "integrations":
		return &e.integrations
	case "sentAt":
		return &e.sentAt
	default:
		return nil
	}
}

// appendMerged appends a call with what its envelope says about all its calls.
func appendMerged(dst []byte, call jsontree.Value, e envelope) []byte {
	if call.Kind() != jsontree.Object || e == (envelope{}) {
		return call.AppendJSON(dst)
	}
	dst = append(dst, '{')
	first := true
	for name, member := range call.Members() {
		dst = appendName(dst, name, &first)
		switch name {
		case "context":
			dst = appendUnion(dst, member, e.context)
		case "integrations":
			dst = appendUnion(dst, member, e.integrations)
		case "sentAt":
			dst = orElse(member, e.sentAt).AppendJSON(dst)
		default:
			dst = member.AppendJSON(dst)
		}
	}
	for _, name := range [...]string{"context", "integrations", "sentAt"} {
		if member := *e.slot(name); member.Kind() != jsontree.Null && call.Get(name) == (jsontree.Value{}) {
			dst = member.AppendJSON(appendName(dst, name, &first))
		}
	}
	return append(dst, '}')
}

// appendUnion appends the members of two objects; where both have one, the call's stands. One that is no object has
// nothing to say: PHP writes an empty object as [].
func appendUnion(dst []byte, call, envelope jsontree.Value) []byte {
	if call.Kind() != jsontree.Object && envelope.Kind() == jsontree.Object {
		return envelope.AppendJSON(dst)
	}
	return appendUnionWithout(dst, call, envelope, "")
}

// appendUnionWithout is appendUnion but for the members of one name, "" for none.
func appendUnionWithout(dst []byte, call, envelope jsontree.Value, without string) []byte {
	if call.Kind() != jsontree.Object && envelope.Kind() != jsontree.Object {
		return orElse(call, envelope).AppendJSON(dst)
	}
	dst = append(dst, '{')
	first := true
	for name, member := range object(call).Members() {
		if without == "" || name != without {
			dst = member.AppendJSON(appendName(dst, name, &first))
		}
	}
	if envelope.Len() == 0 {
		return append(dst, '}')
	}
	present := jsontree.NewIndex(object(call))
	for name, member := range object(envelope).Members() {
		if (without == "" || name != without) && present.Get(name) == (jsontree.Value{}) {
			dst = member.AppendJSON(appendName(dst, name, &first))
		}
	}
	return append(dst, '}')
}

func orElse(v, otherwise jsontree.Value) jsontree.Value {
	if v.Kind() == jsontree.Null {
		return otherwise
	}
	return v
}

func appendName(dst []byte, name string, first *bool) []byte {
	if !*first {
		dst = append(dst, ',')
	}
	*first = false
	return append(jsontree.AppendString(dst, name), ':')
}
