package clevertap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

func TestInspectReadsKindAndIDs(t *testing.T) {
	tests := map[string]struct {
		raw  string
		kind clevertap.Kind
		ids  []string
	}{
		"event by identity":              {`{"type":"event","identity":"u1","evtName":"A","evtData":{"identity":"x"}}`, clevertap.KindEvent, []string{"u1"}},
		"profile by objectId":            {`{"type":"profile","objectId":"a-1","profileData":{}}`, clevertap.KindProfile, []string{"a-1"}},
		"token":                          {`{"type":"token","objectId":"a-1","tokenData":{"id":"t","type":"fcm"}}`, clevertap.KindToken, []string{"a-1"}},
		"delete":                         {`{"type":"delete","identity":"u1"}`, clevertap.KindDelete, []string{"u1"}},
		"ids of other networks":          {`{"type":"event","FBID":"f1","GPID":"g1"}`, clevertap.KindEvent, []string{"f1", "g1"}},
		"linked identity":                {`{"type":"profile","objectId":"a-1","profileData":{"Identity":"u1"}}`, clevertap.KindProfile, []string{"a-1", "u1"}},
		"linked identity in lower case":  {`{"type":"profile","identity":"u0","profileData":{"identity":"u1"}}`, clevertap.KindProfile, []string{"u0", "u1"}},
		"escaped key":                    {`{"type":"profile","profileData":{"\u0049dentity":"u1"}}`, clevertap.KindProfile, []string{"u1"}},
		"numbers":                        {`{"type":"event","identity":12345678901234567890}`, clevertap.KindEvent, []string{"12345678901234567890"}},
		"case and space do not count":    {`{"type":"event","identity":" U1 "}`, clevertap.KindEvent, []string{"u1"}},
		"neither null nor blank is one":  {`{"type":"event","identity":null,"objectId":" "}`, clevertap.KindEvent, nil},
		"nor is a list or an object":     {`{"type":"event","identity":["a"],"objectId":{}}`, clevertap.KindEvent, nil},
		"profile data of the wrong kind": {`{"type":"profile","identity":"u1","profileData":[1]}`, clevertap.KindProfile, []string{"u1"}},
		"many brackets":                  {`{"type":"event","identity":"u1","a":[` + strings.Repeat(`{},`, 2000) + `{}]}`, clevertap.KindEvent, []string{"u1"}},
		"space around":                   {" {\"type\":\"event\",\"identity\":\"u1\"}\n", clevertap.KindEvent, []string{"u1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			record, err := clevertap.Inspect([]byte(test.raw))
			require.NoError(t, err)
			assert.Equal(t, test.kind, record.Kind)
			assert.Equal(t, test.ids, record.IDs)
			assert.Equal(t, test.raw, string(record.Raw))
		})
	}
}

func TestInspectRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":                    ``,
		"no JSON":                    `secret`,
		"cut JSON":                   `{"type":"event","identity":"secret`,
		"two documents":              `{"type":"event"} {"type":"secret"}`,
		"an invalid number":          `{"type":"event","ts":secret01}`,
		"an invalid escape":          `{"type":"event","identity":"\x secret"}`,
		"no UTF-8":                   "{\"type\":\"event\",\"identity\":\"secret\xff\"}",
		"a list":                     `["secret"]`,
		"a string":                   `"secret"`,
		"null":                       `null`,
		"no type":                    `{"identity":"secret"}`,
		"unknown type":               `{"type":"secret","identity":"u1"}`,
		"type that is no string":     `{"type":1,"identity":"secret"}`,
		"nested too deeply":          `{"type":"event","a":` + strings.Repeat(`[`, 500) + `"secret"` + strings.Repeat(`]`, 500) + `}`,
		"delete without id":          `{"type":"delete","identity":""}`,
		"delete with a blank id":     `{"type":"delete","identity":" "}`,
		"delete in both ways":        `{"type":"delete","identity":"secret","objectId":"a"}`,
		"a line break in a string":   "{\"type\":\"event\",\"identity\":\"\n\\\\ secret\"}",
		"many brackets and no JSON":  `{"type":"event","a":[` + strings.Repeat(`{},`, 2000) + `],"identity":"secret"}`,
		"type twice, once no string": `{"type":"event","type":1,"identity":"secret"}`,
		"nested a hundred thousand ": strings.Repeat(`[`, 100_000),
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := clevertap.Inspect([]byte(raw))
			var invalid *clevertap.RecordError
			require.ErrorAs(t, err, &invalid)
			assert.Regexp(t, `^invalid_record: `, err.Error())
			assert.NotContains(t, err.Error(), "secret")
			reason, _ := clevertap.ReasonOf(err)
			assert.Equal(t, clevertap.ReasonInvalidRecord, reason)
		})
	}
}

