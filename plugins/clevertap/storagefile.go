package clevertap

import (
	"bytes"
	"encoding/json"
)

// WithEventName adds `event_name` to a line of an event file, whose first line alone names the event. Everything else
// stays as it is, byte for byte; so does a line that has the member already or is no JSON object.
// https://docs.clevertap.com/docs/export-format
func WithEventName(line []byte, name string) []byte {
	if !isObject(line) || !json.Valid(line) || hasEventName(line) {
		return line
	}
	open := bytes.IndexByte(line, '{') + 1
	var out bytes.Buffer
	out.Grow(len(line) + len(name) + len(`"event_name":"",`))
	out.Write(line[:open])
	out.WriteString(`"event_name":`)
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(name) != nil {
		return line
	}
	out.Truncate(out.Len() - len("\n"))
	if line[nextToken(line, open)] != '}' {
		out.WriteByte(',')
	}
	out.Write(line[open:])
	return out.Bytes()
}

func hasEventName(line []byte) bool {
	// Without the text, escaped or not, there is no need to walk.
	if !bytes.Contains(line, []byte("event_name")) && !bytes.Contains(line, []byte(`\u`)) {
		return false
	}
	found := false
	eachMember(line, func(name string, _, _ int) bool {
		found = name == "event_name"
		return !found
	})
	return found
}
