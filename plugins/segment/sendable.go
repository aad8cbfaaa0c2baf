package segment

import "github.com/clevertap-segment/clevertap-segment/plugins/jsontree"

// AppendSendable appends a document's one call as the Tracking API takes it. Spare is the message id of a call that has
// none: without an id of its own, a call that is sent twice counts twice.
//
// Everything stays as it is, but for what Segment would discard after having answered 200, or must not see: ids that
// are numbers become strings, empty ones are left out, the type is written in lower case, a member that comes twice
// counts as first written, and `writeKey` goes. The category of a page or screen, for which the API has no member,
// is also put into the properties.
func (d Document) AppendSendable(dst []byte, call *Call, spare string) []byte {
	dst = append(dst, '{')
	first, members := true, jsontree.NewIndex(d.root)
	for name, member := range d.root.Members() {
		if members.Get(name) != member {
			continue
		}
		switch name {
		case "writeKey", "messageId":
		case "type":
			dst = jsontree.AppendString(appendName(dst, name, &first), string(call.Type))
		case "userId", "anonymousId", "previousId", "groupId":
			dst = appendID(dst, name, member, &first)
		case "properties":
			dst = appendProperties(appendName(dst, name, &first), member, call)
		default:
			dst = member.AppendJSON(appendName(dst, name, &first))
		}
	}
	if call.Category != "" && d.root.Get("properties") == (jsontree.Value{}) {
		dst = appendProperties(appendName(dst, "properties", &first), jsontree.Value{}, call)
	}
	id := call.MessageID
	if id == "" {
		id = spare
	}
	dst = jsontree.AppendString(appendName(dst, "messageId", &first), id)
	return append(dst, '}')
}

func appendID(dst []byte, name string, id jsontree.Value, first *bool) []byte {
	switch id.Kind() {
	case jsontree.Null:
		return dst
	case jsontree.Number:
		dst = append(appendName(dst, name, first), '"')
		return append(id.AppendLiteral(dst), '"')
	case jsontree.String:
		if id.Text() == "" {
			return dst
		}
	}
	return id.AppendJSON(appendName(dst, name, first))
}

func appendProperties(dst []byte, properties jsontree.Value, call *Call) []byte {
	if call.Category == "" || properties.Get("category").Kind() != jsontree.Null {
		return properties.AppendJSON(dst)
	}
	dst = append(dst, '{')
	first := true
	for name, member := range properties.Members() {
		if name != "category" {
			dst = member.AppendJSON(appendName(dst, name, &first))
		}
	}
	dst = jsontree.AppendString(appendName(dst, "category", &first), call.Category)
	return append(dst, '}')
}
