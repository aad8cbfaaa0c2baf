package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func example() *result {
	return &result{
		config: "example.yaml", calls: "calls.gz", read: 1010,
		delivered: counts{"event": 900, "profile": 60, "token": 25},
		unmapped:  counts{"invalid_json": 30, "event_not_defined": 10},
		failed:    counts{"rejected 526 *** is not valid.": 6},
		failedBy:  counts{"event": 5, "token": 1},
		dropped:   counts{"group": 5},
		fixes:     counts{"email_dropped": 7},
	}
}

func TestTheReportAccountsForCalls(t *testing.T) {
	r := example()
	assert.NoError(t, r.check())
	assert.Equal(t, "Every call accounted for: 960 delivered + 5 dropped on purpose + 45 in the dead letter = 1,010 read "+
		"(push tokens not counted).", r.account())
	var out strings.Builder
	r.print(&out)
	for _, want := range []string{"1,010 calls read", "985 records delivered", "30 invalid_json", "6 rejected 526", "7 email_dropped"} {
		assert.Contains(t, out.String(), want)
	}
}

func TestTheReportAdmitsWhatIsMissing(t *testing.T) {
	r := example()
	r.delivered["event"] -= 3
	assert.ErrorContains(t, r.check(), "1010 calls read, 1007 accounted for")
	assert.Contains(t, r.account(), "NOT accounted for")
}

func TestMetricsAreAddedUpByLabel(t *testing.T) {
	const metrics = `# TYPE fixes_total counter
fixes_total{fix="a",label="",path="x"} 3
fixes_total{fix="a",label="",path="y"} 2
fixes_total{label="",fix="b"} 1
other_total{fix="a"} 9
`
	assert.Equal(t, counts{"a": 5, "b": 1}, labelled(metrics, "fixes_total", "fix"))
}

func TestThousands(t *testing.T) {
	assert.Equal(t, []string{"0", "999", "1,000", "1,234,567"},
		[]string{thousands(0), thousands(999), thousands(1000), thousands(1234567)})
}
