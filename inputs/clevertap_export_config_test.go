package inputs

import (
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const minimal = "account_id: A\npasscode: P\nfrom: '2026-01-01'\ntimezone: Asia/Kolkata\ncheckpoint_cache: c\n"

func splitLines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }

func exportLints(t *testing.T, component, config string) []string {
	t.Helper()
	lints, err := service.GlobalEnvironment().NewComponentConfigLinter().SetSkipEnvVarCheck(true).
		LintInputYAML([]byte(component + ":\n  " + strings.Join(splitLines(config), "\n  ")))
	require.NoError(t, err)
	texts := []string{}
	for _, lint := range lints {
		texts = append(texts, lint.What)
	}
	return texts
}

func TestExportLints(t *testing.T) {
	for name, test := range map[string]struct {
		config string
		want   []string
	}{
		"minimal":           {minimal, []string{}},
		"day without marks": {strings.Replace(minimal, "'2026-01-01'", "2026-01-01", 1), []string{}},
		"all set":           {minimal + "event_names: [A]\nto: '2026-02-01'\npoll_interval: 1m30s\nlookback: 0\nbatch_size: 23\ncheckpoint_cache_key: k\nauto_replay_nacks: false", []string{}},
		"variables not set": {"account_id: ${LINT_A}\npasscode: ${LINT_B}\nfrom: ${LINT_C}\nto: ${LINT_D}\ntimezone: ${LINT_E}\npoll_interval: ${LINT_F}\ncheckpoint_cache: ${LINT_G}", []string{}},
		"nothing set":       {"lookback: 1", []string{"field account_id is required", "field passcode is required", "field from is required", "field timezone is required", "field checkpoint_cache is required"}},
		"from no day":       {strings.Replace(minimal, "'2026-01-01'", "20260101", 1), []string{"from must be a day such as 2026-03-31"}},
		"to no day":         {minimal + "to: '2026-13-01'", []string{"to must be a day such as 2026-03-31"}},
		"to before from":    {minimal + "to: '2025-12-31'", []string{"to must not lie before from"}},
		"timezone an offset": {strings.Replace(minimal, "Asia/Kolkata", "'+05:30'", 1),
			[]string{"timezone must be a name of the IANA database, such as Asia/Kolkata"}},
		"poll no duration":   {minimal + "poll_interval: 5min", []string{"poll_interval must be a duration such as 15m, or 0s"}},
		"lookback negative":  {minimal + "lookback: -1", []string{"lookback must be 0 to 366 days"}},
		"batch size too low": {minimal + "batch_size: 10", []string{"batch_size must be 23 to 5000"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, component := range []string{"clevertap_events", "clevertap_profiles"} {
				assert.ElementsMatch(t, test.want, exportLints(t, component, test.config), component)
			}
		})
	}
	assert.Empty(t, exportLints(t, "clevertap_events", minimal+"include_profile: true"))
	assert.NotEmpty(t, exportLints(t, "clevertap_profiles", minimal+"include_profile: true"))
}

func TestExportParsingRefuses(t *testing.T) {
	for name, test := range map[string]struct{ config, text string }{
		"from":      {strings.Replace(minimal, "'2026-01-01'", "'2026-02-30'", 1), `from: "2026-02-30" is not a day`},
		"to":        {minimal + "to: x", `to: "x" is not a day`},
		"order":     {minimal + "to: '2025-12-31'", "to must not lie before from"},
		"zone":      {strings.Replace(minimal, "Asia/Kolkata", "Asia/Atlantis", 1), `timezone: "Asia/Atlantis" is not a name`},
		"local":     {strings.Replace(minimal, "Asia/Kolkata", "Local", 1), `timezone: "Local" is not a name`},
		"no zone":   {strings.Replace(minimal, "Asia/Kolkata", "''", 1), `timezone: "" is not a name`},
		"poll":      {minimal + "poll_interval: -5s", "poll_interval must not be negative"},
		"lookback":  {minimal + "lookback: 1000", "lookback must be 0 to 366"},
		"batch":     {minimal + "batch_size: 1", "batch_size must be 23 to 5000"},
		"account":   {strings.Replace(minimal, "account_id: A", "account_id: ''", 1), "account_id is empty"},
		"the cache": {strings.Replace(minimal, "checkpoint_cache: c", "checkpoint_cache: d", 1), `the cache resource "d" is not defined`},
	} {
		t.Run(name, func(t *testing.T) {
			mgr := service.MockResources(service.MockResourcesOptAddCache("c"))
			parsed, err := clevertapEventsSpec().ParseYAML(test.config, nil)
			require.NoError(t, err)
			_, err = newClevertapEventsFromParsed(parsed, mgr)
			require.ErrorContains(t, err, test.text)
			parsed, err = clevertapProfilesSpec().ParseYAML(test.config, nil)
			require.NoError(t, err)
			_, err = newClevertapProfilesFromParsed(parsed, mgr)
			require.ErrorContains(t, err, test.text)
		})
	}
}

func TestTheCacheKeyIsDerivedFromComponentAndAccount(t *testing.T) {
	mgr := service.MockResources(service.MockResourcesOptAddCache("c"))
	parsed, err := clevertapEventsSpec().ParseYAML(minimal, nil)
	require.NoError(t, err)
	events, err := newClevertapEventsFromParsed(parsed, mgr)
	require.NoError(t, err)
	assert.Equal(t, "clevertap_events_A", events.reader.store.prefix)
	parsed, err = clevertapProfilesSpec().ParseYAML(minimal+"checkpoint_cache_key: mine", nil)
	require.NoError(t, err)
	profiles, err := newClevertapProfilesFromParsed(parsed, mgr)
	require.NoError(t, err)
	assert.Equal(t, "mine", profiles.reader.store.prefix)
}
