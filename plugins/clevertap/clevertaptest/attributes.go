package clevertaptest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// maxListItems is how many items a multi-value attribute holds; the oldest goes first.
// https://docs.clevertap.com/docs/platform-considerations
const maxListItems = 100

// objectAttributes may be objects without the nested-object beta.
var objectAttributes = map[string]bool{
	"category-unsubscribe": true, "category-resubscribe": true, "subscriptiongroups": true,
}

func (s *Server) setAttributes(p *profile, attributes []field, now time.Time) {
	for _, f := range attributes {
		if reason := s.setAttribute(p, f); reason != "" {
			s.st.notice(now, p, fmt.Sprintf("attribute %q: %s", f.key, reason))
		}
	}
}

// setAttribute returns why the attribute was not stored as sent; the upload reply does not tell.
func (s *Server) setAttribute(p *profile, f field) (notice string) {
	key := strings.ToLower(f.key)
	if key == "identity" || key == "fbid" || key == "gpid" {
		return ""
	}
	if reason := badKey(f.key, clevertap.ForbiddenProfileChars); reason != "" {
		return "dropped, " + reason
	}
	if ops, ok := members(f.raw); ok && len(ops) > 0 && strings.HasPrefix(ops[0].key, "$") {
		return s.operate(p, f.key, ops)
	}
	value, notice := s.attributeValue(key, f.raw)
	if value == nil {
		return notice
	}
	if reason := p.set(f.key, value); reason != "" {
		return reason
	}
	return notice
}

// attributeValue turns JSON into what a profile keeps: a scalar, a list of unique strings, or a known object. nil means
// that nothing is kept.
func (s *Server) attributeValue(key string, raw []byte) (value any, notice string) {
	switch kind(raw) {
	case 'n':
		return nil, "dropped, null"
	case '"':
		long := text(raw)
		if short := truncate(long); short != long {
			return short, "cut to 512 bytes"
		}
		return long, ""
	case '[':
		if items, ok := listItems(raw); ok {
			return appendUnique(nil, items), ""
		}
	case '{':
		if objectAttributes[key] {
			return decode(raw), ""
		}
	default:
		return decode(raw), ""
	}
	if s.opts.NestedObjects {
		return decode(raw), ""
	}
	return nil, "dropped, nested objects are not enabled"
}

// set stores a value under the name's first spelling; an empty list removes the attribute.
func (p *profile) set(name string, value any) (notice string) {
	if l, ok := value.([]string); ok && len(l) == 0 {
		p.remove(name)
		return ""
	}
	key := strings.ToLower(name)
	if a := p.attributes[key]; a != nil {
		a.value = value
		return ""
	}
	if len(p.attributes) >= clevertap.MaxProfileAttributes {
		return "dropped, the profile has 256 attributes"
	}
	p.attributes[key] = &attribute{name: name, value: value}
	p.order = append(p.order, key)
	return ""
}

func (p *profile) remove(name string) {
	key := strings.ToLower(name)
	if p.attributes[key] != nil {
		delete(p.attributes, key)
		p.order = slices.DeleteFunc(p.order, func(k string) bool { return k == key })
	}
}

func (p *profile) value(name string) any {
	if a := p.attributes[strings.ToLower(name)]; a != nil {
		return a.value
	}
	return nil
}

// operate runs the operators of a value such as {"$add":["gold"]}.
// https://developer.clevertap.com/docs/upload-user-profiles-api
func (s *Server) operate(p *profile, name string, ops []field) (notice string) {
	for _, op := range ops {
		if reason := s.operator(p, name, op); reason != "" {
			return reason
		}
	}
	return ""
}

func (s *Server) operator(p *profile, name string, op field) (notice string) {
	switch op.key {
	case "$set":
		value, notice := s.attributeValue(strings.ToLower(name), op.raw)
		if value == nil {
			return notice
		}
		return p.set(name, value) + notice
	case "$delete":
		p.remove(name)
		return ""
	case "$add", "$remove":
		return p.changeList(name, op)
	case "$incr", "$decr":
		return p.changeNumber(name, op)
	}
	return "operator must be one of $add, $set, $remove, $delete, $incr, $decr"
}

func (p *profile) changeList(name string, op field) (notice string) {
	items, ok := listItems(op.raw)
	if !ok {
		return op.key + " needs a list of scalars"
	}
	current := asList(p.value(name))
	if op.key == "$add" {
		return p.set(name, appendUnique(current, items))
	}
	if current == nil {
		return ""
	}
	return p.set(name, slices.DeleteFunc(slices.Clone(current), func(v string) bool { return slices.Contains(items, v) }))
}

func (p *profile) changeNumber(name string, op field) (notice string) {
	by := json.Number(op.raw)
	if !isNumber(op.raw) || op.raw[0] == '-' {
		return op.key + " needs a positive number"
	}
	current := json.Number("0")
	switch v := p.value(name).(type) {
	case nil:
	case json.Number:
		current = v
	default:
		return op.key + " on a value that is no number"
	}
	return p.set(name, add(current, by, op.key == "$decr"))
}

// add stays exact as long as both are integers.
func add(a, b json.Number, negative bool) json.Number {
	x, errX := a.Int64()
	y, errY := b.Int64()
	if negative {
		y = -y
	}
	if sum := x + y; errX == nil && errY == nil && (sum > x) == (y > 0) {
		return json.Number(strconv.FormatInt(sum, 10))
	}
	f, _ := a.Float64()
	g, _ := b.Float64()
	if negative {
		g = -g
	}
	if math.IsInf(f+g, 0) || math.IsNaN(f+g) {
		return a
	}
	return json.Number(strconv.FormatFloat(f+g, 'g', -1, 64))
}

// listItems are the scalars of an array as strings, or the one scalar.
func listItems(raw []byte) (items []string, ok bool) {
	values, isArray := elements(raw)
	if !isArray {
		values = [][]byte{raw}
	}
	for _, v := range values {
		if isNested(v) {
			return nil, false
		}
		if s, ok := scalarText(v); ok {
			items = append(items, truncate(s))
		} else if kind(v) != 'n' {
			items = append(items, string(v))
		}
	}
	return items, true
}

func asList(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case []string:
		return v
	case string:
		return []string{v}
	}
	return []string{fmt.Sprint(value)}
}

func appendUnique(current, items []string) []string {
	out := slices.Clone(current)
	if out == nil {
		out = []string{}
	}
	for _, item := range items {
		if !slices.Contains(out, item) {
			out = append(out, item)
		}
	}
	return out[max(0, len(out)-maxListItems):]
}
