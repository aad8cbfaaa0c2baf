// Package bloblang offers the rules of the mapping to people who write their own: thin wrappers, no rules of its own.
package bloblang

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redpanda-data/benthos/v4/public/bloblang"

	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func init() {
	bloblang.MustRegisterMethodV2("segment_snake_case", snakeCaseSpec(),
		func(*bloblang.ParsedParams) (bloblang.Method, error) {
			return bloblang.StringMethod(func(s string) (any, error) { return mapping.SnakeCase(s), nil }), nil
		})
	bloblang.MustRegisterMethodV2("clevertap_date", dateSpec(),
		func(*bloblang.ParsedParams) (bloblang.Method, error) { return toCleverTapDate, nil })
	bloblang.MustRegisterMethodV2("clevertap_parse_date", parseDateSpec(),
		func(*bloblang.ParsedParams) (bloblang.Method, error) {
			return bloblang.StringMethod(parseCleverTapDate), nil
		})
}

func snakeCaseSpec() *bloblang.PluginSpec {
	return bloblang.NewPluginSpec().
		Category("CleverTap").
		Static().
		Version("0.1.0").
		Description("Writes a name in lower case with its words joined by `_`, as `segment_to_clevertap` writes the names of traits and properties.").
		Example("", `root.key = this.name.segment_snake_case()`,
			[2]string{`{"name":"HTTPServerName"}`, `{"key":"http_server_name"}`},
			[2]string{`{"name":"Plan Name (v2)"}`, `{"key":"plan_name_v2"}`})
}

func dateSpec() *bloblang.PluginSpec {
	return bloblang.NewPluginSpec().
		Category("CleverTap").
		Static().
		Version("0.1.0").
		Description("Turns an ISO 8601 date or date-time, a timestamp or epoch seconds into CleverTap's form of a date.").
		Example("No zone is UTC, and a date alone is midnight.", `root.born = this.born.clevertap_date()`,
			[2]string{`{"born":"1990-05-17"}`, `{"born":"$D_642902400"}`},
			[2]string{`{"born":642902400}`, `{"born":"$D_642902400"}`})
}

func parseDateSpec() *bloblang.PluginSpec {
	return bloblang.NewPluginSpec().
		Category("CleverTap").
		Static().
		Version("0.1.0").
		Description("Turns CleverTap's form of a date into a timestamp.").
		Example("", `root.born = this.born.clevertap_parse_date()`,
			[2]string{`{"born":"$D_642902400"}`, `{"born":"1990-05-17T00:00:00Z"}`})
}

func toCleverTapDate(v any) (any, error) {
	switch value := bloblang.ValueSanitized(v).(type) {
	case time.Time:
		return mapping.Date(value.Unix()), nil
	case string:
		if t, ok := segment.ParseISO8601(strings.TrimSpace(value)); ok {
			return mapping.Date(t.Unix), nil
		}
		return nil, fmt.Errorf("expecting an ISO 8601 date or date-time")
	default:
		unix, err := bloblang.ValueAsInt64(value)
		if err != nil {
			return nil, fmt.Errorf("expecting an ISO 8601 date, a timestamp or epoch seconds")
		}
		return mapping.Date(unix), nil
	}
}

func parseCleverTapDate(s string) (any, error) {
	digits, ok := strings.CutPrefix(s, "$D_")
	unix, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil {
		return nil, fmt.Errorf("expecting a date such as $D_642902400")
	}
	return time.Unix(unix, 0).UTC(), nil
}
