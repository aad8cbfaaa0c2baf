package segment

// appendMerged appends a call with what its envelope says about all its calls.
func appendMerged(dst []byte, call, envelope Value) []byte {
	if call.Kind() != Object || envelope.Kind() != Object {
		return call.AppendJSON(dst)
	}
	dst = append(dst, '{')
	first := true
	for name, member := range call.Members() {
		dst = appendName(dst, name, &first)
		switch name {
		case "context", "integrations":
			dst = appendUnion(dst, member, envelope.Get(name))
		case "sentAt":
			dst = orElse(member, envelope.Get(name)).AppendJSON(dst)
		default:
			dst = member.AppendJSON(dst)
		}
	}
	for _, name := range [...]string{"context", "integrations", "sentAt"} {
		if member := envelope.Get(name); member.Kind() != Null && call.Get(name) == (Value{}) {
			dst = member.AppendJSON(appendName(dst, name, &first))
		}
	}
	return append(dst, '}')
}

// appendUnion appends the members of two objects; where both have one, the call's stands.
func appendUnion(dst []byte, call, envelope Value) []byte {
	if call.Kind() != Object {
		return orElse(call, envelope).AppendJSON(dst)
	}
	dst = append(dst, '{')
	first := true
	for name, member := range call.Members() {
		dst = member.AppendJSON(appendName(dst, name, &first))
	}
	for name, member := range envelope.Members() {
		if call.Get(name) == (Value{}) {
			dst = member.AppendJSON(appendName(dst, name, &first))
		}
	}
	return append(dst, '}')
}

func orElse(v, otherwise Value) Value {
	if v.Kind() == Null {
		return otherwise
	}
	return v
}

func appendName(dst []byte, name string, first *bool) []byte {
	if !*first {
		dst = append(dst, ',')
	}
	*first = false
	return append(AppendString(dst, name), ':')
}
