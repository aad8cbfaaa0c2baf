package inputs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDayIsTheProjectsWhereverClocksChange(t *testing.T) {
	for _, test := range []struct {
		zone, at string
		want     day
	}{
		{"Asia/Kolkata", "2026-03-09T18:29:59Z", 20260309},
		{"Asia/Kolkata", "2026-03-09T18:30:00Z", 20260310},
		// Summer time begins at 2 o'clock on 8 March in New York, and ends on 1 November.
		{"America/New_York", "2026-03-08T04:59:59Z", 20260307},
		{"America/New_York", "2026-03-08T05:00:00Z", 20260308},
		{"America/New_York", "2026-03-09T03:59:59Z", 20260308},
		{"America/New_York", "2026-03-09T04:00:00Z", 20260309},
		{"America/New_York", "2026-11-02T04:59:59Z", 20261101},
		{"America/New_York", "2026-11-02T05:00:00Z", 20261102},
		{"Europe/Berlin", "2026-03-29T21:59:59Z", 20260329},
		{"Europe/Berlin", "2026-03-29T22:00:00Z", 20260330},
		// Half an hour only.
		{"Australia/Lord_Howe", "2026-04-04T13:00:00Z", 20260405},
		{"Australia/Lord_Howe", "2026-04-05T13:29:59Z", 20260405},
		{"Australia/Lord_Howe", "2026-04-05T13:30:00Z", 20260406},
		// Midnight does not exist on 6 September in Santiago.
		{"America/Santiago", "2026-09-06T03:59:59Z", 20260905},
		{"America/Santiago", "2026-09-06T04:00:00Z", 20260906},
	} {
		zone, err := time.LoadLocation(test.zone)
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339, test.at)
		require.NoError(t, err)
		assert.Equal(t, test.want, dayIn(at, zone), "%s %s", test.zone, test.at)
	}
}

func TestDaysAreCountedByTheCalendar(t *testing.T) {
	assert.Equal(t, day(20240301), day(20240228).add(2))
	assert.Equal(t, day(20251231), day(20260101).add(-1))
	assert.Equal(t, day(20260329), day(20260328).add(1))
	assert.Equal(t, "2026-03-09", day(20260309).String())
	assert.Equal(t, []day{20260227, 20260228, 20260301}, window{20260227, 20260301}.days())
	_, err := parseDay("2026-02-30")
	assert.Error(t, err)
}

func TestWindows(t *testing.T) {
	assert.Equal(t, window{20260101, 20260131}, windowFrom(20260101, 20260310, 31))
	assert.Equal(t, window{20260301, 20260310}, windowFrom(20260301, 20260310, 31))
	assert.Equal(t, window{20200101, 20260310}, windowFrom(20200101, 20260310, 0))
	for _, test := range []struct {
		name         string
		w            window
		opened, want day
		lookback     int
	}{
		{"old days are closed", window{20260101, 20260131}, 20260310, 20260201, 3},
		{"the last days stay open", window{20260301, 20260310}, 20260310, 20260307, 3},
		{"today stays open without lookback", window{20260301, 20260310}, 20260310, 20260310, 0},
		{"yesterday is closed when read today", window{20260301, 20260309}, 20260310, 20260310, 0},
		{"what was opened yesterday does not close yesterday", window{20260301, 20260309}, 20260309, 20260309, 0},
	} {
		assert.Equal(t, test.want, test.w.openUntil(test.opened, test.lookback), test.name)
	}
}

// Whatever the zone and whenever clocks change, each event of a week comes once, on its own day.
func TestExportsAcrossClockChanges(t *testing.T) {
	for zone, at := range map[string]string{
		"America/New_York": "2026-03-08T07:00:00Z", "Europe/Berlin": "2026-10-25T01:00:00Z",
		"Asia/Kolkata": "2026-03-08T18:30:00Z", "Pacific/Apia": "2026-03-08T11:00:00Z", "America/Santiago": "2026-09-06T04:00:00Z",
	} {
		t.Run(zone, func(t *testing.T) {
			change, err := time.Parse(time.RFC3339, at)
			require.NoError(t, err)
			x := newExportTest(t, zone)
			x.clock.now = change.Add(60 * time.Hour)
			want := map[string]bool{}
			for hour := -60; hour <= 60; hour++ {
				event := change.Add(time.Duration(hour) * time.Hour)
				x.seed(lateBy(0, bought("a", hour, event)))
				want[event.In(x.zone).Format(dayLayout)] = true
			}
			// Every few hours a new process, so that rounds begin at all hours of the day.
			x.clock.now = change.Add(-60 * time.Hour)
			total, days := 0, map[string]bool{}
			for range 14 {
				r := x.events("event_names: [Bought]\nlookback: 0\n")
				r.config.from = dayIn(change.Add(-70*time.Hour), x.zone)
				for _, page := range x.rest(r) {
					for _, message := range page {
						total++
						d, _ := message.MetaGet(metaDay)
						days[d] = true
					}
				}
				x.clock.turn(10 * time.Hour)
			}
			assert.Equal(t, 121, total)
			assert.Equal(t, want, days)
		})
	}
}
