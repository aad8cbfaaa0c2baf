package clevertap

import (
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
		"but not inside words":             {"Adaptation is bad", []string{"Ada"}, "Adaptation is bad"},
		"addresses, changed or not":        {"cannot use ada@example.com here", nil, "cannot use *** here"},
		"long numbers":                     {"phone 4915112345678 or +49-151-12345 is bad", nil, "phone *** or *** is bad"},
		"quoted parts":                     {`value "Ada" and 'Lovelace' are bad`, nil, "value *** and *** are bad"},
		"echoed records":                   {`cannot read {"identity":"u1"}`, nil, "cannot read"},
		"one line":                         {"a\n\tb\x00c", nil, "a b c"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, cleanText(test.text, slices.Values(test.sent)))
		})
	}
}

func TestCleanTextIsBounded(t *testing.T) {
	text := cleanText(strings.Repeat("ü€", 5000), slices.Values([]string(nil)))
	assert.LessOrEqual(t, len(text), maxTextBytes)
	assert.True(t, utf8.ValidString(text))
}

func TestSentValuesAreAllButTheType(t *testing.T) {
	record, err := Inspect([]byte(`{"type":"event","identity":"u1","ts":17,"evtData":{"a":["x",{"b":"y"}],"c":true,"d":1.50}}`))
	require.NoError(t, err)
	assert.Equal(t, []string{"u1", "17", "x", "y", "1.50"}, slices.Collect(sentValues([]Record{record})))
	for range sentValues([]Record{record, record}) {
		break
	}
}

func FuzzCleanText(f *testing.F) {
	f.Add("Email a@b.c is bad. Skipped record number : 2", "a@b.c")
	f.Fuzz(func(t *testing.T, text, value string) {
		clean := cleanText(text, slices.Values([]string{value}))
		assert.LessOrEqual(t, len(clean), maxTextBytes)
		assert.True(t, utf8.ValidString(clean))
	})
}

func TestNoRefusedIDIsLongerThanTheLongest(t *testing.T) {
	for id := range refusedIDs {
		assert.LessOrEqual(t, len(id), longestRefusedID, id)
	}
}
