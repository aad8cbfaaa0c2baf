package inputs

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/runstatus"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

func TestEventsCarryNameAndMetadata(t *testing.T) {
	x := newExportTest(t, "Asia/Kolkata",
		// 01:30 on the 6th in Kolkata
		strings.Replace(bought("a", 9007199254740993, time.Date(2026, 3, 5, 20, 0, 0, 0, time.UTC)), "Bought", `Bought \"all\"`, 1))
	pages := x.rest(x.events("event_names: ['Bought \"all\"']\n"))
	require.Len(t, pages, 1)
	require.Len(t, pages[0], 1)
	content, err := pages[0][0].AsBytes()
	require.NoError(t, err)
	assert.Equal(t, `{"event_name":"Bought \"all\"","profile":{"objectId":"a","platform":"Web","app_version":"1.0","os_version":"1"},"ts":20260306013000,"event_props":{"n":9007199254740993}}`,
		strings.Replace(string(content), `,"profileData":{}`, "", 1))
	meta := map[string]string{}
	require.NoError(t, pages[0][0].MetaWalk(func(key, value string) error {
		meta[key] = value
		return nil
	}))
	assert.Equal(t, map[string]string{
		"clevertap_account_id": "TEST-ACCOUNT", "clevertap_event_name": `Bought "all"`, "clevertap_timezone": "Asia/Kolkata",
		"clevertap_day": "2026-03-06", "clevertap_occurrence": "0", "clevertap_source": "events_export",
	}, meta)
}

func TestEqualEventsAreCounted(t *testing.T) {
	same := bought("a", 1, today.Add(-time.Hour))
	x := newExportTest(t, "UTC", same, same, bought("b", 1, today.Add(-time.Hour)), same)
	got := texts(x.rest(x.events("event_names: [Bought]\n"))...)
	require.Len(t, got, 4)
	counts := map[string]int{}
	for _, text := range got {
		counts[text[len(text)-1:]]++
	}
	assert.Equal(t, map[string]int{"0": 2, "1": 1, "2": 1}, counts)
}

func TestAllEventsOfTheSchemaButThoseThatAreNotExported(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today),
		`{"type":"event","objectId":"a","ts":`+fmt.Sprint(today.Unix())+`,"evtName":"App Launched","evtData":{}}`,
		`{"type":"event","objectId":"a","ts":`+fmt.Sprint(today.Unix())+`,"evtName":"Notification Sent","evtData":{}}`)
	names := []string{}
	for _, page := range x.rest(x.events("")) {
		for _, message := range page {
			name, _ := message.MetaGet(metaEventName)
			names = append(names, name)
		}
	}
	assert.Equal(t, []string{"App Launched", "Bought"}, names)
}

func TestUnknownEventsAreSkipped(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today))
	assert.Len(t, texts(x.rest(x.events("event_names: [Nope, Bought, Notification Viewed]\n"))...), 1)
	runstatus.Reset()
	t.Cleanup(runstatus.Reset)
	assert.Empty(t, x.rest(x.events("event_names: [Nope]\n")))
	assert.Equal(t, 1, runstatus.ExitCode(), "the name is most likely misspelt")
}

func TestASecondRunDeliversWhatIsNewOnly(t *testing.T) {
	yesterday := today.Add(-24 * time.Hour)
	x := newExportTest(t, "Europe/Berlin",
		bought("a", 1, yesterday), bought("b", 2, today.Add(-time.Hour)), bought("b", 2, today.Add(-time.Hour)),
		lateBy(30*time.Hour, bought("late", 3, yesterday)))
	assert.Len(t, texts(x.rest(x.events("event_names: [Bought]\n"))...), 3)
	assert.Empty(t, x.rest(x.events("event_names: [Bought]\n")))

	x.clock.turn(8 * time.Hour) // past midnight
	x.seed(bought("b", 2, today.Add(-time.Hour)))
	got := texts(x.rest(x.events("event_names: [Bought]\n"))...)
	require.Len(t, got, 2)
	assert.Contains(t, strings.Join(got, "\n"), `"objectId":"late"`)
	assert.Contains(t, strings.Join(got, "\n"), `#2`)
	assert.Empty(t, x.rest(x.events("event_names: [Bought]\n")))
}

func TestAChangedProfileIsNoNewEvent(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today))
	assert.Len(t, x.rest(x.events("event_names: [Bought]\ninclude_profile: true\n")), 1)
	x.seed(`{"type":"profile","objectId":"a","profileData":{"Identity":"u1","plan":"gold"}}`)
	assert.Empty(t, x.rest(x.events("event_names: [Bought]\ninclude_profile: true\n")))
}

func TestPollingFindsLateEvents(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today), lateBy(time.Hour, bought("late", 2, today)))
	r := x.events("event_names: [Bought]\npoll_interval: 1ms\n")
	batch, ack, err := r.read(t.Context())
	require.NoError(t, err)
	assert.Len(t, batch, 1)
	require.NoError(t, ack(t.Context(), nil))
	x.clock.turn(2 * time.Hour)
	batch, ack, err = r.read(t.Context())
	require.NoError(t, err)
	assert.Len(t, batch, 1)
	assert.Contains(t, texts(batch)[0], "late")
	require.NoError(t, ack(t.Context(), nil))
}

func TestPollingEndsWhenTheLastDayIsClosed(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today))
	assert.Len(t, x.rest(x.events("event_names: [Bought]\npoll_interval: 1ms\nlookback: 0\nto: '2026-03-09'\n")), 0)
	assert.EqualValues(t, 1, x.fake.Stats().Exports)
}

