package mapping

import (
	"strconv"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// happening is an event on its way back.
type happening struct {
	name string
	// at is when it happened, in RFC 3339; empty if that is not known.
	at string
	// properties are joined; of members with one name the first counts.
	properties []jsontree.Value
	session    jsontree.Value
	// campaign is the id of the campaign that sent a webhook.
	campaign jsontree.Value
	// salt is what sets events apart that are otherwise the same.
	salt []string
}

// emitEvent writes a track call, or the page or screen call that the event was once.
func (m *BackMapper) emitEvent(w who, p individual, h happening) {
	t, name := m.kindOf(h)
	m.begin(t, w)
	switch t {
	case segment.Track:
		m.member("event", name)
	default:
		m.member("name", property(h, "name").Text())
		m.member("category", property(h, "category").Text())
	}
	m.out = append(m.out, `,"properties":{`...)
	m.appendProperties(h)
	m.out = append(m.out, '}')
	m.member("timestamp", h.at)
	m.appendContext(p, h)
	m.end(t, w, m.messageID(w, t, h))
}

// kindOf tells which call an event is, and a track call's name.
func (m *BackMapper) kindOf(h happening) (segment.Type, string) {
	switch {
	case strings.EqualFold(h.name, pageEvent):
		return segment.Page, ""
	case strings.EqualFold(h.name, screenEvent):
		return segment.Screen, ""
	case strings.EqualFold(h.name, Charged) && m.opt.ChargedAs != "":
		return segment.Track, m.opt.ChargedAs
	case m.opt.SpecNames:
		return segment.Track, specName(h)
	}
	return segment.Track, h.name
}

// orderKeys are the keys of Charged and what they were called before.
var orderKeys = map[string]string{chargedID: "order_id", amountKey: "total", itemsKey: "products"}

func (m *BackMapper) appendProperties(h happening) {
	order := strings.EqualFold(h.name, Charged) && m.opt.ChargedAs != ""
	m.written.reset()
	first := true
	m.addProperty(&first, "campaign_id", h.campaign)
	for _, properties := range h.properties {
		for name, v := range properties.Members() {
			if order {
				if renamed, ok := orderKeys[name]; ok {
					name = renamed
				}
			}
			m.addProperty(&first, name, v)
		}
	}
}

// addProperty adds a property, unless there is one of that name. Null stands for nothing.
func (m *BackMapper) addProperty(first *bool, name string, v jsontree.Value) {
	if v.Kind() == jsontree.Null || !m.written.add(name) {
		return
	}
	m.out = jsontree.AppendString(comma(m.out, first), name)
	m.out = appendBack(append(m.out, ':'), v)
}

// property finds a property by name.
func property(h happening, names ...string) jsontree.Value {
	for _, properties := range h.properties {
		if v := fold(properties, names...); v.Kind() != jsontree.Null {
			return v
		}
	}
	return jsontree.Value{}
}

// comma separates members.
func comma(dst []byte, first *bool) []byte {
	if !*first {
		dst = append(dst, ',')
	}
	*first = false
	return dst
}

// appendBack appends a value, with CleverTap's dates in ISO 8601 again, wherever they stand.
func appendBack(dst []byte, v jsontree.Value) []byte {
	first := true
	switch v.Kind() {
	case jsontree.String:
		if t, ok := parseDate(v.Text()); ok {
			return jsontree.AppendString(dst, t.Format(time.RFC3339))
		}
		return v.AppendJSON(dst)
	case jsontree.Object:
		dst = append(dst, '{')
		for _, member := range v.Members() {
			dst = append(member.AppendName(comma(dst, &first)), ':')
			dst = appendBack(dst, member)
		}
		return append(dst, '}')
	case jsontree.Array:
		dst = append(dst, '[')
		for _, element := range v.Elements() {
			dst = appendBack(comma(dst, &first), element)
		}
		return append(dst, ']')
	default:
		return v.AppendJSON(dst)
	}
}

// parseDate reads CleverTap's form of a date, in a year that RFC 3339 can write.
func parseDate(text string) (time.Time, bool) {
	digits, ok := strings.CutPrefix(text, "$D_")
	if !ok || !isInteger(digits) {
		return time.Time{}, false
	}
	unix, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || unix < -62135596800 || unix >= 253402300800 {
		return time.Time{}, false
	}
	return time.Unix(unix, 0).UTC(), true
}

// exportTime reads the time of an exported event, yyyyMMddHHmmss in the project's zone, and writes it in RFC 3339.
// https://developer.clevertap.com/docs/get-events-api
func exportTime(v jsontree.Value, zone *time.Location) (string, error) {
	if zone == nil {
		zone = time.UTC
	}
	at, err := time.ParseInLocation("20060102150405", scalarText(v), zone)
	if err != nil {
		return "", &segment.Error{Reason: "ts_not_readable", Field: "ts", Rule: "must be a time in the form yyyyMMddHHmmss"}
	}
	return at.UTC().Format(time.RFC3339), nil
}
