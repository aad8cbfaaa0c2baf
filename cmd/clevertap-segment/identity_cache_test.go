package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/identitycache"
)

// runHere runs a configuration that ends by itself in this process, as main does. It returns the error that main prints
// and the warnings that were logged.
func runHere(t *testing.T, args ...string) (warnings string, err error) {
	t.Helper()
	var log logBuffer
	ctx, done := context.WithTimeout(context.Background(), 30*time.Second)
	defer done()
	code, err := service.RunCLIToCode(ctx, append(cliOptions(),
		service.CLIOptAddTeeLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))),
		service.CLIOptSetArgs(append([]string{product}, args...)...))...)
	assert.Equal(t, err != nil, code != 0)
	return log.String(), err
}

// configFile writes a file and returns its path.
func configFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// settingsOfRuns is what these configurations have in common. The engine ends the process when the time for shutting down is
// over, also if it has long shut down and the process is a test.
const settingsOfRuns = `
http: { enabled: false }
logger: { level: "OFF" }
shutdown_timeout: 1h
`

// usesOfCache are configurations that use the cache ids, by where they do.
var usesOfCache = map[string]string{
	"pipeline":            "input: GENERATE\npipeline: { processors: [ MAP ] }",
	"try_catch":           "input: GENERATE\npipeline: { processors: [ try_catch: { processors: [ MAP ] } ] }",
	"switch":              "input: GENERATE\npipeline: { processors: [ switch: [ { check: 'true', processors: [ MAP ] } ] ] }",
	"branch":              "input: GENERATE\npipeline: { processors: [ branch: { processors: [ MAP ] } ] }",
	"workflow":            "input: GENERATE\npipeline: { processors: [ workflow: { branches: { a: { processors: [ MAP ] } } } ] }",
	"input processors":    "input: { generate: { mapping: 'root = {}', count: 1, interval: '' }, processors: [ MAP ] }",
	"nested input":        "input: { broker: { inputs: [ { generate: { mapping: 'root = {}', count: 1, interval: '' }, processors: [ MAP ] } ] } }",
	"later input":         "input: { sequence: { inputs: [ GENERATE, { generate: { mapping: 'root = {}', count: 1, interval: '' }, processors: [ MAP ] } ] } }",
	"output processors":   "input: GENERATE\noutput: { drop: {}, processors: [ MAP ] }",
	"processor_resources": "input: GENERATE\npipeline: { processors: [ resource: shared ] }\nprocessor_resources: [ { label: shared, segment_to_clevertap: { identity_cache: ids } } ]",
	"input_resources":     "input: { resource: shared }\ninput_resources: [ { label: shared, generate: { mapping: 'root = {}', count: 1, interval: '' }, processors: [ MAP ] } ]",
	"variable":            "input: GENERATE\npipeline: { processors: [ segment_to_clevertap: { identity_cache: '${NO_SUCH_VARIABLE:ids}' } ] }",
}

func configUsing(use, cache string) string {
	text := usesOfCache[use]
	if !strings.Contains(text, "output:") {
		text += "\noutput: { drop: {} }"
	}
	text = strings.NewReplacer(
		"GENERATE", "{ generate: { mapping: 'root = {}', count: 1, interval: '' } }",
		"MAP", "segment_to_clevertap: { identity_cache: ids }").Replace(text)
	return settingsOfRuns + text + "\ncache_resources: [ { label: ids, " + cache + " } ]\n"
}

