package processors

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/identitycache"
	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// logText is written by many goroutines.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// resourcesWith makes resources with one cache, labelled ids.
func resourcesWith(t *testing.T, env *service.Environment, cache string) (*service.Resources, *logText) {
	t.Helper()
	log := &logText{}
	builder := env.NewResourceBuilder()
	builder.SetLogger(slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, builder.AddCacheYAML("label: ids\n"+cache))
	mgr, closeAll, err := builder.Build()
	require.NoError(t, err)
	t.Cleanup(func() { _ = closeAll(context.Background()) })
	return mgr, log
}

// withCache makes a processor whose identity_cache is the one of the resources.
func withCache(t *testing.T, mgr *service.Resources, yaml string) *segmentToClevertap {
	t.Helper()
	p, err := tryWithCache(t, mgr, yaml)
	require.NoError(t, err)
	return p
}

func tryWithCache(t *testing.T, mgr *service.Resources, yaml string) (*segmentToClevertap, error) {
	t.Helper()
	conf, err := segmentToClevertapSpec().ParseYAML("identity_cache: ids\n"+yaml, nil)
	require.NoError(t, err)
	cfg, err := segmentToClevertapFromParsed(conf)
	require.NoError(t, err)
	return newSegmentToClevertap(cfg, mgr)
}

func identifyOn(device, user, message string) string {
	return fmt.Sprintf(`{"type":"identify","userId":%q,"anonymousId":%q,"messageId":%q}`, user, device, message)
}

func isLinked(record, device string) bool {
	return strings.HasPrefix(record, `{"type":"profile","objectId":"`+device+`"`)
}

// Strangers can send identify calls to a public endpoint. With a cache that evicts, some of them are enough to have a
// second person merged into the first one of a device: this is why `run` refuses such caches.
func TestIdentityCache_Flood(t *testing.T) {
	tests := []struct {
		rule, cache string
		merges      bool
	}{
		{"an lru forgets", "lru: { cap: 100 }", true},
		{"a ttlru forgets", "ttlru: { cap: 100 }", true},
		{"a file cache remembers", "file: { directory: " + t.TempDir() + " }", false},
		{"memory without compactions remembers", "memory: { compaction_interval: '' }", false},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			mgr, _ := resourcesWith(t, service.GlobalEnvironment(), test.cache)
			p := withCache(t, mgr, "")
			require.True(t, isLinked(process(t, p, identifyOn("device", "u1", "m1"))[0].content, "device"))
			require.False(t, isLinked(process(t, p, identifyOn("device", "u2", "m2"))[0].content, "device"))
			for i := range 200 {
				process(t, p, identifyOn(fmt.Sprint("stranger-", i), "u", "m"))
			}
			second := process(t, p, identifyOn("device", "u2", "m3"))[0].content
			assert.Equal(t, test.merges, isLinked(second, "device"), second)
		})
	}
}

// A file cache leaves an empty entry when the process is killed while it writes one.
func TestIdentityCache_TornEntryJoinsNobody(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "clevertap_link_"+digest("device")), nil, 0o600))
	mgr, _ := resourcesWith(t, service.GlobalEnvironment(), "file: { directory: "+dir+" }")
	p := withCache(t, mgr, "")
	assert.False(t, isLinked(process(t, p, identifyOn("device", "u1", "m1"))[0].content, "device"))
}

func TestIdentityCache_WarnsOnceThatItCannotBeSeen(t *testing.T) {
	mgr, log := resourcesWith(t, service.GlobalEnvironment(), "file: { directory: "+t.TempDir()+" }")
	p := withCache(t, mgr, "")
	process(t, p, identifyOn("device", "u1", "m1"))
	assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log)
	assert.Contains(t, log.String(), `it cannot be seen whether the cache \"ids\" forgets`)
}

