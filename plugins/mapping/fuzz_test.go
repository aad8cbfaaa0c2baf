package mapping_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
)

// corpus is all calls of the golden files.
func corpus(t testing.TB) (calls [][]byte) {
	files, err := filepath.Glob("testdata/*/calls.jsonl")
	require.NoError(t, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(raw)) {
			var named struct{ Call json.RawMessage }
			require.NoError(t, json.Unmarshal([]byte(line), &named))
			calls = append(calls, named.Call)
		}
	}
	return calls
}

// FuzzMap checks that the mapper is total, pure and honest, whatever the call: no panic, only valid records, the same
// answer twice, and either records or a reason.
func FuzzMap(f *testing.F) {
	for i, call := range corpus(f) {
		f.Add(call, uint(i))
	}
	f.Fuzz(func(t *testing.T, raw []byte, choice uint) {
		options := chosen(choice)
		mapper := newMapper(t, func(o *mapping.Options) { *o = options })
		got := mapAny(mapper, raw, nil)
		if again := mapAny(mapper, raw, nil); fmt.Sprint(again) != fmt.Sprint(got) {
			t.Fatalf("the same call gave two answers:\n%v\n%v", got, again)
		}
		if (len(got.Records) == 0) != (got.Error != "" || got.Dropped != "") {
			t.Fatalf("neither records nor a reason, or both: %v", got)
		}
		for _, record := range got.Records {
			checkRecord(t, record, options)
		}
	})
}

// chosen spreads the options over the bits of a number.
func chosen(choice uint) mapping.Options {
	o := mapping.DefaultOptions([]mapping.Mode{mapping.Server, mapping.Mobile}[choice&1])
	o.Nested = []mapping.Nested{mapping.Flatten, mapping.Stringify, mapping.Drop, mapping.Keep}[choice>>1&3]
	o.AnonymousID = []mapping.AnonymousID{mapping.Link, mapping.Separate, mapping.Ignore, mapping.Link}[choice>>3&3]
	o.OnLimit = []mapping.OnLimit{mapping.FixLimit, mapping.RejectLimit}[choice>>5&1]
	o.Group = []mapping.Group{mapping.DropGroup, mapping.GroupProfile}[choice>>6&1]
	o.PushTokens = []mapping.PushTokens{mapping.TokensOnIdentify, mapping.TokensOnAll}[choice>>7&1]
	o.PhoneRegion = []string{"", "DE", "IN", "US"}[choice>>8&3]
	return o
}

// FuzzMapBack checks the same of the way back.
func FuzzMapBack(f *testing.F) {
	files, err := filepath.Glob("testdata/back/*/documents.jsonl")
	require.NoError(f, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		for line := range strings.Lines(string(raw)) {
			var named struct{ Document json.RawMessage }
			require.NoError(f, json.Unmarshal([]byte(line), &named))
			f.Add([]byte(named.Document), uint(0))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, choice uint) {
		options := mapping.DefaultBackOptions()
		options.Emit = []mapping.Emit{mapping.EmitAuto, mapping.EmitTrack, mapping.EmitIdentify, mapping.EmitBoth}[choice&3]
		options.UserIDFrom = []mapping.UserIDFrom{mapping.FromIdentity, mapping.FromEmail, mapping.FromPhone, mapping.FromObjectID}[choice>>2&3]
		options.SpecNames, options.DropSegmentOrigin = choice>>4&1 == 1, choice>>5&1 == 1
		mapper := mapping.NewBackMapper(options)
		got := mapBack(mapper, raw, testOrigin())
		if again := mapBack(mapper, raw, testOrigin()); fmt.Sprint(again) != fmt.Sprint(got) {
			t.Fatalf("the same document gave two answers:\n%v\n%v", got, again)
		}
		for _, call := range got.Calls {
			if !json.Valid(call) {
				t.Fatalf("not valid JSON: %q", call)
			}
		}
	})
}
