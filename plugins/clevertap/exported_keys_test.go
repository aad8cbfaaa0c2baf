package clevertap_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// Checkpoint caches hold these keys for the whole lookback. A new version that computes other keys for the same records
// delivers all of them again, so what stands here does not change.
func TestKeysOfExportedEventsStayTheSame(t *testing.T) {
	tests := map[string]struct{ record, key string }{
		"as CleverTap exports it": {`{"profile":{"objectId":"o-1","identity":"u-1","platform":"Android"},"ts":20250607130935,"event_props":{"Amount":12.50,"CT Source":"app"},"session_props":{"utm_source":"mail","lat":1.5}}`, "2bed24b2248e4108e3e23728d72849d6"},
		"a key less":              {`{"profile":{"objectId":"o-1"},"ts":20250607130935,"event_props":{"Amount":12.50}}`, "a28bbcc3150553106845de996c7bd1a7"},
		"order does not count":    {`{"ts":20250607130935,"event_props":{"CT Source":"app","Amount":12.50},"session_props":{"lat":1.5,"utm_source":"mail"},"profile":{"identity":"u-2","objectId":"o-1"}}`, "2bed24b2248e4108e3e23728d72849d6"},
		"by identity":             {`{"profile":{"identity":"u-1"},"ts":20250607130935,"event_props":{}}`, "66174a9c30dce91920c63c377e6f0b77"},
		"an objectId of null":     {`{"profile":{"identity":"u-1","objectId":null},"ts":20250607130935}`, "63a24e87e8ca04b329722b6fb248feee"},
		"an objectId in number":   {`{"profile":{"objectId":-17},"ts":"20250607130935"}`, "e14903fcfd4758267ba308f473668d4d"},
		"nobody":                  {`{"ts":20250607130935}`, "e5216db6bbe05271e1594e975e4a376d"},
		"nothing":                 {`{}`, "545c38b0922de19734fbffde62792c37"},
		"all null":                {`{"profile":null,"ts":null,"event_props":null,"session_props":null}`, "f1ddacce715fe1b905406cc7fd4ad153"},
		"numbers as written":      {`{"event_props":{"a":1.50,"b":1e3,"c":1E+3,"d":-0,"e":-0.0e-7,"f":9007199254740993123,"g":0.1}}`, "d4080f36b6da2dfbc7f5116d8e8ad237"},
		"words":                   {`{"event_props":{"a":true,"b":false,"c":null,"d":"true","e":""}}`, "54aae6aff37aaa7af1d37997980174cd"},
		"nested":                  {`{"event_props":{"z":{"b":{"d":[1,[2,{"y":1,"x":2}],[]],"c":{}},"a":[{}]},"":{"":""}}}`, "85a1d106e9628ce93d42b4cb54370456"},
		"members twice":           {`{"ts":1,"event_props":{"b":2,"a":1,"b":1,"a":{"k":2,"k":1}},"ts":2,"event_props":{"c":1}}`, "abeaf0c4487ff347d28ed935dca96074"},
		"names in their order":    {`{"event_props":{"é":1,"e":2,"Z":3,"a b":4,"a":5,"😀":6,"\uffee":7,"a\u0000":8}}`, "909b2db4b0ac58a1827138e4fba7a8d6"},
		"space anywhere":          {" {\n\"event_props\" :\t{ \"b\" : [ 1 , 2 ] ,\r\n\"a\" : \"x y\" } } ", "2670157ac289cd3aaaffed29f040eb61"},
		"escapes":                 {`{"event_props":{"a":"\"\\\/\b\f\n\r\t","b":"\u0000\u0001\u001f\u007f","c":"\u00e9\u20ac\u2028","d":"a\u0022b"}}`, "2e727dddd1d5dcd4abfa47acacf2e29e"},
		"escapes in names":        {`{"event_props":{"\"\\\/\b\f\n\r\t":1,"\u0000\u001f\u007f":2,"\u00e9\u20ac\u2028":3,"\u0062":4,"a":5}}`, "c8806aadc14f8d51d554cbe0f111897e"},
		"escaped names of ours":   {`{"\u0070rofile":{"\u006fbjectId":"o-1"},"\u0074s":20250607130935,"\u0065vent_props":{"a":1},"session\u005fprops":{}}`, "3fecd12b3ceff7c9fd5b285114310c0a"},
		"unicode":                 {"{\"event_props\":{\"größe\":\"38½ €\",\"桜\":\"花見 😀\",\"a\":\"\u00a0\u00ad\u200b\ufeff\u2028\x7f\",\"\u00a0\u00ad\u200b\":1}}", "69db56cd8feafe9ed88188d134c86083"},
		"unicode and a quote":     {"{\"event_props\":{\"a\":\"\\\"größe 38½ € 桜 😀 \u00a0\u00ad\u200b\ufeff\u2028\U000e0001\x7f\"}}", "01279e082197b418c69674279af3d1b9"},
		"emoji in escapes":        {`{"event_props":{"a":"\ud83d\ude00","\uD83D\uDE00":"\uD83d\uDe00 \\ud83d"}}`, "85a0efe6a04250a826832f249d8f08eb"},
		"half an emoji":           {`{"event_props":{"a":"cut \ud83d","\ude00":1}}`, "1646421b77dea0cf574a0780bb574fec"},
		"no UTF-8":                {"{\"event_props\":{\"a\":\"\xff\",\"b\":\"\xc3\",\"c\":\"\\n\xff\xed\xa0\x80\",\"\xff\":\"\xef\xbf\xbd\"}}", "a9e4250122feb25a28a8e804d8d4d0a4"},
		"parts of other kinds":    {`{"profile":["o-1"],"ts":[20250607130935],"event_props":"a","session_props":[{"b":1,"a":2}]}`, "c4b42d99da8677d93c18a946a2b4c8b8"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.True(t, json.Valid([]byte(test.record)))
			event, err := clevertap.InspectExportedEvent([]byte(test.record))
			require.NoError(t, err)
			assert.Equal(t, test.key, hex.EncodeToString(event.Key[:]))
		})
	}
}

