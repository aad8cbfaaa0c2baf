package outputs

import (
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

func TestClevertapDefaults(t *testing.T) {
	parsed, err := clevertapSpec().ParseYAML("account_id: A\npasscode: P", nil)
	require.NoError(t, err)
	out, policy, maxInFlight, err := newClevertapFromParsed(parsed, service.MockResources())
	require.NoError(t, err)
	sender := out.(*clevertapOutput).sender
	assert.Equal(t, 10, maxInFlight)
	assert.LessOrEqual(t, maxInFlight, clevertap.MaxConcurrentUploads)
	assert.Equal(t, 1000, policy.Count)
	assert.Equal(t, "1s", policy.Period)
	assert.Equal(t, 8, sender.maxRetries)
	assert.Equal(t, "200ms 10s 2m0s", sender.backoff.InitialInterval.String()+" "+sender.backoff.MaxInterval.String()+" "+sender.backoff.MaxElapsedTime.String())
	assert.False(t, sender.dryRun)
}

func TestClevertapLints(t *testing.T) {
	for name, test := range map[string]struct{ config, want string }{
		"minimal":                     {"account_id: A\npasscode: P", ""},
		"no account":                  {"passcode: P", "field account_id is required"},
		"no passcode":                 {"account_id: A", "field passcode is required"},
		"variables that are not set":  {"account_id: ${LINT_A}\npasscode: ${LINT_B}\nurl: ${LINT_C}\nbackoff: { max_interval: \"${LINT_D}\" }", ""},
		"count without period":        {"account_id: A\npasscode: P\nbatching: { count: 500 }", "batching.count without batching.period: the last messages would wait for ever"},
		"count and period":            {"account_id: A\npasscode: P\nbatching: { count: 500, period: 2s }", ""},
		"no batching":                 {"account_id: A\npasscode: P\nbatching: { count: 0 }", ""},
		"invalid period":              {"account_id: A\npasscode: P\nbatching: { count: 500, period: 2sec }", "batching.period must be a duration longer than zero, such as 500ms or 30s"},
		"invalid backoff":             {"account_id: A\npasscode: P\nbackoff: { initial_interval: soon }", "backoff.initial_interval must be a duration longer than zero, such as 500ms or 30s"},
		"negative number of retries":  {"account_id: A\npasscode: P\nmax_retries: -1", "max_retries must not be negative"},
		"region in another spelling":  {"account_id: A\npasscode: P\nregion: Eu1", "region must be one of aps3, eu1, in1, mec1, sg1, sk1, us1"},
		"duration in another writing": {"account_id: A\npasscode: P\ntimeout: 5sec", "timeout must be a duration longer than zero, such as 500ms or 30s"},
	} {
		t.Run(name, func(t *testing.T) {
			lints, err := service.GlobalEnvironment().NewComponentConfigLinter().SetSkipEnvVarCheck(true).
				LintOutputYAML([]byte("clevertap:\n  " + strings.ReplaceAll(test.config, "\n", "\n  ")))
			require.NoError(t, err)
			texts := []string{}
			for _, lint := range lints {
				texts = append(texts, lint.What)
			}
			assert.Equal(t, test.want, strings.Join(texts, "; "))
		})
	}
}

func TestClevertapDocumentation(t *testing.T) {
	view, ok := service.GlobalEnvironment().GetOutputConfig("clevertap")
	require.True(t, ok)
	data, err := view.TemplateData()
	require.NoError(t, err)
	assert.NotEmpty(t, data.Summary)
	require.NotEmpty(t, data.Examples)
	for _, field := range data.Fields {
		assert.NotEmpty(t, field.Description, field.FullName)
	}
	for _, example := range data.Examples {
		lints, err := service.GlobalEnvironment().FullConfigSchema("", "").NewStreamConfigLinter().SetSkipEnvVarCheck(true).LintYAML([]byte(example.Config))
		require.NoError(t, err)
		assert.Empty(t, lints)
	}
}