func TestRun_RefusesAnIdentityCacheThatForgets(t *testing.T) {
	const forgets = `segment_to_clevertap: identity_cache: the cache "ids" forgets (`
	for use := range usesOfCache {
		t.Run(use, func(t *testing.T) {
			_, err := runHere(t, "run", configFile(t, "config.yaml", configUsing(use, "lru: { cap: 1000 }")))
			require.ErrorContains(t, err, forgets+"lru drops an entry for each new one beyond cap)")
			assert.ErrorContains(t, err, "use a file cache, or a redis cache without default_ttl")
			assert.Equal(t, 1, strings.Count(err.Error()+"\n", "\n"), "one sentence")
		})
	}
	for cache, reason := range map[string]string{
		"memory: {}": "memory drops old entries every 60s",
		"ttlru: {}":  "ttlru drops an entry",
		"noop: {}":   "noop stores nothing",
		"redis: { url: 'redis://127.0.0.1:1', default_ttl: 24h }": "its entries expire: default_ttl is 24h",
		"multilevel: [ one, two ]":                                "its last level \"two\": lru",
	} {
		t.Run(cache, func(t *testing.T) {
			config := strings.Replace(configUsing("pipeline", cache), "cache_resources: [", "cache_resources: [ { label: one, file: { directory: . } }, { label: two, lru: {} },", 1)
			_, err := runHere(t, "run", configFile(t, "config.yaml", config))
			assert.ErrorContains(t, err, forgets+reason)
		})
	}
	t.Run("the path of the processor", func(t *testing.T) {
		_, err := runHere(t, "run", configFile(t, "config.yaml", configUsing("try_catch", "lru: {}")))
		assert.ErrorContains(t, err, "(at pipeline.processors.0.try_catch.processors.0)")
	})
	t.Run("an override", func(t *testing.T) {
		config := configFile(t, "config.yaml", configUsing("pipeline", "redis: { url: 'redis://127.0.0.1:1' }"))
		_, err := runHere(t, "run", "-s", "cache_resources.0.redis.default_ttl=1h", config)
		assert.ErrorContains(t, err, forgets+"its entries expire: default_ttl is 1h")
	})
	t.Run("a processor in a resource file", func(t *testing.T) {
		resources := configFile(t, "resources.yaml", "processor_resources: [ { label: shared, segment_to_clevertap: { identity_cache: ids } } ]")
		config := configFile(t, "config.yaml", strings.ReplaceAll(configUsing("pipeline", "lru: {}"), "segment_to_clevertap: { identity_cache: ids }", "resource: shared"))
		_, err := runHere(t, "run", "-r", resources, config)
		assert.ErrorContains(t, err, forgets)
		assert.ErrorContains(t, err, "(at processor_resources.0 of the resource files)")
	})
	t.Run("a cache in a resource file", func(t *testing.T) {
		resources := configFile(t, "resources.yaml", "cache_resources: [ { label: ids, redis: { url: 'redis://127.0.0.1:1', default_ttl: '${NO_SUCH_VARIABLE:2h}' } } ]")
		config := configFile(t, "config.yaml", strings.Replace(configUsing("pipeline", "lru: {}"), "label: ids,", "label: other,", 1))
		pattern := filepath.Join(filepath.Dir(resources), "*.yaml")
		for _, args := range [][]string{{"run", "-r", pattern, config}, {"-r", pattern, "run", config}, {"-r", pattern, "-c", config}} {
			_, err := runHere(t, args...)
			assert.ErrorContains(t, err, forgets+"its entries expire: default_ttl is 2h", args)
		}
	})
	t.Run("a template", func(t *testing.T) {
		template := configFile(t, "template.yaml", "name: identity_map\ntype: processor\nmapping: 'root.segment_to_clevertap.identity_cache = \"ids\"'\n")
		config := configFile(t, "config.yaml", strings.ReplaceAll(configUsing("pipeline", "lru: {}"), "segment_to_clevertap: { identity_cache: ids }", "identity_map: {}"))
		_, err := runHere(t, "run", "-t", template, config)
		assert.ErrorContains(t, err, `identity_cache: the cache "ids" forgets (`)
	})
}

func TestRun_IdentityCacheWarnings(t *testing.T) {
	lasting := "file: { directory: '" + t.TempDir() + "' }"
	for use := range usesOfCache {
		t.Run("none for a file cache, "+use, func(t *testing.T) {
			warnings, err := runHere(t, "run", configFile(t, "config.yaml", configUsing(use, lasting)))
			require.NoError(t, err)
			assert.NotContains(t, warnings, "identity_cache")
		})
		t.Run("one for memory, "+use, func(t *testing.T) {
			warnings, err := runHere(t, "run", configFile(t, "config.yaml", configUsing(use, "memory: { compaction_interval: '' }")))
			require.NoError(t, err)
			assert.Equal(t, 1, strings.Count(warnings, `identity_cache: a restart empties the cache \"ids\"`), warnings)
		})
	}
	elsewhere := strings.Replace(configUsing("pipeline", lasting), "label: ids,", "label: other,", 1)
	t.Run("none for a file cache from a resource file", func(t *testing.T) {
		resources := configFile(t, "resources.yaml", "cache_resources: [ { label: ids, "+lasting+" } ]")
		warnings, err := runHere(t, "run", "-r", resources, configFile(t, "config.yaml", elsewhere))
		require.NoError(t, err)
		assert.NotContains(t, warnings, "identity_cache")
	})
	t.Run("one for a cache that a template makes", func(t *testing.T) {
		template := configFile(t, "template.yaml", "name: my_cache\ntype: cache\nmapping: 'root.lru = {}'\n")
		warnings, err := runHere(t, "run", "-t", template, configFile(t, "config.yaml", configUsing("pipeline", "my_cache: {}")))
		require.NoError(t, err)
		assert.Equal(t, 1, strings.Count(warnings, `identity_cache: it cannot be seen whether the cache \"ids\" forgets (its kind is my_cache)`), warnings)
	})
	t.Run("none for caches that hold something else", func(t *testing.T) {
		config := strings.Replace(configUsing("pipeline", lasting), "cache_resources: [", "cache_resources: [ { label: other, lru: {} },", 1)
		warnings, err := runHere(t, "run", configFile(t, "config.yaml", config))
		require.NoError(t, err)
		assert.NotContains(t, warnings, "identity_cache")
	})
}

