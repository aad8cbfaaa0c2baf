package clevertap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCleanText(t *testing.T) {
	tests := map[string]struct {
		text string
		sent []string
		want string
	}{
		"recorded text stays": {"Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. Skipped record number : 1", []string{"u1", "Item"},
			"Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event."},
		"number without a space before it": {"Profile data is incorrect. Email is not valid.Skipped record number : 12", nil, "Profile data is incorrect. Email is not valid."},
		"single letters are no data":       {"Employed needs to be Y/N", []string{"Y"}, "Employed needs to be Y/N"},
		"values are masked":                {"The name Ada Lovelace is bad", []string{"Ada Lovelace"}, "The name *** is bad"},
		"in any case":                      {"the name ADA is bad", []string{"Ada"}, "the name *** is bad"},
		"but not inside words":             {"Names are bad", []string{"Name"}, "Names are bad"},
		"unknown words are masked":         {"Adaptation is bad", nil, "*** is bad"},
		"addresses, changed or not":        {"cannot use ada@example.com here", nil, "cannot use *** here"},
		"long numbers":                     {"phone 4915112345678 or +49-151-12345 is bad", nil, "phone *** or *** is bad"},
		"quoted parts":                     {`value "Ada" and 'Lovelace' are bad`, nil, "value *** and *** are bad"},
		"echoed records":                   {`cannot read {"identity":"u1"}`, nil, "cannot read"},
		"a list of one text":               {`["Invalid event : Joyería"]`, nil, "Invalid event : ***"},
		"one line":                         {"is\n\tnot\x00valid", nil, "is not valid"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, cleanText(test.text, slices.Values(test.sent)))
		})
	}
}

// TestCleanText_MasksWhateverBecomesOfAValue has a row for each kind of echo. None of them is the value as a whole word.
func TestCleanText_MasksWhateverBecomesOfAValue(t *testing.T) {
	const (
		name  = "José García de la Cruz"
		email = "priya.raghunathan@example.in"
		phone = "+49 151 23456789"
		id    = "u-839204-EU"
	)
	tests := map[string]struct{ value, echo string }{
		"URL-encoded address":        {"ann@example.com", "ann%40example.com"},
		"URL-encoded name":           {name, "Jos%C3%A9+Garc%C3%ADa+de+la+Cruz"},
		"URL-encoded in lower hex":   {name, "Jos%c3%a9%20Garc%c3%ada%20de%20la%20Cruz"},
		"URL-encoded twice":          {email, "priya.raghunathan%2540example.in"},
		"URL-encoded in Japanese":    {"小林 さくら", "%E5%B0%8F%E6%9E%97%20%E3%81%95%E3%81%8F%E3%82%89"},
		"HTML-escaped":               {"Müller & Söhne", "M&uuml;ller &amp; S&ouml;hne"},
		"HTML-escaped by number":     {name, "Jos&#233; Garc&#xED;a de la Cruz"},
		"JSON-escaped":               {name, `Jos\u00e9 Garc\u00eda de la Cruz`},
		"JSON-escaped twice":         {name, `Jos\\u00e9 Garc\\u00eda de la Cruz`},
		"cut at the end":             {name, "Jos"},
		"cut at the end, with a dot": {email, "priya.ragh..."},
		"cut at the beginning":       {name, "…arcía de la Cruz"},
		"cut in the middle":          {email, "priya…example.in"},
		"a part of an id":            {id, "u-839…"},
		"a number of an id":          {id, "839204"},
		"in capitals":                {name, "JOSÉ GARCÍA DE LA CRUZ"},
		"in small letters":           {id, "u-839204-eu"},
		"white space folded":         {"Nguyễn\t Thị  Minh", "Nguyễn Thị Minh"},
		"white space dropped":        {"Olga Ivanova", "OlgaIvanova"},
		"a phone without its plus":   {phone, "49 151 23456789"},
		"a phone in one piece":       {phone, "4915123456789"},
		"a phone in groups":          {"+15125550123", "+1 (512) 555-0123"},
		"a phone with a zero":        {phone, "0151/23456789"},
		"split into letters":         {"Ulrike", "U l r i k e"},
		"split into pieces":          {email, "priya. raghu nathan @ exam ple"},
		"glued to letters":           {"Ada Lovelace", "xAdaLovelacey"},
		"glued to a sentence":        {"Ada", "valid.Ada"},
		"glued to a name of ours":    {"Ulrike", "Email:Ulrike"},
		"an attribute with its name": {"Ulrike", `Name="Ulrike"`},
		"in base64":                  {email, "cHJpeWEucmFnaHVuYXRoYW5AZXhhbXBsZS5pbg=="},
		"in hexadecimal":             {"Ada", "416461"},
		"decomposed":                 {"José", "Jose\u0301"},
		"without accents":            {name, "Jose Garcia de la Cruz"},
		"in wide letters":            {"Ada", "Ａｄａ"},
		"with zero-width spaces":     {"Ada", "A\u200bd\u200ba"},
		"in another encoding":        {"José", "Jos\xe9"},
		"read in another encoding":   {"José", "JosÃ©"},
		"in curly quotes":            {"Ada", "“Ada”"},
		"backwards":                  {"Ulrike", "ekirlU"},
		"nothing but symbols":        {"$$$$$", "$$$$$"},
		"nothing but punctuation":    {"-----", "-----"},
		"a number that is a limit":   {"+1 512 5550123", "512"},
		"a limit in a phone":         {"+1 512 5550123", "+1 512 5550123"},
		"an age":                     {"42", "42"},
	}
	for kind, test := range tests {
		t.Run(kind, func(t *testing.T) {
			for text, want := range map[string]string{
				"Profile data is incorrect. Email %s is not valid.Skipped record number : 2": "Profile data is incorrect. Email *** is not valid.",
				"Invalid event : %s": "Invalid event : ***",
				"%s is too long":     "*** is too long",
				"value '%s'":         "value ***",
			} {
				text = strings.ReplaceAll(text, "%s", test.echo)
				assert.Equal(t, want, cleanText(text, slices.Values([]string{test.value})), "sent")
				assert.Equal(t, want, cleanText(text, slices.Values([]string(nil))), "of another record")
			}
		})
	}
}