func TestKeysOfExportedProfilesStayTheSame(t *testing.T) {
	tests := map[string]struct{ record, person, state string }{
		"as CleverTap exports it": {`{"identity":"u-1","profileData":{"Name":"Ada","n":1.50},"events":{"App Launched":{"count":3}},"platformInfo":[{"platform":"Web","objectId":"o-2","ls":1700000000},{"platform":"Android","objectId":"o-1","ls":1700000001,"push_token":"t"}]}`, "55d89d518aaa9d802573813b247939ea", "1cee2d11e5656ad670266512efe859fd"},
		"by objectId":             {`{"objectId":"o-1","profileData":{}}`, "00d5c8b71f851bbe47626a189b20fb19", "1549150ee44c2146e52293a01efbf254"},
		"by the first device":     {`{"platformInfo":[{"objectId":"o-2"},{"objectId":"o-1"},{"ls":1}]}`, "e3b0c44298fc1c149afbf4c8996fb924", "bf6eedbfe440e50ae55ed8b923081e23"},
		"an identity of null":     {`{"identity":null,"objectId":"o-1"}`, "74234e98afe7498fb5daf1f36ac2d78a", "f6d71aa46a12e0b82b8248ae52329c80"},
		"an identity in number":   {`{"identity":17}`, "4523540f1504cd17100c4835e85b7eef", "661dde116503e872c0bfdc25adbf2c32"},
		"nobody":                  {`{"profileData":{"a":1}}`, "e3b0c44298fc1c149afbf4c8996fb924", "c5e2508349c8b1b5122f637e1148a4b0"},
		"nothing":                 {`{}`, "e3b0c44298fc1c149afbf4c8996fb924", "44136fa355b3678a1146ad16f7e8649e"},
		"devices twice":           {`{"identity":"u","platformInfo":[{"objectId":"b","ls":1,"ls":2},{"objectId":"a"}],"platformInfo":[{"objectId":"d","ls":1},{"objectId":"c"}]}`, "a103d1b50c12e8e7b4ead69fd6bd6456", "a94b65e2209314b46251cd76e4faeaaf"},
		"events twice":            {`{"identity":"u","events":{"a":1},"events":{"b":2}}`, "a103d1b50c12e8e7b4ead69fd6bd6456", "7d329e48208b592eda36cfd858fc307c"},
		"everything twice":        {`{"identity":"u","identity":"v","profileData":{"a":1},"profileData":{"a":2,"a":3}}`, "a103d1b50c12e8e7b4ead69fd6bd6456", "d9dcd5ea44cd0f85e690b4da02f107ed"},
		"devices with equal ids":  {`{"identity":"u","platformInfo":[{"objectId":"a","n":2},{"objectId":"a","n":1},{"n":0},{"objectId":1}]}`, "a103d1b50c12e8e7b4ead69fd6bd6456", "eef3fece502806b79ab445e47ec7a8a6"},
		"devices of other kinds":  {`{"identity":"u","platformInfo":[{"objectId":"a"},"x",null,["ls",{"ls":1}],17]}`, "a103d1b50c12e8e7b4ead69fd6bd6456", "142b5fb2fa5d8b50c3b19b86b9d5ba91"},
		"one device, not a list":  {`{"identity":"u","platformInfo":{"objectId":"a","ls":1}}`, "a103d1b50c12e8e7b4ead69fd6bd6456", "2a84fb9595df2703c01e74496f29dca5"},
		"deeper members stay":     {`{"identity":"u","profileData":{"events":{"a":1},"ls":1,"platformInfo":[{"objectId":"b","ls":1},{"objectId":"a"}]}}`, "a103d1b50c12e8e7b4ead69fd6bd6456", "7dac2a585dd9a9b67e379f7491fb1578"},
		"escaped names of ours":   {`{"\u0069dentity":"u","\u0065vents":{"a":1},"platform\u0049nfo":[{"\u006fbjectId":"b","\u006cs":1},{"objectId":"a"}]}`, "a103d1b50c12e8e7b4ead69fd6bd6456", "a83e9c5bb28e6df14e4968ec446b4f1e"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.True(t, json.Valid([]byte(test.record)))
			profile, err := clevertap.InspectExportedProfile([]byte(test.record))
			require.NoError(t, err)
			assert.Equal(t, test.person, hex.EncodeToString(profile.Person[:]), "person")
			assert.Equal(t, test.state, hex.EncodeToString(profile.State[:]), "state")
		})
	}
}

