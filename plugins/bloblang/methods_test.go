package bloblang

import (
	"encoding/json"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMethods(t *testing.T) {
	tests := []struct{ name, mapping, in, want string }{
		{"names in snake case", `root = this.v.segment_snake_case()`, `{"v":"B2BSales"}`, `"b2b_sales"`},
		{"a date is midnight in UTC", `root = this.v.clevertap_date()`, `{"v":"1990-05-17"}`, `"$D_642902400"`},
		{"a date-time keeps its zone", `root = this.v.clevertap_date()`, `{"v":"1990-05-17T02:00:00+02:00"}`, `"$D_642902400"`},
		{"epoch seconds", `root = this.v.clevertap_date()`, `{"v":642902400}`, `"$D_642902400"`},
		{"a timestamp", `root = this.v.ts_parse("2006-01-02").clevertap_date()`, `{"v":"1990-05-17"}`, `"$D_642902400"`},
		{"before 1970", `root = this.v.clevertap_date()`, `{"v":"1969-12-31T23:59:59Z"}`, `"$D_-1"`},
		{"and back", `root = this.v.clevertap_parse_date()`, `{"v":"$D_642902400"}`, `"1990-05-17T00:00:00Z"`},
		{"no date is an error", `root = this.v.clevertap_date().catch("bad")`, `{"v":"tomorrow"}`, `"bad"`},
		{"no number is an error", `root = this.v.clevertap_parse_date().catch("bad")`, `{"v":"$D_x"}`, `"bad"`},
		{"no prefix is an error", `root = this.v.clevertap_parse_date().catch("bad")`, `{"v":"642902400"}`, `"bad"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exec, err := bloblang.Parse(test.mapping)
			require.NoError(t, err)
			var in any
			require.NoError(t, json.Unmarshal([]byte(test.in), &in))
			out, err := exec.Query(in)
			require.NoError(t, err)
			got, err := json.Marshal(out)
			require.NoError(t, err)
			assert.JSONEq(t, test.want, string(got))
		})
	}
}