// TestCleanText_MasksWordsOfItsVocabularyThatWereSent has the values that consist of such words.
func TestCleanText_MasksWordsOfItsVocabularyThatWereSent(t *testing.T) {
	tests := map[string]struct{ text, value, want string }{
		"a value of one word":                  {"Name Valid is too long", "valid", "Name *** is too long"},
		"of several":                           {"Name Access  Key is too long", "access key", "Name *** is too long"},
		"of which one is missing":              {"Name Access is too long", "access key", "Name Access is too long"},
		"behind an unknown word":               {"Name Sally Field is too long", "Sally Field", "Name *** is too long"},
		"before an unknown word":               {"Name Long Nguyen is too long", "Long Nguyen", "Name *** is too long"},
		"cut at a word":                        {"Name Sally Field... is too long", "Sally Field Gibson", "Name *** is too long"},
		"around an unknown word":               {"Name Key Largo Is is too long", "Key Largo Is", "Name *** is too long"},
		"elsewhere it is CleverTap's":          {"Field Sally is too long", "Sally Field", "Field *** is too long"},
		"a limit is no echo":                   {"the limit is 100", "100", "the limit is 100"},
		"a code is no echo":                    {"ErrorCode: 513 - Name is bad", "513", "ErrorCode: 513 - Name is bad"},
		"part of a name with several parts":    {"Phone/Email is not valid", "Email", "*** is not valid"},
		"two letters say nothing":              {"Email is not in the list", "IN", "Email is not in the list"},
		"a sentence says the same to everyone": {"Profile data is incorrect. Email is not valid.", "Email", "Profile data is incorrect. Email is not valid."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, cleanText(test.text, slices.Values([]string{"other", test.value, test.value})))
		})
	}
}

func TestCleanText_KeepsNumbersOfItsOwn(t *testing.T) {
	for text, want := range map[string]string{
		"Event structure is not valid. ErrorCode: 522 - Too many event properties, the limit is 100. ": "Event structure is not valid. ErrorCode: 522 - Too many event properties, the limit is 100.",
		"ErrorCode:555 - An error occurred":       "ErrorCode:555 - An error occurred",
		"ErrorCode: 508 is unknown":               "ErrorCode: *** is unknown",
		"ErrorCode: 0513 is unknown":              "ErrorCode: *** is unknown",
		"Age 120 is not valid":                    "Age *** is not valid",
		"Age 120 chars":                           "Age 120 chars",
		"Age 121 chars":                           "Age *** chars",
		"value exceeds the maximum of 512 bytes":  "value exceeds the maximum of 512 bytes",
		"Too many records, at most 1000 per call": "Too many records, at most 1000 per call",
		"the limit is 42":                         "the limit is ***",
		"Phone is 512":                            "Phone is ***",
		"100":                                     "***",
	} {
		assert.Equal(t, want, cleanText(text, slices.Values([]string(nil))))
	}
}

