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
