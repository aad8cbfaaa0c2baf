package clevertaptest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

func profileWith(key, value string) string {
	return profileOf("u1", fmt.Sprintf(`{%q:%s}`, key, value))
}

func tokenOf(objectID, data string) string {
	return fmt.Sprintf(`{"type":"token","objectId":%q,"tokenData":%s}`, objectID, data)
}

const event = `"type":"event","evtName":"e","evtData":{}`

// refusals has a row per way to be refused; an empty text is one of our own wording.
var refusals = []struct {
	name, record string
	code         int
	text         string
}{
	{"event without name", `{"type":"event","identity":"u","evtData":{}}`, 509,
		"Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. Skipped record number : 1"},
	{"event with null name", `{"type":"event","identity":"u","evtName":null,"evtData":{}}`, 509, ""},
	{"event with blank name", eventOf("u", " ", `{}`), 509, ""},
	{"event without data", `{"type":"event","identity":"u","evtName":"e"}`, 512, ""},
	{"event whose data is a list", eventOf("u", "e", `[]`), 512, ""},
	{"event with a name that is no string", `{"type":"event","identity":"u","evtName":1,"evtData":{}}`, 512, ""},
	{"object in an event", eventOf("u", "e", `{"a":{"b":1}}`), 512, ""},
	{"list in an event", eventOf("u", "e", `{"a":["b"]}`), 512, ""},
	{"items outside Charged", eventOf("u", "Bought", `{"Items":[{"a":1}]}`), 512, ""},
	{"items of Charged no list", eventOf("u", "Charged", `{"Items":{"a":1}}`), 512, ""},
	{"item no object", eventOf("u", "Charged", `{"Items":["a"]}`), 512, ""},
	{"item nested", eventOf("u", "Charged", `{"Items":[{"a":[1]}]}`), 512, ""},
	{"too many items", eventOf("u", "Charged", `{"Items":[{}`+strings.Repeat(",{}", 256)+`]}`), 512, ""},
	{"long value", eventOf("u", "e", `{"a":"`+strings.Repeat("ü", 257)+`"}`), 512, ""},
	{"system event", eventOf("u", "App Launched", `{}`), 513,
		"Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. Skipped record number : 1"},
	{"system event in other letters", eventOf("u", "applaunched", `{}`), 513, ""},
	{"gender", profileWith("Gender", `"GG"`), 514,
		"Profile data is incorrect. Gender needs to be M/F.Skipped record number : 1"},
	{"gender set by operator", profileWith("gender", `{"$set":"male"}`), 514, ""},
	{"email", profileWith("Email", `"$$$$$"`), 515,
		"Profile data is incorrect. Email is not valid.Skipped record number : 1"},
	{"email without domain", profileWith("Email", `"a@b"`), 515, ""},
	{"email with two domains", profileWith("Email", `"a@b.io@c.io"`), 515, ""},
	{"email no string", profileWith("email", `1234`), 515, ""},
	{"phone", profileWith("Phone", `"+44+441234"`), 516,
		"Profile data is incorrect. Phone number is not valid.Skipped record number : 1"},
	{"phone without plus", profileWith("Phone", `"35922333232"`), 516, ""},
	{"phone of four digits", profileWith("Phone", `"+1234"`), 516, ""},
	{"phone with spaces", profileWith("Phone", `"+49 30 901820"`), 516, ""},
	{"phone no string", profileWith("Phone", `35922333232`), 516, ""},
	{"employed", profileWith("Employed", `"yes"`), 517,
		"Profile data is incorrect. Employed needs to be Y/N.Skipped record number : 1"},
	{"education", profileWith("Education", `"PhD"`), 518,
		"Profile data is incorrect. Education needs to be School/College/Graduate..Skipped record number : 1"},
	{"married", profileWith("Married", `true`), 519,
		"Profile data is incorrect. Married needs to be Y/N.Skipped record number : 1"},
	{"age", profileWith("Age", `"aa"`), 520, "Profile data is incorrect. Age is invalid.Skipped record number : 1"},
	{"negative age", profileWith("Age", `-1`), 520, ""},
	{"101 properties", eventOf("u", "e", properties(101)), 522, ""},
	{"nobody", `{` + event + `}`, 523,
		"'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars to identify the user. " +
			"Skipped record number : 1"},
	{"empty identity", `{"identity":"",` + event + `}`, 523, ""},
	{"identity that is a word for nothing", `{"identity":" None",` + event + `}`, 523, ""},
	{"identity zero", `{"identity":0,` + event + `}`, 523, ""},
	{"identity an object", `{"identity":{},` + event + `}`, 523, ""},
	{"identity too long", eventOf(strings.Repeat("x", 1024), "e", `{}`), 523, ""},
	{"unknown type", `{"type":"other","identity":"u"}`, 524, ""},
	{"delete is no upload", `{"type":"delete","identity":"u"}`, 524, ""},
	{"type in capitals", `{"type":"Event","identity":"u","evtName":"e","evtData":{}}`, 524, ""},
	{"record no object", `"event"`, 524, ""},
	{"profile without data", `{"type":"profile","identity":"u"}`, 524, ""},
	{"ts zero", `{"identity":"u","ts":0,` + event + `}`, 525,
		"Timestamp should be present in the Unix Epoch format. Skipped record number : 1"},
	{"ts negative", `{"identity":"u","ts":-5,` + event + `}`, 525, ""},
	{"ts with fraction", `{"identity":"u","ts":1.5,` + event + `}`, 525, ""},
	{"ts a date", `{"identity":"u","ts":"2026-03-01T12:00:00Z",` + event + `}`, 525, ""},
	{"ts null", `{"identity":"u","ts":null,` + event + `}`, 525, ""},
	{"objectId empty", `{"objectId":"",` + event + `}`, 526, ""},
	{"objectId a number", `{"objectId":7,` + event + `}`, 526, ""},
	{"objectId of 65 characters after its prefix", `{"objectId":"__g` + strings.Repeat("x", 65) + `",` + event + `}`, 526, ""},
	{"objectId that is a word for nothing", `{"objectId":"null","identity":"u",` + event + `}`, 526, ""},
	{"discarded event", eventOf("u", "old  EVENT", `{}`), 528, ""},
	{"token without objectId", `{"type":"token","identity":"u","tokenData":{"id":"t","type":"fcm"}}`, 530, ""},
	{"token for a device never seen", tokenOf("nobody", `{"id":"t","type":"fcm"}`), 530, ""},
	{"token without data", `{"type":"token","objectId":"d"}`, 531, ""},
	{"token without id", tokenOf("d", `{"type":"fcm"}`), 532, ""},
	{"token without type", tokenOf("d", `{"id":"t"}`), 533, ""},
	{"token of unknown type", tokenOf("d", `{"id":"t","type":"ios"}`), 534, ""},
	{"Apple token for an Android device", tokenOf("__gabc", `{"id":"t","type":"apns"}`), 534, ""},
	{"Android token for an Apple device", tokenOf("-gabc", `{"id":"t","type":"fcm"}`), 534, ""},
	{"chrome without keys", tokenOf("d", `{"id":"t","type":"chrome","keys":{"auth":"a"}}`), 535, ""},
}