// FuzzInspectExported checks that every JSON object has keys, and the same without the white space between its parts.
func FuzzInspectExported(f *testing.F) {
	for _, seed := range []string{
		`{"profile":{"objectId":"o"},"ts":20250607130935,"event_props":{"b":1.50,"a":[ 1e3, {"d":1,"c":null} ]}}`,
		`{"identity":"u","platformInfo":[{"objectId":"b","ls":1}, {"objectId":"a"}],"events":{},"platformInfo":1}`,
		`{"a":"\ud83d\ude00 \ud83d \ude00\ud83d \ud83d\u0041 \\ud83d \"\u0000","\uD83D":{}}`, "{\"a\":\"\xff\\n\"}", `{"\ud`, `[]`, `{"a":"\ud8"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		before := bytes.Clone(record)
		event, eventErr := clevertap.InspectExportedEvent(record)
		profile, profileErr := clevertap.InspectExportedProfile(record)
		require.Equal(t, before, record)
		var object map[string]json.RawMessage
		if err := json.Unmarshal(record, &object); err != nil || object == nil {
			require.Error(t, eventErr)
			require.Error(t, profileErr)
			return
		}
		if bytes.Count(record, []byte("["))+bytes.Count(record, []byte("{")) < 300 {
			require.NoError(t, eventErr)
			require.NoError(t, profileErr)
		}
		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, record))
		again, err := clevertap.InspectExportedEvent(compact.Bytes())
		require.Equal(t, eventErr, err)
		require.Equal(t, event, again)
		profileAgain, err := clevertap.InspectExportedProfile(compact.Bytes())
		require.Equal(t, profileErr, err)
		require.Equal(t, profile, profileAgain)
	})
}