// The examples that run for long keep what they know over a restart; those that read files may use memory.
func TestExamples_IdentityCaches(t *testing.T) {
	finite := map[string]bool{"file_to_clevertap.yaml": true, "dead_letter_redrive.yaml": true}
	scale, err := filepath.Glob(examples + "/scale/*_clevertap.yaml")
	require.NoError(t, err)
	found := 0
	for _, path := range append(exampleConfigs(t), scale...) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			in := foundCaches{all: identitycache.Caches{}}
			builder := service.NewStreamBuilder()
			builder.DisableLinting()
			require.NoError(t, builder.SetYAML(string(text)))
			require.NoError(t, builder.WalkComponents(in.visit))
			for _, use := range in.uses {
				found++
				want := identitycache.Lasting
				if finite[filepath.Base(path)] {
					want = identitycache.LostAtRestart
				}
				judgement := in.all.Judge(use.label)
				assert.Equal(t, want, judgement.Verdict, judgement.Reason)
			}
		})
	}
	assert.GreaterOrEqual(t, found, 8)
}

// binaryFails runs the binary until it ends by itself and returns what it printed to stderr.
func binaryFails(t *testing.T, args ...string) string {
	t.Helper()
	binary, err := buildOnce()
	require.NoError(t, err)
	ctx, done := context.WithTimeout(context.Background(), time.Minute)
	defer done()
	command := exec.CommandContext(ctx, binary, args...)
	command.Dir = root
	var stderr bytes.Buffer
	command.Stderr = &stderr
	var exit *exec.ExitError
	require.True(t, errors.As(command.Run(), &exit), stderr.String())
	assert.Equal(t, 1, exit.ExitCode())
	return stderr.String()
}

func TestE2EIdentityCacheThatForgetsIsRefused(t *testing.T) {
	// The example's cache is replaced by another kind.
	text, err := os.ReadFile(examples + "/sdks_to_clevertap.yaml")
	require.NoError(t, err)
	const cache = "    file:\n      directory: ${IDENTITIES:./config-examples/state}"
	require.Contains(t, string(text), cache)
	config := configFile(t, "config.yaml", strings.Replace(string(text), cache, "    lru: {}", 1))
	assert.Regexp(t, `^segment_to_clevertap: identity_cache: the cache "identity_links" forgets \(lru drops [^\n]*`+
		`\(at pipeline\.processors\.0\.try_catch\.processors\.0\)\n$`, binaryFails(t, "run", config))
}

func TestE2EStreamsWarnOfIdentityCachesThatCannotBeSeen(t *testing.T) {
	binary, err := buildOnce()
	require.NoError(t, err)
	resources := configFile(t, "resources.yaml", "cache_resources: [ { label: ids, lru: {} } ]")
	config := strings.Replace(configUsing("pipeline", ""), "\ncache_resources: [ { label: ids,  } ]\n", "\n", 1)
	stream := configFile(t, "stream.yaml", strings.Replace(config, settingsOfRuns, "", 1))
	command := exec.Command(binary, "streams", "--no-api", "-r", resources, stream)
	var log logBuffer
	command.Stdout, command.Stderr = &log, &log
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	eventually(t, "the warning", func() bool {
		return strings.Contains(log.String(), `it cannot be seen whether the cache \"ids\" forgets`)
	})
}

// The cache of a configuration that is watched can be replaced while the process runs.
func TestE2EWatcherWarnsOfIdentityCaches(t *testing.T) {
	p, _ := endpoint(t, "--watcher")
	assert.Equal(t, 1, strings.Count(p.log.String(), `identity_cache: it cannot be seen whether the cache \"identity_links\" forgets`))
	p.stop()
}

func TestE2EIdentityMaxLinks(t *testing.T) {
	_, url := fakeClevertap(t, clevertaptest.Options{})
	p, batch := endpoint(t, "CLEVERTAP_URL="+url,
		"pipeline.processors.0.try_catch.processors.0.segment_to_clevertap.identity_max_links=2")
	for _, n := range []string{"1", "2", "3", "4", "1"} {
		call := `{"batch":[{"type":"identify","userId":"u` + n + `","anonymousId":"a` + n + `"}]}`
		require.Equal(t, 200, postAs(t, batch, call, "TEST-WRITE-KEY"))
	}
	p.stop()
	assert.Equal(t, 2, p.metric("segment_to_clevertap_links_refused_total"))
	assert.Equal(t, 1, strings.Count(p.log.String(), "identity_max_links (2) is reached"))
	assert.NotContains(t, p.log.String(), "identity_cache:", "the example's cache lasts")
}