// deepRecord is nested that deeply, with ids before and behind what is deep, and one inside that is none.
func deepRecord(levels int) string {
	inside := levels - 1
	return `{"type":"event","identity":"u1","evtData":` + strings.Repeat(`[`, inside-1) + `{"identity":"x"}` + strings.Repeat(`]`, inside-1) + `,"objectId":"o1"}`
}

func TestInspectReadsDownToTheLimit(t *testing.T) {
	for _, levels := range []int{2, 298, 299} {
		record, err := clevertap.Inspect([]byte(deepRecord(levels)))
		require.NoError(t, err, levels)
		assert.Equal(t, clevertap.KindEvent, record.Kind)
		assert.Equal(t, []string{"u1", "o1"}, record.IDs)
	}
	for raw, text := range map[string]string{
		deepRecord(300):            "invalid_record: is nested deeper than 299 levels",
		deepRecord(2) + "}":        "invalid_record: not valid JSON: syntax error at byte 76",
		deepRecord(5000)[1:]:       "invalid_record: not valid JSON: syntax error at byte 7",
		"{\"type\":\"ev\xffent\"}": "invalid_record: not valid JSON: is not UTF-8",
		"[" + deepRecord(2) + "]":  "invalid_record: not a JSON object",
	} {
		_, err := clevertap.Inspect([]byte(raw))
		assert.EqualError(t, err, text)
	}
}

func TestARecordKeepsItsIDsWhileOthersAreRead(t *testing.T) {
	first, err := clevertap.Inspect([]byte(`{"type":"delete","identity":"u1"}`))
	require.NoError(t, err)
	for range 100 {
		_, err := clevertap.Inspect([]byte(`{"type":"delete","identity":"x2"}`))
		require.NoError(t, err)
	}
	assert.Equal(t, "u1", first.Identity)
	assert.Equal(t, []string{"u1"}, first.IDs)
}

// FuzzInspect checks that records are read as encoding/json reads them.
func FuzzInspect(f *testing.F) {
	for _, seed := range []string{
		`{"type":"profile","objectId":"a","profileData":{"Identity":1,"IDENTITY":" B "}}`, `{"type":"delete","identity":"u"}`,
		`{"type":"event","identity":"\u00e9\ud83d\ude00\\\"","evtData":{"a":[1e5,-0.5,true,null,"\/"]}}`,
		`{"type":"event","identity":"A","identity":null,"GPID":-1.50,"FBID":"\ud83dx"}`, `{"\u0074ype":"tok\u0065n","\u006fbjectId":"a"}`,
		`[{}`, strings.Repeat(`{"a":[`, 600), deepRecord(299), deepRecord(300),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		record, err := clevertap.Inspect(raw)
		sound := json.Valid(raw) && utf8.Valid(raw)
		if err != nil {
			if err.Error() != "invalid_record: is nested deeper than 299 levels" {
				assert.Equal(t, !sound, strings.HasPrefix(err.Error(), "invalid_record: not valid JSON: "))
			}
			return
		}
		require.True(t, sound)
		kind, ids := readSlowly(t, raw)
		assert.Equal(t, kind, string(record.Kind))
		assert.Equal(t, ids, record.IDs)
	})
}

// readSlowly is what Inspect reads, by means of encoding/json.
func readSlowly(t *testing.T, raw []byte) (kind any, ids []string) {
	t.Helper()
	eachMemberSlowly(t, raw, func(name string, raw json.RawMessage, value any) {
		switch name {
		case "type":
			kind = value
		case "identity", "objectId", "FBID", "GPID":
			ids = appendID(ids, value)
		case "profileData":
			if _, ok := value.(map[string]any); ok {
				eachMemberSlowly(t, raw, func(name string, _ json.RawMessage, value any) {
					if strings.EqualFold(name, "identity") {
						ids = appendID(ids, value)
					}
				})
			}
		}
	})
	return kind, ids
}

func eachMemberSlowly(t *testing.T, object []byte, visit func(name string, raw json.RawMessage, value any)) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, err := decoder.Token()
	for require.NoError(t, err); decoder.More(); {
		name, err := decoder.Token()
		require.NoError(t, err)
		var raw json.RawMessage
		require.NoError(t, decoder.Decode(&raw))
		value := json.NewDecoder(bytes.NewReader(raw))
		value.UseNumber()
		var decoded any
		require.NoError(t, value.Decode(&decoded))
		visit(name.(string), raw, decoded)
	}
}

func appendID(ids []string, value any) []string {
	text := ""
	switch value.(type) {
	case string, json.Number:
		text = fmt.Sprint(value)
	}
	if text = strings.ToLower(strings.TrimSpace(text)); text == "" {
		return ids
	}
	return append(ids, text)
}
