package mapping_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
)

// What survives the way there and back, exactly: the person, the kind of call, the event's name, the time to the second,
// and every trait and property that is text, a number, true or false, a moment in UTC to the second, or in a profile a
// list of texts. Names must be in snake case and values such that nothing needs a repair.
func TestThereAndBack(t *testing.T) {
	there := newMapper(t, func(o *mapping.Options) { o.SourceTag = false })
	back := mapping.NewBackMapper(mapping.DefaultBackOptions())
	rapid.Check(t, func(t *rapid.T) {
		sent := drawCall(t)
		raw, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		mapped := mapAny(there, raw, nil)
		if mapped.Fixes != "" || mapped.Error != "" || len(mapped.Records) != 1 {
			t.Fatalf("%s\nneeds a repair or fails: %+v", raw, mapped)
		}
		returned := mapBack(back, export(t, mapped.Records[0]), testOrigin())
		if len(returned.Calls) != 1 {
			t.Fatalf("%s came back as %+v", mapped.Records[0], returned)
		}
		var got map[string]any
		if err := json.Unmarshal(returned.Calls[0], &got); err != nil {
			t.Fatal(err)
		}
		for field, want := range normal(sent) {
			if field == "timestamp" && sent["type"] == "identify" {
				continue // profiles are exported as they are, not as of when
			}
			if !reflect.DeepEqual(got[field], want) {
				t.Fatalf("%s: sent %v, got %v\nsent %s\nback %s", field, want, got[field], raw, returned.Calls[0])
			}
		}
	})
}

// normal is a value as encoding/json reads it.
func normal(v map[string]any) map[string]any {
	raw, _ := json.Marshal(v)
	var out map[string]any
	_ = json.Unmarshal(raw, &out)
	return out
}

func drawCall(t *rapid.T) map[string]any {
	call := map[string]any{"timestamp": drawMoment(t)}
	id := rapid.StringMatching(`[a-z0-9]{1,8}-[a-z0-9]{1,8}`).Draw(t, "id")
	call[rapid.SampledFrom([]string{"userId", "anonymousId"}).Draw(t, "who")] = id
	switch kind := rapid.SampledFrom([]string{"identify", "track", "order", "page", "screen"}).Draw(t, "kind"); kind {
	case "identify":
		call["type"], call["traits"] = kind, drawTraits(t)
	case "track":
		call["type"], call["properties"] = kind, drawMembers(t)
		call["event"] = rapid.StringMatching(`[A-Z][a-z]{2,8} [A-Z][a-z]{2,8}ed`).Draw(t, "event")
	case "order":
		call["type"], call["event"] = "track", "Order Completed"
		call["properties"] = drawOrder(t)
	default:
		name := rapid.StringMatching(`[A-Z][a-z]{0,10}`).Draw(t, "name")
		properties := drawMembers(t)
		properties["name"] = name
		call["type"], call["name"], call["properties"] = kind, name, properties
	}
	return call
}

func drawOrder(t *rapid.T) map[string]any {
	order := drawMembers(t)
	order["order_id"] = rapid.StringMatching(`[a-z0-9]{1,12}`).Draw(t, "order_id")
	order["total"] = rapid.Float64Range(0, 1e6).Draw(t, "total")
	item := drawMembers(t)
	item["sku"] = "a"
	order["products"] = []any{item}
	return order
}

func drawTraits(t *rapid.T) map[string]any {
	traits := drawMembers(t)
	traits["labels"] = []string{"a", rapid.StringMatching(`[a-zäöü]{1,10}`).Draw(t, "label")}
	for name, values := range map[string][]string{
		"name": {"Zoë Ångström", "李 伟"}, "avatar": {"https://example.com/1.png"}, "gender": {"M", "F"},
		"email": {"zoe@example.com", "li.wei@example.org"}, "phone": {"+4915123456789", "+919876543210"},
		"birthday": {"1990-05-17", "1955-10-28"},
	} {
		if rapid.Bool().Draw(t, name) {
			traits[name] = rapid.SampledFrom(values).Draw(t, name+" value")
		}
	}
	return traits
}

// drawMembers draws names that no rule knows, and values that stay what they are.
func drawMembers(t *rapid.T) map[string]any {
	return rapid.MapOfN(
		rapid.StringMatching(`x_[a-z]{1,6}(_[a-z0-9]{1,4})?`),
		rapid.OneOf(
			rapid.Map(rapid.StringMatching(`([a-zA-Zéß"\\<0-9][ a-z]{0,12}[a-z])?`), toAny[string]),
			rapid.Map(rapid.Int64Range(-1<<53, 1<<53), toAny[int64]),
			rapid.Map(rapid.Float64Range(-1e9, 1e9), toAny[float64]),
			rapid.Map(rapid.Bool(), toAny[bool]),
			rapid.Custom(func(t *rapid.T) any { return drawMoment(t) }),
		), 0, 8).Draw(t, "members")
}

func toAny[T any](v T) any { return v }

func drawMoment(t *rapid.T) string {
	return time.Unix(rapid.Int64Range(1, 4102444800).Draw(t, "moment"), 0).UTC().Format(time.RFC3339)
}

// export is what CleverTap's export makes of an upload record.
func export(t *rapid.T, record []byte) []byte {
	var r struct {
		Identity, ObjectID, EvtName string
		TS                          int64
		EvtData, ProfileData        json.RawMessage
	}
	if err := json.Unmarshal(record, &r); err != nil {
		t.Fatal(err)
	}
	person := map[string]any{}
	if r.Identity != "" {
		person["identity"] = r.Identity
	}
	if r.ObjectID != "" {
		person["objectId"] = r.ObjectID
	}
	document := map[string]any{"profile": person, "event_name": r.EvtName, "event_props": r.EvtData,
		"ts": json.Number(time.Unix(r.TS, 0).In(testOrigin().Zone).Format("20060102150405"))}
	if r.ProfileData != nil {
		person["profileData"] = r.ProfileData
		document = person
	}
	raw, err := json.Marshal(document)
	if err != nil {
		t.Fatal(fmt.Errorf("%w: %s", err, record))
	}
	return raw
}