// What `run` has seen of the configuration decides.
func TestIdentityCache_AsksWhatWasSeen(t *testing.T) {
	mgr, log := resourcesWith(t, service.GlobalEnvironment(), "memory: { compaction_interval: '' }")
	saw := func(kind string) {
		caches := identitycache.Caches{"ids": {kind: nil}}
		mgr.SetGeneric(identitycache.ExaminedKey{}, &identitycache.Examined{Caches: caches})
	}

	saw("file")
	withCache(t, mgr, "")
	assert.Empty(t, log.String())

	saw("lru")
	_, err := tryWithCache(t, mgr, "")
	assert.ErrorContains(t, err, `identity_cache: the cache "ids" forgets (lru drops an entry for each new one beyond cap)`)
}

func TestIdentityMaxLinks_Bound(t *testing.T) {
	mgr, log := resourcesWith(t, service.GlobalEnvironment(), "memory: { compaction_interval: '' }")
	const conflict = "identity_conflict"
	first := withCache(t, mgr, "identity_max_links: 2")
	// A change of the configuration makes the processor anew. Its count goes on.
	second := withCache(t, mgr, "identity_max_links: 2")
	log.mu.Lock()
	log.text.Reset()
	log.mu.Unlock()
	steps := []struct {
		rule   string
		p      *segmentToClevertap
		call   string
		linked bool
		fixes  string
	}{
		{"the first visitor is linked", first, identifyOn("a", "u1", "m1"), true, ""},
		{"a known visitor costs nothing", first, identifyOn("a", "u1", "m2"), false, ""},
		{"nor does another user of the device", first, identifyOn("a", "u2", "m3"), false, conflict},
		{"the second visitor is linked", second, identifyOn("b", "u1", "m4"), true, ""},
		{"the third stays separate", first, identifyOn("c", "u3", "m5"), false, ""},
		{"also when the same call comes again", first, identifyOn("c", "u3", "m5"), false, ""},
		{"and towards a processor that was made anew", second, identifyOn("c", "u3", "m6"), false, ""},
		{"and by an alias", first, `{"type":"alias","userId":"u3","anonymousId":"c"}`, false, ""},
		{"the call that linked a visitor links it again", first, identifyOn("a", "u1", "m1"), true, ""},
		{"the user of a known visitor is known", second, identifyOn("b", "u1", "m7"), false, ""},
		{"and another user of its device conflicts", second, identifyOn("b", "u4", "m8"), false, conflict},
	}
	for _, step := range steps {
		got := process(t, step.p, step.call)
		require.Len(t, got, 1, step.rule)
		assert.Equal(t, step.linked, strings.Contains(got[0].content, `"objectId"`), "%s: %s", step.rule, got[0].content)
		if !step.linked {
			assert.Contains(t, got[0].content, `"identity":"u`, step.rule)
		}
		assert.Equal(t, step.fixes, got[0].meta["clevertap_fixes"], step.rule)
	}
	assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log)
	assert.Contains(t, log.String(), "identity_max_links (2) is reached")
}

func TestIdentityMaxLinks_ConfigErrors(t *testing.T) {
	for yaml, want := range map[string]string{
		"identity_max_links: 5":  "identity_max_links needs an identity_cache",
		"identity_max_links: -1": "identity_max_links must not be negative; 0 means no bound",
	} {
		t.Run(yaml, func(t *testing.T) {
			_, err := buildMapping(t, yaml)
			assert.EqualError(t, err, want)
		})
	}
	t.Run("lint", func(t *testing.T) {
		linter := service.GlobalEnvironment().FullConfigSchema("", "").NewStreamConfigLinter()
		lints, err := linter.LintYAML([]byte("pipeline: { processors: [ segment_to_clevertap: { identity_max_links: -1 } ] }"))
		require.NoError(t, err)
		require.Len(t, lints, 1)
		assert.Contains(t, lints[0].Error(), "identity_max_links must not be negative")
	})
}

// flakyCache keeps entries, and fails or hesitates when it is told to.
type flakyCache struct {
	failing atomic.Bool
	pause   time.Duration

	mu      sync.Mutex
	entries map[string][]byte
}

func (c *flakyCache) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, found := c.entries[key]; found {
		return value, nil
	}
	return nil, service.ErrKeyNotFound
}