func TestClosedDaysAreNotReadAgainAndForgotten(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today.Add(-8*24*time.Hour)), bought("b", 2, today))
	x.rest(x.events("event_names: [Bought]\n"))
	assert.Len(t, x.cache.keys("20260310_"), 1)
	assert.Empty(t, x.cache.keys("20260302_"))
	assert.Empty(t, x.cache.keys("_walk_"))
	x.clock.turn(5 * 24 * time.Hour)
	var from string
	x.fake.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			from = string(body)
			r.Body = io.NopCloser(strings.NewReader(from))
		}
		return false
	})
	assert.Empty(t, x.rest(x.events("event_names: [Bought]\n")))
	assert.Contains(t, from, `"from":20260307`)
	assert.Contains(t, from, `"to":20260315`)
	assert.Empty(t, x.cache.keys("20260310_"))
}

func TestLongRangesAreCutIntoWindows(t *testing.T) {
	x := newExportTest(t, "UTC")
	for i := range 100 {
		x.seed(bought("a", i, today.Add(-time.Duration(i)*24*time.Hour)))
	}
	r := x.events("event_names: [Bought]\n")
	r.config.from = dayOf(today).add(-99)
	assert.Len(t, texts(x.rest(r)...), 100)
	assert.EqualValues(t, 4, x.fake.Stats().Exports)
	assert.Empty(t, x.rest(x.events("event_names: [Bought]\n")))
}

func TestAnotherTimeZoneIsRefused(t *testing.T) {
	x := newExportTest(t, "UTC", bought("a", 1, today))
	x.rest(x.events("event_names: [Bought]\n"))
	x.zone = time.FixedZone("Asia/Tokyo", 9*3600)
	assert.Empty(t, x.rest(x.events("event_names: [Bought]\n")))
	assert.Len(t, x.log.lines("WARN", "checkpoint_unusable: it is for the time zone UTC"), 1)
	assert.Len(t, x.log.lines("ERROR", "incomplete"), 1)
}

func TestANackedPageIsReadAgain(t *testing.T) {
	x := newExportTest(t, "UTC", manyBought(60)...)
	r := x.events("event_names: [Bought]\nbatch_size: 23\n")
	first, ack, err := r.read(t.Context())
	require.NoError(t, err)
	require.NoError(t, ack(t.Context(), errors.New("no")))
	require.NoError(t, ack(t.Context(), nil), "only the first answer counts")
	again, ack, err := r.read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, texts(first), texts(again))
	require.NoError(t, ack(t.Context(), nil))
	assert.Len(t, texts(x.rest(r)...), 60-23)
}

func manyBought(n int) (lines []string) {
	for i := range n {
		lines = append(lines, bought(fmt.Sprint("p", i%31), i, today.Add(-time.Duration(i)*time.Minute)))
	}
	return lines
}

func TestReadWaitsForTheAcknowledgement(t *testing.T) {
	x := newExportTest(t, "UTC", manyBought(60)...)
	r := x.events("event_names: [Bought]\nbatch_size: 23\n")
	_, _, err := r.read(t.Context())
	require.NoError(t, err)
	ctx, cancel := contextFor(t, 20*time.Millisecond)
	defer cancel()
	_, _, err = r.read(ctx)
	require.ErrorIs(t, err, ctx.Err())
	assert.EqualValues(t, 1, x.fake.Stats().ExportPages)
}

func TestACacheThatFailsHoldsTheCheckpointBack(t *testing.T) {
	for _, part := range []string{"20260310_", "_walk_", "_checkpoint"} {
		t.Run(part, func(t *testing.T) {
			x := newExportTest(t, "UTC", manyBought(60)...)
			r := x.events("event_names: [Bought]\nbatch_size: 23\n")
			first, ack, err := r.read(t.Context())
			require.NoError(t, err)
			failures := 2
			x.cache.fail = func(op, key string) error {
				if op == "set" && strings.Contains(key, part) && failures > 0 {
					failures--
					return errors.New("cache down")
				}
				return nil
			}
			require.ErrorContains(t, ack(t.Context(), nil), "cache down")
			_, _, err = r.read(t.Context())
			require.ErrorContains(t, err, "cache down")
			assert.Len(t, texts(append(x.rest(r), first)...), 60)
		})
	}
}

func TestAMissingCacheIsAClearError(t *testing.T) {
	parsed, err := clevertapEventsSpec().ParseYAML("account_id: A\npasscode: P\nfrom: '2026-01-01'\ntimezone: UTC\ncheckpoint_cache: nope", nil)
	require.NoError(t, err)
	_, err = newClevertapEventsFromParsed(parsed, service.MockResources())
	assert.ErrorContains(t, err, `the cache resource "nope" is not defined`)
}

func TestConnectNeedsTheCache(t *testing.T) {
	x := newExportTest(t, "UTC")
	r := x.events("")
	x.cache.fail = func(string, string) error { return errors.New("cache down") }
	assert.ErrorContains(t, r.connect(t.Context()), "cache down")
}

func TestConnectionTest(t *testing.T) {
	x := newExportTest(t, "UTC")
	in, err := newClevertapEventsFromParsed(x.parse(clevertapEventsSpec(), ""))
	require.NoError(t, err)
	require.NoError(t, in.Connect(t.Context()))
	assert.NoError(t, in.ConnectionTest(t.Context())[0].Err)
	x.fake.SetFaults(clevertaptest.Faults{ErrorRate: 1})
	assert.Error(t, in.ConnectionTest(t.Context())[0].Err)
	require.NoError(t, in.Close(t.Context()))
}
