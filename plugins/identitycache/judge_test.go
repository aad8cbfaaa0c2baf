package identitycache

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

type object = map[string]any

func TestJudge_Kinds(t *testing.T) {
	tests := []struct {
		rule    string
		cache   object
		verdict Verdict
		reason  string
	}{
		{"file lasts", object{"file": object{"directory": "d"}}, Lasting, ""},
		{"redis lasts", object{"redis": object{"url": "redis://localhost:6379"}}, Lasting, ""},
		{"nats_kv lasts", object{"nats_kv": object{"bucket": "b"}}, Lasting, ""},
		{"dynamodb lasts", object{"aws_dynamodb": object{"table": "t"}}, Lasting, ""},
		{"redis with a TTL forgets", object{"redis": object{"default_ttl": "24h"}}, Forgetting, "its entries expire: default_ttl is 24h"},
		{"redis with a TTL of zero lasts", object{"redis": object{"default_ttl": "0s"}}, Lasting, ""},
		{"redis with an empty TTL lasts", object{"redis": object{"default_ttl": ""}}, Lasting, ""},
		{"an unreadable TTL counts", object{"redis": object{"default_ttl": "one day"}}, Forgetting, "its entries expire: default_ttl is one day"},
		{"dynamodb with a TTL forgets", object{"aws_dynamodb": object{"default_ttl": "1h", "ttl_key": "k"}}, Forgetting, "its entries expire: default_ttl is 1h"},
		{"couchbase with a TTL forgets", object{"couchbase": object{"default_ttl": "1h"}}, Forgetting, "its entries expire: default_ttl is 1h"},
		{"any kind with a TTL forgets", object{"other": object{"ttl": "1h"}}, Forgetting, "its entries expire: ttl is 1h"},
		{"memory has compactions by default", object{"memory": object{}}, Forgetting, `memory drops old entries every 60s unless compaction_interval is ""`},
		{"memory without settings", object{"memory": nil}, Forgetting, `memory drops old entries every 60s unless compaction_interval is ""`},
		{"memory with compactions", object{"memory": object{"compaction_interval": "1h", "default_ttl": "100h"}}, Forgetting, `memory drops old entries every 1h unless compaction_interval is ""`},
		{"memory without compactions", object{"memory": object{"compaction_interval": ""}}, LostAtRestart, "memory keeps its entries in the process"},
		{"memory with an interval of zero", object{"memory": object{"compaction_interval": "0s", "default_ttl": "5m"}}, LostAtRestart, "memory keeps its entries in the process"},
		{"lru evicts", object{"lru": object{"cap": 1000000000}}, Forgetting, "lru drops an entry for each new one beyond cap"},
		{"ttlru evicts", object{"ttlru": object{}}, Forgetting, "ttlru drops an entry for each new one beyond cap"},
		{"noop", object{"noop": object{}}, Forgetting, "noop stores nothing"},
		{"memcached evicts", object{"memcached": object{"default_ttl": "0s"}}, Forgetting, "memcached drops entries when its memory is full"},
		{"ristretto replaces", object{"ristretto": object{}}, Forgetting, "ristretto replaces an entry that is added again"},
		{"redpanda replaces", object{"redpanda": object{"topic": "t"}}, Forgetting, "redpanda replaces an entry that is added again"},
		{"S3 replaces", object{"aws_s3": object{"bucket": "b"}}, Forgetting, "aws_s3 replaces an entry when looking it up fails"},
		{"GCS replaces", object{"gcp_cloud_storage": object{"bucket": "b"}}, Forgetting, "gcp_cloud_storage replaces an entry when looking it up fails"},
		{"sql depends on the table", object{"sql": object{}}, Unknown, "key_column of an sql cache must be unique"},
		{"mongodb depends on an index", object{"mongodb": object{}}, Unknown, "key_field of a mongodb cache needs a unique index"},
		{"other kinds are unknown", object{"my_cache": object{}}, Unknown, "its kind is my_cache"},
		{"type says which kind counts", object{"type": "redis", "redis": object{}, "memory": object{}}, Lasting, ""},
		{"type alone", object{"type": "lru"}, Forgetting, "lru drops an entry for each new one beyond cap"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			test.cache["label"] = "ids"
			got := Caches{"ids": test.cache}.Judge("ids")
			assert.Equal(t, Judgement{Label: "ids", Verdict: test.verdict, Reason: test.reason}, got)
		})
	}
}

func TestJudge_Multilevel(t *testing.T) {
	caches := Caches{
		"hot":      {"label": "hot", "lru": object{}},
		"cold":     {"label": "cold", "file": object{}},
		"local":    {"label": "local", "memory": object{"compaction_interval": ""}},
		"hot_cold": {"label": "hot_cold", "multilevel": []any{"hot", "cold"}},
		"cold_hot": {"label": "cold_hot", "multilevel": []any{"cold", "hot"}},
		"in_local": {"label": "in_local", "multilevel": []any{"hot", "local"}},
		"of_two":   {"label": "of_two", "multilevel": []any{"local", "hot_cold"}},
		"unseen":   {"label": "unseen", "multilevel": []any{"hot", "elsewhere"}},
		"circle":   {"label": "circle", "multilevel": []any{"hot", "circle"}},
		"empty":    {"label": "empty", "multilevel": nil},
	}
	tests := []struct {
		rule, label string
		verdict     Verdict
		reason      string
	}{
		{"a forgetting level above one that lasts", "hot_cold", Lasting, ""},
		{"a forgetting last level", "cold_hot", Forgetting, `its last level "hot": lru drops an entry for each new one beyond cap`},
		{"a last level in memory", "in_local", LostAtRestart, `its last level "local": memory keeps its entries in the process`},
		{"levels that have levels", "of_two", Lasting, ""},
		{"a last level that cannot be seen", "unseen", Unknown, `its last level "elsewhere": its configuration is not visible here`},
		{"no levels", "empty", Unknown, "its levels are not a list of caches"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			assert.Equal(t, Judgement{test.label, test.verdict, test.reason}, caches.Judge(test.label))
		})
	}
	t.Run("levels in a circle", func(t *testing.T) {
		assert.Equal(t, Unknown, caches.Judge("circle").Verdict)
	})
}

func TestJudge_UnseenCacheIsUnknown(t *testing.T) {
	assert.Equal(t, Unknown, Caches(nil).Judge("ids").Verdict)
}

func TestJudgement_Sentences(t *testing.T) {
	judgement := Judgement{Label: "ids", Reason: "why"}
	for verdict, want := range map[Verdict]struct{ err, warning string }{
		Lasting:       {"", ""},
		Forgetting:    {`identity_cache: the cache "ids" forgets (why), and CleverTap would merge`, ""},
		LostAtRestart: {"", `identity_cache: a restart empties the cache "ids" (why), and CleverTap would merge`},
		Unknown:       {"", `identity_cache: it cannot be seen whether the cache "ids" forgets (why); if it does, CleverTap would merge`},
	} {
		judgement.Verdict = verdict
		if want.err == "" {
			assert.NoError(t, judgement.Err())
		} else {
			assert.ErrorContains(t, judgement.Err(), want.err)
			assert.ErrorContains(t, judgement.Err(), "use a file cache, or a redis cache without default_ttl")
		}
		if want.warning == "" {
			assert.Empty(t, judgement.Warning())
		} else {
			assert.Contains(t, judgement.Warning(), want.warning)
		}
	}
}