// TestCleanText_KeepsWhatCleverTapSays has the texts of failures that were recorded or are documented, as they come.
func TestCleanText_KeepsWhatCleverTapSays(t *testing.T) {
	for _, text := range []string{
		"Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. ",
		"Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. ",
		"Profile data is incorrect. Email is not valid.",
		"Profile data is incorrect. Phone number is not valid.",
		"Profile data is incorrect. Employed needs to be Y/N.",
		"Profile data is incorrect. Education needs to be School/College/Graduate..",
		"Profile data is incorrect. Married needs to be Y/N.",
		"Profile data is incorrect. Age is invalid.",
		"'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars to identify the user. ",
		"Timestamp should be present in the Unix Epoch format. ",
		// What the table of codes says of those without a recorded text.
		"invalid event structure", "gender invalid", "email invalid", "phone invalid", "employment invalid", "education invalid",
		"marital status invalid", "age invalid", "too many event properties", "no identifier", "record is neither event nor profile",
		"ts not a UNIX epoch", "objectId invalid", "the event name was discarded in the dashboard", "invalid objectId",
		"invalid token data", "token id missing", "token type missing", "type not valid for that objectId",
		"miscellaneous server error",
		// Whole requests.
		"Account ID is not valid", "12 digit account ID mandatory", "Passcode Invalid", "Invalid Credentials",
		"Failed to process request", "Malformed request", "Too many concurrent requests", "An unknown error occurred",
		"Request still in progress, please retry later", "Incorrect Usage", "Export not allowed for this event", "invalid cursor",
		"Provide either identity or guid, not both", "Not found", "Method not allowed",
		"This target has no result as of yet", "This target hasn't been completed", "Enter date in ISO format",
		"must be one of $add, $set, $remove, $delete",
	} {
		got := cleanText(text+"Skipped record number : 17", slices.Values([]string{"José García", "u1", "Y", "IN", "4.5"}))
		assert.Equal(t, strings.TrimSpace(text), got)
	}
}

func TestCleanTextIsBounded(t *testing.T) {
	for _, words := range []string{"ü€", "is not valid ", "is not ü€ valid "} {
		text := cleanText(strings.Repeat(words, 5000), slices.Values([]string(nil)))
		assert.NotEmpty(t, text)
		assert.LessOrEqual(t, len(text), maxTextBytes)
		assert.True(t, utf8.ValidString(text))
	}
}

func TestSentValuesAreAllButTheType(t *testing.T) {
	record, err := Inspect([]byte(`{"type":"event","identity":"u1","ts":17,"evtData":{"a":["x",{"b":"y"}],"c":true,"d":1.50}}`))
	require.NoError(t, err)
	other, err := Inspect([]byte(`{"type":"token","type":"event","identity":"\u00e9","evtData":{"b":"z"}}`))
	require.NoError(t, err)
	want := []string{"u1", "17", "x", "y", "1.50", "event", "é", "z"}
	assert.Equal(t, want, slices.Collect(sentValues([]Record{record, other})))
	for count := range want {
		var some []string
		for value := range sentValues([]Record{record, other}) {
			if some = append(some, value); len(some) > count {
				break
			}
		}
		assert.Equal(t, want[:count+1], some)
	}
}

// FuzzSentValues checks that no value of a record is overlooked: what is not among them is not masked.
func FuzzSentValues(f *testing.F) {
	f.Add([]byte(`{"type":"event","identity":"\u00e9\ud83d","ts":17,"evtData":{"a":["x",{"type":"y"}],"c":true,"d":1.50,"type":[]}}`))
	f.Add([]byte(`{"type":"profile","profileData":{"Identity":"a","a":{"$add":["b",null,-1e5]},"":""}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		record, err := Inspect(raw)
		if err != nil {
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		var want []string
		typed := false
		for next(t, decoder); decoder.More(); {
			if name := next(t, decoder); name == "type" && !typed {
				typed = true
				require.NoError(t, decoder.Decode(new(any)))
				continue
			}
			want = appendScalars(t, want, decoder)
		}
		require.Equal(t, want, slices.Collect(sentValues([]Record{record})))
	})
}

func next(t *testing.T, decoder *json.Decoder) json.Token {
	t.Helper()
	token, err := decoder.Token()
	require.NoError(t, err)
	return token
}

// appendScalars appends the texts and numbers of the value that comes next.
func appendScalars(t *testing.T, scalars []string, decoder *json.Decoder) []string {
	switch token := next(t, decoder).(type) {
	case json.Delim:
		for decoder.More() {
			if token == '{' {
				next(t, decoder)
			}
			scalars = appendScalars(t, scalars, decoder)
		}
		next(t, decoder)
	case string, json.Number:
		return append(scalars, fmt.Sprint(token))
	}
	return scalars
}

func TestNoRefusedIDIsLongerThanTheLongest(t *testing.T) {
	for id := range refusedIDs {
		assert.LessOrEqual(t, len(id), longestRefusedID, id)
	}
}
