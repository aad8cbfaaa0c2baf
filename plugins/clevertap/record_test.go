package clevertap_test

import (
	"encoding/json"
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
		"a number that is none":      `{"type":"event","ts":secret01}`,
		"an escape that is none":     `{"type":"event","identity":"\x secret"}`,
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

func FuzzInspect(f *testing.F) {
	f.Add([]byte(`{"type":"profile","objectId":"a","profileData":{"Identity":1}}`))
	f.Add([]byte(`{"type":"delete","identity":"u"}`))
	f.Add([]byte(`{"type":"event","identity":"\u00e9\ud83d\ude00\\\"","evtData":{"a":[1e5,-0.5,true,null,"\/"]}}`))
	f.Add([]byte(`[{}`))
	f.Add([]byte(strings.Repeat(`{"a":[`, 600)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		record, err := clevertap.Inspect(raw)
		sound := json.Valid(raw) && utf8.Valid(raw)
		if err != nil {
			assert.Equal(t, !sound, err.Error() == "invalid_record: not valid JSON")
			return
		}
		require.True(t, sound)
		var members map[string]any
		require.NoError(t, json.Unmarshal(raw, &members))
		assert.Equal(t, members["type"], string(record.Kind))
		assert.NotContains(t, record.IDs, "")
		for _, name := range []string{"identity", "objectId", "FBID", "GPID"} {
			if id, _ := members[name].(string); strings.TrimSpace(id) != "" {
				assert.Contains(t, record.IDs, strings.ToLower(strings.TrimSpace(id)))
			}
		}
	})
}
