package mapping_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
)

func TestSnakeCase(t *testing.T) {
	tests := []struct{ rule, in, want string }{
		{"words end at spaces", "Industry Of Traits", "industry_of_traits"},
		{"and where a capital follows a lower-case letter", "userID", "user_id"},
		{"and before the last capital of a run", "HTTPServerName", "http_server_name"},
		{"anything but letters and digits ends a word", "Plan Name (v2)", "plan_name_v2"},
		{"nothing leads or trails", "$created", "created"},
		{"nothing leads or trails", "__a__", "a"},
		{"runs of separators are one", "a.-_ b", "a_b"},
		{"letters of any script", "Größe", "größe"},
		{"capitals of any script", "ÉcoleÀParis", "école_à_paris"},
		{"letters without case have no capitals", "日本語キー", "日本語キー"},
		{"digits stay with the word before them", "item2Name", "item2_name"},
		{"digits do not end a run of capitals", "B2BSales", "b2b_sales"},
		{"digits first", "2ndPlace", "2nd_place"},
		{"digits alone", "2026", "2026"},
		{"marks belong to their letter", "e\u0301Cole", "e\u0301_cole"},
		{"marks do not hide the letter behind them", "HTTPE\u0301cole", "http_e\u0301cole"},
		{"capitals alone", "USD", "usd"},
		{"one capital", "A", "a"},
		{"snake case stays", "already_snake_case2", "already_snake_case2"},
		{"nothing left", "$%&", ""},
		{"nothing at all", "", ""},
		{"an emoji is no letter", "love❤You", "love_you"},
		{"bytes that are no UTF-8 end a word", "a\xffb", "a_b"},
	}
	for _, test := range tests {
		t.Run(test.rule+" "+test.in, func(t *testing.T) {
			assert.Equal(t, test.want, mapping.SnakeCase(test.in))
		})
	}
}

// FuzzSnakeCase checks what holds for every name: no capitals, no separators but single inner underscores, and a second
// time changes nothing.
func FuzzSnakeCase(f *testing.F) {
	for _, seed := range []string{"userID", "B2BSales", "e\u0301Cole", "_a__b_", "ǅ", "İstanbul", "\xff", "ß2Ä"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := mapping.SnakeCase(name)
		if again := mapping.SnakeCase(got); again != got {
			t.Fatalf("%q became %q and then %q", name, got, again)
		}
		if strings.HasPrefix(got, "_") || strings.HasSuffix(got, "_") || strings.Contains(got, "__") {
			t.Fatalf("%q became %q", name, got)
		}
		for _, r := range got {
			if r != '_' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
				t.Fatalf("%q became %q", name, got)
			}
		}
	})
}
