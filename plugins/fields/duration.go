package fields

import "github.com/redpanda-data/benthos/v4/public/service"

// durationPattern is what time.ParseDuration takes, without signs and without zero.
const durationPattern = `^([0-9]+([.][0-9]*)?(ns|us|µs|ms|s|m|h))+$`

// Duration returns a duration field, longer than zero, that lint checks; the engine's own field does not.
func Duration(name, value string) *service.ConfigField {
	return service.NewDurationField(name).Default(value).LintRule("root = [ " + DurationLint("this", name) + " ]")
}

// DurationLint returns a Bloblang expression, for a lint rule, that yields a complaint when the value at a path is no
// duration longer than zero. An empty value passes: it is what lint sees of a variable which is not set where it runs.
func DurationLint(path, name string) string {
	return `if ` + path + ` != "" && (!` + path + `.string().re_match("` + durationPattern + `") || !` + path +
		`.string().re_match("[1-9]")) { "` + name + ` must be a duration longer than zero, such as 500ms or 30s" }`
}
