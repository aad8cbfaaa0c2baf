package segment_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func TestParseISO8601(t *testing.T) {
	tests := []struct {
		in   string
		want string // RFC 3339 in UTC; empty: not a time
	}{
		{"2026-03-01", "2026-03-01T00:00:00Z"},
		{"2026-03-01T10:20Z", "2026-03-01T10:20:00Z"},
		{"2026-03-01T10:20:30", "2026-03-01T10:20:30Z"},
		{"2026-03-01 10:20:30", "2026-03-01T10:20:30Z"},
		{"2026-03-01T10:20:30.5Z", "2026-03-01T10:20:30Z"},
		{"2026-03-01T10:20:30,123456789123Z", "2026-03-01T10:20:30Z"},
		{"2026-03-01T10:20:30+05:30", "2026-03-01T04:50:30Z"},
		{"2026-03-01T10:20:30-0800", "2026-03-01T18:20:30Z"},
		{"2026-03-01T10:20:30+02", "2026-03-01T08:20:30Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z"},
		{"2000-02-29", "2000-02-29T00:00:00Z"},
		{"1900-02-28", "1900-02-28T00:00:00Z"},
		{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"1900-02-29", ""}, {"2023-02-29", ""}, {"2026-04-31", ""}, {"2026-00-10", ""}, {"2026-13-01", ""}, {"2026-01-32", ""},
		{"", ""}, {"2026", ""}, {"2026-03", ""}, {"20260301", ""}, {"2026/03/01", ""}, {"26-03-01", ""}, {"2026-3-1", ""},
		{"2026-03-01T", ""}, {"2026-03-01T10", ""}, {"2026-03-01T24:00:00Z", ""}, {"2026-03-01T10:60", ""}, {"2026-03-01T10:20:60", ""},
		{"2026-03-01T10:20:30.", ""}, {"2026-03-01T10:20:30z", ""}, {"2026-03-01t10:20:30Z", ""}, {"2026-03-01T10:20:30 Z", ""},
		{"2026-03-01T10:20:30+5", ""}, {"2026-03-01T10:20:30+24:00", ""}, {"2026-03-01T10:20:30+05:60", ""}, {"2026-03-01Z", ""},
		{"2026-03-01 and more", ""}, {" 2026-03-01", ""}, {"+2026-03-01", ""}, {"２０２６-03-01", ""},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			got, ok := segment.ParseISO8601(test.in)
			if test.want == "" {
				assert.False(t, ok)
				return
			}
			require.True(t, ok)
			assert.Equal(t, test.want, time.Unix(got.Unix, 0).UTC().Format(time.RFC3339))
		})
	}
}

func TestMidnightIsThatOfTheDateAsWritten(t *testing.T) {
	got, ok := segment.ParseISO8601("1990-05-17T23:30:00-08:00")
	require.True(t, ok)
	assert.Equal(t, "1990-05-17T00:00:00Z", time.Unix(got.Midnight(), 0).UTC().Format(time.RFC3339))
}

// What Go writes as RFC 3339, with any zone and fraction, is read back to the second.
func TestISO8601ReadsRFC3339(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unix := rapid.Int64Range(-62135596800, 253402300799-86400).Draw(t, "unix")
		nanos := rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60, 23*60).Draw(t, "minutes"))
		at := time.Unix(unix, nanos).In(zone)
		if at.Year() < 1 {
			return
		}
		got, ok := segment.ParseISO8601(at.Format(time.RFC3339Nano))
		if !ok || got.Unix != unix {
			t.Fatalf("%s: %d, %v", at.Format(time.RFC3339Nano), got.Unix, ok)
		}
	})
}
