package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// anyExample returns the paths of all shipped configs, those that need a build tag among them.
func anyExample(t *testing.T) (configs []string) {
	t.Helper()
	configs = exampleConfigs(t)
	for _, dir := range []string{"aws", "kafka", "scale"} {
		all, err := filepath.Glob(filepath.Join(examples, dir, "*.yaml"))
		require.NoError(t, err)
		for _, path := range all {
			if isTest, _ := filepath.Match("*_benthos_test.yaml", filepath.Base(path)); !isTest {
				configs = append(configs, path)
			}
		}
	}
	return configs
}

// shippedConfig is an example as its author wrote it: without the defaults of fields, but with those of variables.
type shippedConfig struct {
	path string
	tree map[string]any
}

var configVariable = regexp.MustCompile(`\$\{[A-Z_]+(?::([^}]*))?\}`)

func shippedConfigs(t *testing.T) (all []shippedConfig) {
	t.Helper()
	parser, err := bloblang.Parse(`root = this.parse_yaml()`)
	require.NoError(t, err)
	for _, path := range anyExample(t) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		tree, err := parser.Query(configVariable.ReplaceAllString(string(text), "$1"))
		require.NoError(t, err, path)
		require.IsType(t, map[string]any{}, tree, path)
		all = append(all, shippedConfig{path, tree.(map[string]any)})
	}
	return all
}

// values are those of all members of that name, at any depth.
func values(node any, name string) (found []any) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if key == name {
				found = append(found, value)
			}
			found = append(found, values(value, name)...)
		}
	case []any:
		for _, element := range node {
			found = append(found, values(element, name)...)
		}
	}
	return found
}

// cache returns a cache resource: its kind and its fields.
func (c shippedConfig) cache(t *testing.T, label string) (kind string, fields map[string]any) {
	t.Helper()
	resources, _ := c.tree["cache_resources"].([]any)
	for _, resource := range resources {
		resource, _ := resource.(map[string]any)
		if resource["label"] != label {
			continue
		}
		for kind, value := range resource {
			if kind != "label" {
				fields, _ := value.(map[string]any)
				return kind, fields
			}
		}
	}
	require.Fail(t, "no such cache", "%s in %s", label, c.path)
	return "", nil
}

// What strangers send must not fill the disk: segment_http refuses what is not valid, and keeps none of it.
func TestExamples_RefuseInvalidCallsOfStrangers(t *testing.T) {
	seen := 0
	for _, c := range shippedConfigs(t) {
		for _, input := range values(c.tree, "segment_http") {
			seen++
			assert.NotEqual(t, []any{false}, values(input, "validate"), c.path)
		}
	}
	assert.Equal(t, 3, seen, "examples with segment_http")
}

// A cache of delivered ids grows with what strangers send. memory has no cap, and ttlru does not keep to its own: it
// keeps the tables of a hundred parts of its TTL, each of which grows up to the cap.
func TestExamples_DedupeCachesHaveACap(t *testing.T) {
	seen := 0
	for _, c := range shippedConfigs(t) {
		for _, label := range values(c.tree, "dedupe_cache") {
			seen++
			kind, fields := c.cache(t, label.(string))
			assert.Equal(t, "lru", kind, c.path)
			assert.Contains(t, fields, "cap", c.path)
		}
	}
	assert.Equal(t, 3, seen, "examples with a dedupe_cache")
}

// dedupeCacheMemory is how much the cache of delivered ids may keep in memory: 164 bytes an id when it has just been filled,
// 200 later. The collector may let the process hold as much again.
const dedupeCacheMemory = 50 << 20

func TestExamples_DedupeCachesStayWithinTheirMemory(t *testing.T) {
	caches := map[string]bool{} // each of them once
	for _, c := range shippedConfigs(t) {
		for _, label := range values(c.tree, "dedupe_cache") {
			kind, fields := c.cache(t, label.(string))
			text, err := json.Marshal(map[string]any{"label": "ids", kind: fields})
			require.NoError(t, err)
			caches[string(text)] = true
		}
	}
	for text := range caches {
		builder := service.NewResourceBuilder()
		require.NoError(t, builder.AddCacheYAML(text))
		resources, stop, err := builder.Build()
		require.NoError(t, err)
		t.Cleanup(func() { _ = stop(context.Background()) })
		require.NoError(t, resources.AccessCache(t.Context(), "ids", func(cache service.Cache) { assertBounded(t, cache) }), text)
	}
}

// assertBounded fills a cache with three times what examples keep, with keys as segment_http makes them.
func assertBounded(t *testing.T, cache service.Cache) {
	t.Helper()
	const ids = 600_000
	before := heapInUse()
	for n := range ids {
		require.NoError(t, cache.Set(t.Context(), fmt.Sprintf("%032x", n), []byte{'1'}, nil))
	}
	grown := int64(heapInUse()) - int64(before)
	t.Logf("%.1f MB after %d ids", float64(grown)/1e6, ids)
	assert.Less(t, grown, int64(dedupeCacheMemory))
	_, err := cache.Get(t.Context(), fmt.Sprintf("%032x", 0))
	assert.ErrorIs(t, err, service.ErrKeyNotFound, "the oldest is forgotten")
	_, err = cache.Get(t.Context(), fmt.Sprintf("%032x", ids-100_000))
	assert.NoError(t, err, "the newest are known")
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// A cache of links or checkpoints must not forget. What bounds it is said in docs/guarantees.md.
func TestExamples_CachesThatMustNotForgetHaveNoTTL(t *testing.T) {
	kinds := map[string]int{}
	for _, c := range shippedConfigs(t) {
		for _, use := range []string{"identity_cache", "checkpoint_cache"} {
			for _, label := range values(c.tree, use) {
				kind, fields := c.cache(t, label.(string))
				kinds[kind]++
				assert.NotContains(t, fields, "default_ttl", c.path)
				assert.Contains(t, []string{"file", "redis", "nats_kv", "memory"}, kind, c.path)
				if kind == "memory" {
					assert.Equal(t, "", fields["compaction_interval"], c.path)
				}
			}
		}
	}
	assert.NotEmpty(t, kinds)
}

// Where strangers can send, what they can add to the identity cache is bounded.
func TestExamples_BoundTheLinksOfStrangers(t *testing.T) {
	for _, c := range shippedConfigs(t) {
		if len(values(c.tree, "segment_http")) == 0 {
			continue
		}
		for _, mapper := range values(c.tree, "segment_to_clevertap") {
			assert.Equal(t, []any{1_000_000}, values(mapper, "identity_max_links"), c.path)
		}
	}
}
