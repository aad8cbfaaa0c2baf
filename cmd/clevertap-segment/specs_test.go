package main

import (
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// component is one of ours as it is registered.
type component struct {
	name, kind string
	config     *service.ConfigView
}

// isOurs tells our components from the engine's: all our names start with one of the two services.
func isOurs(name string) bool {
	return strings.HasPrefix(name, "segment") || strings.HasPrefix(name, "clevertap")
}

func registered() []component {
	var all []component
	collect := func(kind string) func(string, *service.ConfigView) {
		return func(name string, config *service.ConfigView) {
			if isOurs(name) {
				all = append(all, component{name, kind, config})
			}
		}
	}
	env := service.GlobalEnvironment()
	env.WalkInputs(collect("input"))
	env.WalkProcessors(collect("processor"))
	env.WalkOutputs(collect("output"))
	env.WalkScanners(collect("scanner"))
	env.WalkCaches(collect("cache"))
	env.WalkRateLimits(collect("rate_limit"))
	return all
}

func methods() []string {
	var all []string
	bloblang.GlobalEnvironment().WalkMethods(func(name string, _ *bloblang.MethodView) {
		if isOurs(name) {
			all = append(all, name)
		}
	})
	return all
}

// What `list` and `create` show is all the documentation many people read.
func TestEverySpecIsComplete(t *testing.T) {
	linter := service.GlobalEnvironment().FullConfigSchema("", "").NewStreamConfigLinter().SetSkipEnvVarCheck(true)
	components := registered()
	require.NotEmpty(t, components)
	for _, c := range components {
		t.Run(c.kind+" "+c.name, func(t *testing.T) {
			data, err := c.config.TemplateData()
			require.NoError(t, err)
			assert.NotEmpty(t, data.Summary, "summary")
			assert.NotEmpty(t, data.Description, "description")
			for _, field := range data.Fields {
				assert.NotEmpty(t, field.Description, "description of field %s", field.FullName)
			}
			assert.NotEmpty(t, data.Examples, "examples")
			for _, example := range data.Examples {
				lints, err := linter.LintYAML([]byte(example.Config))
				assert.NoError(t, err, example.Title)
				assert.Empty(t, lints, example.Title)
			}
		})
	}
}

func TestEveryBloblangMethodIsDescribed(t *testing.T) {
	bloblang.GlobalEnvironment().WalkMethods(func(name string, method *bloblang.MethodView) {
		if isOurs(name) {
			assert.NotEmpty(t, method.Description(), name)
		}
	})
}

func TestListShowsOurComponents(t *testing.T) {
	for kind, names := range map[string][]string{
		"inputs":     {"clevertap_events", "clevertap_profiles"},
		"processors": {"segment_parse", "segment_to_clevertap"},
		"outputs":    {"clevertap", "segment"},
	} {
		code, text := cli(t, "list", kind)
		assert.Zero(t, code)
		for _, name := range names {
			assert.Regexp(t, `(?m)^\s*-? ?`+name+`$`, text)
		}
	}
}
