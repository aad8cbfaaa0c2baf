package mapping_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
)

func newMapper(t testing.TB, change func(*mapping.Options)) *mapping.Mapper {
	t.Helper()
	options := mapping.DefaultOptions(mapping.Server)
	if change != nil {
		change(&options)
	}
	mapper, err := mapping.NewMapper(options)
	require.NoError(t, err)
	return mapper
}

const bothIDs = `{"type":"identify","userId":"u","anonymousId":"a","messageId":"m","traits":{"plan":"Gold"}}`

func TestLinking(t *testing.T) {
	tests := []struct {
		name     string
		decision mapping.Linking
		want     string
		fixes    string
	}{
		{"now: the visitor gets the user's identity", mapping.LinkNow,
			`{"type":"profile","objectId":"a","profileData":{"Identity":"u","plan":"Gold"}}`, ""},
		{"before: the user alone", mapping.LinkedBefore,
			`{"type":"profile","identity":"u","profileData":{"plan":"Gold"}}`, ""},
		{"conflict: the user alone, and it shows", mapping.LinkConflict,
			`{"type":"profile","identity":"u","profileData":{"plan":"Gold"}}`, "identity_conflict"},
		{"separate: the user alone", mapping.KeepSeparate,
			`{"type":"profile","identity":"u","profileData":{"plan":"Gold"}}`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mapper := newMapper(t, func(o *mapping.Options) { o.AnonymousID = mapping.Link })
			got := mapAny(mapper, []byte(bothIDs), func(p mapping.Pair) (mapping.Linking, error) {
				assert.Equal(t, mapping.Pair{AnonymousID: "a", UserID: "u", MessageID: "m", Attributes: []byte(`"plan":"Gold"`)}, p)
				return test.decision, nil
			})
			require.Len(t, got.Records, 1)
			assert.Equal(t, test.want, string(got.Records[0]))
			assert.Equal(t, test.fixes, got.Fixes)
		})
	}
}

func TestLinking_Alias(t *testing.T) {
	const joined, alone = `{"type":"profile","objectId":"a","profileData":{"Identity":"u"}}`, `{"type":"profile","identity":"u","profileData":{"Identity":"u"}}`
	for decision, want := range map[mapping.Linking]struct{ record, fixes string }{
		mapping.LinkNow:      {joined, ""},
		mapping.LinkedBefore: {joined, ""},
		mapping.LinkConflict: {alone, "identity_conflict"},
		mapping.KeepSeparate: {alone, ""},
	} {
		mapper := newMapper(t, func(o *mapping.Options) { o.AnonymousID = mapping.Link })
		got := mapAny(mapper, []byte(`{"type":"alias","userId":"u","anonymousId":"a"}`),
			func(mapping.Pair) (mapping.Linking, error) { return decision, nil })
		require.Len(t, got.Records, 1)
		assert.Equal(t, want.record, string(got.Records[0]))
		assert.Equal(t, want.fixes, got.Fixes)
	}
}

func TestTheLinkerIsAskedOnlyWhenNothingElseRefusesTheCall(t *testing.T) {
	mapper := newMapper(t, func(o *mapping.Options) { o.AnonymousID, o.OnLimit = mapping.Link, mapping.RejectLimit })
	long := strings.Repeat("x", clevertap.MaxValueBytes+1)
	got := mapAny(mapper, []byte(`{"type":"identify","userId":"u","anonymousId":"a","traits":{"t":"`+long+`"}}`),
		func(mapping.Pair) (mapping.Linking, error) { t.Error("was asked"); return 0, nil })
	assert.Equal(t, "limit_exceeded: traits.t: is longer than 512 bytes", got.Error)
}

func TestALinkersFailureFailsTheCall(t *testing.T) {
	mapper := newMapper(t, func(o *mapping.Options) { o.AnonymousID = mapping.Link })
	got := mapAny(mapper, []byte(bothIDs), func(mapping.Pair) (mapping.Linking, error) { return 0, errors.New("down") })
	assert.Equal(t, "down", got.Error)
	assert.Empty(t, got.Records)
}

func TestOptionsThatNobodyCanMean(t *testing.T) {
	tests := []struct {
		change func(*mapping.Options)
		want   string
	}{
		{func(o *mapping.Options) { o.MaxEventProperties = 0 }, "max_event_properties must be at least 1"},
		{func(o *mapping.Options) { o.MaxProfileAttributes = -1 }, "max_profile_attributes must be at least 1"},
		{func(o *mapping.Options) { o.PageEvent = "" }, "page_event must not be empty"},
		{func(o *mapping.Options) { o.ScreenEvent = "" }, "screen_event must not be empty"},
		{func(o *mapping.Options) { o.PhoneRegion = "Germany" }, "phone_region must be an ISO country code such as DE"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			options := mapping.DefaultOptions(mapping.Server)
			test.change(&options)
			_, err := mapping.NewMapper(options)
			assert.EqualError(t, err, test.want)
		})
	}
}