func (c *flakyCache) Add(_ context.Context, key string, value []byte, _ *time.Duration) error {
	time.Sleep(c.pause)
	if c.failing.Load() {
		return errBroken
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, found := c.entries[key]; found {
		return service.ErrKeyAlreadyExists
	}
	c.entries[key] = value
	return nil
}

func (c *flakyCache) Set(context.Context, string, []byte, *time.Duration) error { return errBroken }
func (c *flakyCache) Delete(context.Context, string) error                      { return errBroken }
func (c *flakyCache) Close(context.Context) error                               { return nil }

func (c *flakyCache) resources(t *testing.T) *service.Resources {
	t.Helper()
	mgr, _ := c.logged(t)
	return mgr
}

func (c *flakyCache) logged(t *testing.T) (*service.Resources, *logText) {
	t.Helper()
	env := service.NewEnvironment()
	c.entries = map[string][]byte{}
	require.NoError(t, env.RegisterCache("flaky", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Resources) (service.Cache, error) { return c, nil }))
	return resourcesWith(t, env, "flaky: {}")
}

// received is a call from segment_http, whose sender waits for the answer.
func received(content string) *service.Message {
	msg := service.NewMessageWithContext(metadata.Restricted(segment.TrustTracking), []byte(content))
	msg.MetaSetImmut(metadata.NoteKey, metadata.NewNote(segment.Sender{Trust: segment.TrustTracking}, "", ""))
	return msg
}

// What is missing, such as the directory of a file cache, must not show in dead letters alone.
func TestIdentityCache_WarnsWhenFailuresBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := &flakyCache{}
		mgr, log := cache.logged(t)
		p := withCache(t, mgr, "")
		for round := range 2 {
			cache.failing.Store(true)
			for i := range 3 {
				_, err := p.Process(context.Background(), received(identifyOn("a", "u", fmt.Sprint(round, i))))
				require.ErrorContains(t, err, "identity_cache_failed")
			}
			assert.Equal(t, round+1, strings.Count(log.String(), `the identity_cache \"ids\" fails`), log)
			cache.failing.Store(false)
			process(t, p, identifyOn("b", "u", "m"))
			assert.Equal(t, round+1, strings.Count(log.String(), `the identity_cache \"ids\" works again`), log)
			time.Sleep(time.Minute) // what fails again within seconds has not worked
		}
		assert.NotContains(t, log.String(), errBroken.Error())
	})
}

func TestIdentityMaxLinks_FailingCacheCostsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := &flakyCache{}
		p := withCache(t, cache.resources(t), "identity_max_links: 1")
		cache.failing.Store(true)
		for i := range 3 {
			_, err := p.Process(context.Background(), received(identifyOn("a", "u", fmt.Sprint("m", i))))
			require.ErrorContains(t, err, "identity_cache_failed")
		}
		cache.failing.Store(false)
		assert.True(t, isLinked(process(t, p, identifyOn("a", "u", "m4"))[0].content, "a"))
		assert.False(t, isLinked(process(t, p, identifyOn("b", "u", "m5"))[0].content, "b"))
	})
}

// Each visitor identifies several times at once, and there are twice as many as may be linked. Calls that turn out to
// belong to one visitor must not take places from others.
func TestIdentityMaxLinks_ExactUnderConcurrency(t *testing.T) {
	const bound, visitors, calls = 20, 40, 4
	cache := &flakyCache{pause: time.Millisecond}
	p := withCache(t, cache.resources(t), fmt.Sprint("identity_max_links: ", bound))
	var linked, failed atomic.Int32
	var wait sync.WaitGroup
	for i := range visitors * calls {
		wait.Go(func() {
			device := fmt.Sprint("device-", i/calls)
			out, err := p.Process(context.Background(), service.NewMessage([]byte(identifyOn(device, "u", fmt.Sprint("m", i)))))
			if err != nil {
				failed.Add(1)
				return
			}
			if raw, _ := out[0].AsBytes(); isLinked(string(raw), device) {
				linked.Add(1)
			}
		})
	}
	wait.Wait()
	assert.Zero(t, failed.Load())
	assert.EqualValues(t, bound, linked.Load())
	assert.Len(t, cache.entries, bound)
}