func properties(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(`"p%d":%d`, i, i)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestEveryRefusal(t *testing.T) {
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(clevertaptest.Options{DiscardedEvents: []string{"Old Event"}})
			got := upload(t, s, test.record)
			require.Equal(t, "fail", got.Status)
			require.Zero(t, got.Processed)
			require.Len(t, got.Unprocessed, 1)
			refused := got.Unprocessed[0]
			require.Equal(t, test.code, refused.Code, refused.Error)
			require.Equal(t, "fail", refused.Status)
			require.JSONEq(t, test.record, string(refused.Record))
			require.True(t, strings.HasSuffix(refused.Error, "Skipped record number : 1"), refused.Error)
			if test.text != "" {
				require.Equal(t, test.text, refused.Error)
			}
			require.Empty(t, s.Profiles())
			require.Len(t, s.Rejections(), 1)
			require.Equal(t, map[int]int64{test.code: 1}, s.Stats().RejectedByCode)
		})
	}
}

func TestOptionsThatLoosenOrTighten(t *testing.T) {
	nested := eventOf("u", "e", `{"a":{"b":[1]}}`)
	long := eventOf("u", "e", `{"a":"`+strings.Repeat("ü", 300)+`"}`)
	for _, test := range []struct {
		name   string
		opts   clevertaptest.Options
		record string
		code   int
	}{
		{"page events are fine by default", clevertaptest.Options{}, eventOf("u", "Web Page Viewed", `{}`), 0},
		{"an account that restricts page events", clevertaptest.Options{RestrictWebPageViewed: true},
			eventOf("u", "web page viewed", `{}`), 513},
		{"nested objects enabled", clevertaptest.Options{NestedObjects: true}, nested, 0},
		{"long values cut", clevertaptest.Options{LongValues: clevertaptest.TruncateLongValues}, long, 0},
		{"words for nothing allowed", clevertaptest.Options{AllowRefusedIDs: true}, eventOf("null", "e", `{}`), 0},
		{"tokens of unknown devices", clevertaptest.Options{AllowUnknownTokenDevices: true},
			tokenOf("d", `{"id":"t","type":"fcm"}`), 0},
		{"a larger account", clevertaptest.Options{MaxEventProperties: 256}, eventOf("u", "e", properties(256)), 0},
		{"100 properties", clevertaptest.Options{}, eventOf("u", "e", properties(100)), 0},
		{"512 bytes", clevertaptest.Options{}, eventOf("u", "e", `{"a":"`+strings.Repeat("ü", 256)+`"}`), 0},
		{"Charged with items", clevertaptest.Options{}, eventOf("u", "charged", `{"Items":[{"a":1},{"a":2}]}`), 0},
		{"ts as digits", clevertaptest.Options{}, `{"identity":"u","ts":"1700000000",` + event + `}`, 0},
		{"number as identity", clevertaptest.Options{}, `{"identity":18,` + event + `}`, 0},
		{"extra keys", clevertaptest.Options{}, `{"identity":"u","$source":"x","source":"Segment",` + event + `}`, 0},
		{"objectId of 64 characters after its prefix", clevertaptest.Options{},
			`{"objectId":"__g` + strings.Repeat("x", 64) + `",` + event + `}`, 0},
		{"chrome with keys", clevertaptest.Options{AllowUnknownTokenDevices: true},
			tokenOf("d", `{"id":"t","type":"chrome","keys":{"p256dh":"k","auth":"a"}}`), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(test.opts)
			if test.code == 0 {
				accepted(t, s, test.record)
				return
			}
			require.Equal(t, test.code, upload(t, s, test.record).Unprocessed[0].Code)
		})
	}
}

func TestOnlyTheFirstFailingCheckIsTold(t *testing.T) {
	broken := []string{
		`"type":"profile"`, `"identity":"u"`, `"ts":1`, `"Gender":"M"`, `"Email":"a@b.io"`, `"Phone":"+35922333232"`,
		`"Employed":"Y"`, `"Education":"School"`, `"Married":"N"`, `"Age":"18"`,
	}
	wrong := []string{
		`"type":"x"`, `"identity":""`, `"ts":0`, `"Gender":"G"`, `"Email":"1"`, `"Phone":"223"`,
		`"Employed":"x"`, `"Education":"x"`, `"Married":"x"`, `"Age":"aa"`,
	}
	for i, code := range []int{524, 523, 525, 514, 515, 516, 517, 518, 519, 520} {
		parts := append(append([]string{}, broken[:i]...), wrong[i:]...)
		record := fmt.Sprintf(`{%s,"profileData":{%s}}`, strings.Join(parts[:3], ","), strings.Join(parts[3:], ","))
		require.Equal(t, code, upload(t, newServer(clevertaptest.Options{}), record).Unprocessed[0].Code, record)
	}
}