// A mapper forgets each call: after any others, a call gives what it gives a new mapper.
func TestMapperKeepsNothingOfEarlierCalls(t *testing.T) {
	calls := corpus(t)
	used := newMapper(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		for _, call := range rapid.SliceOfN(rapid.SampledFrom(calls), 1, 20).Draw(t, "calls") {
			options := mapping.DefaultOptions(mapping.Server)
			fresh, err := mapping.NewMapper(options)
			if err != nil {
				t.Fatal(err)
			}
			want, got := mapAny(fresh, call, nil), mapAny(used, call, nil)
			if a, b := fmt.Sprint(want), fmt.Sprint(got); a != b {
				t.Fatalf("%s\ngave a new mapper %s\nand a used one %s", call, a, b)
			}
		}
	})
}

// What always holds, for every call of the golden files and every option that shapes values.
func TestWhatAlwaysHolds(t *testing.T) {
	calls := corpus(t)
	rapid.Check(t, func(t *rapid.T) {
		options := mapping.DefaultOptions(rapid.SampledFrom([]mapping.Mode{mapping.Server, mapping.Mobile}).Draw(t, "mode"))
		options.Nested = rapid.SampledFrom([]mapping.Nested{mapping.Flatten, mapping.Stringify, mapping.Drop}).Draw(t, "nested")
		options.AnonymousID = rapid.SampledFrom([]mapping.AnonymousID{mapping.Link, mapping.Separate, mapping.Ignore}).Draw(t, "anonymous")
		options.MaxEventProperties = rapid.IntRange(4, 20).Draw(t, "properties") // what an order itself provides is never left out
		options.PushTokens = mapping.TokensOnAll
		mapper, err := mapping.NewMapper(options)
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range mapAny(mapper, rapid.SampledFrom(calls).Draw(t, "call"), nil).Records {
			checkRecord(t, record, options)
		}
	})
}

type failer interface {
	Fatalf(format string, args ...any)
}

func checkRecord(t failer, raw []byte, options mapping.Options) {
	record, err := clevertap.Inspect(raw)
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	if (record.Identity == "") == (record.ObjectID == "") {
		t.Fatalf("a record has one id at its root: %s", raw)
	}
	var fields struct {
		EvtName              string
		EvtData, ProfileData map[string]any
	}
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	if record.Kind == clevertap.KindEvent && clevertap.RestrictedEvent(fields.EvtName) {
		t.Fatalf("a restricted event: %s", raw)
	}
	if limit := options.MaxEventProperties; len(fields.EvtData) > limit {
		t.Fatalf("more than %d properties: %s", limit, raw)
	}
	for name, value := range fields.EvtData {
		text, isText := value.(string)
		_, isList := value.([]any)
		switch {
		case strings.ContainsAny(name, clevertap.ForbiddenEventChars):
			t.Fatalf("a forbidden character in %q", name)
		case isText && len(text) > clevertap.MaxValueBytes:
			t.Fatalf("a value of %d bytes", len(text))
		case isList && name != "Items" && options.Nested != mapping.Keep:
			t.Fatalf("a list in %q", name)
		}
	}
	for name := range fields.ProfileData {
		if name != "Identity" && strings.EqualFold(name, "identity") {
			t.Fatalf("an identity by another name: %s", raw)
		}
	}
}

// Names of a call meet in few keys, in any order: the result has each key once.
func TestNoKeyStandsTwice(t *testing.T) {
	mapper := newMapper(t, nil)
	names := []string{"firstName", "first_name", "FirstName", "First Name", "first", "name", "Name", "email", "Email"}
	rapid.Check(t, func(t *rapid.T) {
		var traits []string
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 12).Draw(t, "names") {
			value := rapid.SampledFrom([]string{`"a@example.com"`, `"b@example.com"`, `{"name":"x"}`, `null`}).Draw(t, "value")
			traits = append(traits, fmt.Sprintf("%q:%s", name, value))
		}
		call := `{"type":"identify","userId":"u","traits":{` + strings.Join(traits, ",") + `}}`
		got := mapAny(mapper, []byte(call), nil)
		if len(got.Records) != 1 {
			t.Fatalf("%s: %v", call, got)
		}
		seen := map[string]bool{}
		decoder := json.NewDecoder(strings.NewReader(string(got.Records[0])))
		for depth, isKey := 0, false; ; {
			token, err := decoder.Token()
			if err != nil {
				break
			}
			if delim, ok := token.(json.Delim); ok {
				depth += map[json.Delim]int{'{': 1, '}': -1}[delim]
				isKey = true
				continue
			}
			if isKey {
				key := fmt.Sprint(depth, token)
				if seen[key] {
					t.Fatalf("%s has %s twice", got.Records[0], key)
				}
				seen[key] = true
			}
			isKey = !isKey
		}
	})
}
