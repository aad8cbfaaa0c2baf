// Package identitycache decides whether a cache may remember which user each anonymous visitor was joined to. CleverTap
// merges two people for good, so a cache that forgets a visitor lets segment_to_clevertap join a second user to the
// first. The package reads how a cache is configured. It does not import Benthos: the kinds of caches and those of their
// defaults that matter are written down here.
package identitycache

import (
	"fmt"
	"time"
)

// Verdict says what is known of a cache.
type Verdict int

const (
	// Unknown means that the configuration does not show whether the cache forgets.
	Unknown Verdict = iota
	// Lasting means that the cache keeps its entries over restarts.
	Lasting
	// LostAtRestart means that the cache keeps its entries until the process ends.
	LostAtRestart
	// Forgetting means that the cache drops or replaces entries while it is in use.
	Forgetting
)

// Judgement is the verdict on one cache.
type Judgement struct {
	Label   string
	Verdict Verdict
	// Reason names what makes it so. It is empty for a cache that lasts.
	Reason string
}

const (
	consequence = "CleverTap would merge two people for good when a second user identifies on a forgotten visitor's device"
	remedy      = "use a file cache, or a redis cache without default_ttl on a server with maxmemory-policy noeviction"
)

// Err refuses a cache that forgets and is nil for any other.
func (j Judgement) Err() error {
	if j.Verdict != Forgetting {
		return nil
	}
	return fmt.Errorf("identity_cache: the cache %q forgets (%s), and %s; %s", j.Label, j.Reason, consequence, remedy)
}

// Warning is what a user must know of a cache that is not refused. It is empty for a cache that lasts.
func (j Judgement) Warning() string {
	switch j.Verdict {
	case LostAtRestart:
		return fmt.Sprintf("identity_cache: a restart empties the cache %q (%s), and %s; %s", j.Label, j.Reason, consequence, remedy)
	case Unknown:
		return fmt.Sprintf("identity_cache: it cannot be seen whether the cache %q forgets (%s); if it does, %s", j.Label, j.Reason, consequence)
	default:
		return ""
	}
}

// Caches are the cache resources of a configuration by label, each as it is written there: one key names its kind.
type Caches map[string]map[string]any

// Judge judges the cache with the given label.
func (c Caches) Judge(label string) Judgement {
	verdict, reason := c.judge(label, len(c))
	return Judgement{Label: label, Verdict: verdict, Reason: reason}
}

// judge follows at most the given number of references, since caches may refer to each other in a circle.
func (c Caches) judge(label string, references int) (Verdict, string) {
	resource, found := c[label]
	if !found {
		return Unknown, "its configuration is not visible here"
	}
	kind := kindOf(resource)
	fields, _ := resource[kind].(map[string]any)
	switch kind {
	case "memory":
		return judgeMemory(fields)
	case "multilevel":
		levels, _ := resource[kind].([]any)
		return c.judgeLevels(levels, references)
	case "lru", "ttlru":
		return Forgetting, kind + " drops an entry for each new one beyond cap"
	case "noop":
		return Forgetting, "noop stores nothing"
	case "memcached":
		return Forgetting, "memcached drops entries when its memory is full"
	case "ristretto", "redpanda":
		// Their add stores the value whether or not the key has one.
		return Forgetting, kind + " replaces an entry that is added again"
	case "aws_s3", "gcp_cloud_storage":
		// Their add looks for the object first, and takes any failure to see it for its absence.
		return Forgetting, kind + " replaces an entry when looking it up fails"
	}
	for _, ttl := range []string{"default_ttl", "ttl"} {
		if isDuration(fields[ttl]) {
			return Forgetting, fmt.Sprintf("its entries expire: %s is %v", ttl, fields[ttl])
		}
	}
	switch kind {
	case "file", "redis", "nats_kv", "aws_dynamodb", "couchbase":
		return Lasting, ""
	case "sql":
		return Unknown, "key_column of an sql cache must be unique"
	case "mongodb":
		return Unknown, "key_field of a mongodb cache needs a unique index"
	default:
		return Unknown, "its kind is " + kind
	}
}

// judgeMemory knows that memory drops entries in compactions only, and that it has compactions unless they are turned
// off.
func judgeMemory(fields map[string]any) (Verdict, string) {
	interval, set := fields["compaction_interval"]
	if !set {
		interval = "60s"
	}
	if isDuration(interval) {
		return Forgetting, fmt.Sprintf(`memory drops old entries every %v unless compaction_interval is ""`, interval)
	}
	return LostAtRestart, "memory keeps its entries in the process"
}

// judgeLevels judges multilevel by its last level, which decides whether a key is new. The levels above are asked first
// and may forget: what they miss they are given from below.
func (c Caches) judgeLevels(levels []any, references int) (Verdict, string) {
	if len(levels) == 0 || references <= 0 {
		return Unknown, "its levels are not a list of caches"
	}
	last := fmt.Sprint(levels[len(levels)-1])
	verdict, reason := c.judge(last, references-1)
	if reason != "" {
		reason = fmt.Sprintf("its last level %q: %s", last, reason)
	}
	return verdict, reason
}

// isDuration reports whether a setting is a time. Nothing, an empty text and zero turn off what the time is for.
func isDuration(setting any) bool {
	if setting == nil || setting == "" {
		return false
	}
	d, err := time.ParseDuration(fmt.Sprint(setting))
	return err != nil || d != 0
}

// kindOf returns the key that names the kind of a cache. A configuration that was overridden by --set may have several;
// then `type` says which one counts.
func kindOf(resource map[string]any) string {
	if kind, ok := resource["type"].(string); ok {
		return kind
	}
	for key := range resource {
		if key != "label" {
			return key
		}
	}
	return ""
}
