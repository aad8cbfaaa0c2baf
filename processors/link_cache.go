package processors

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/breaker"
	"github.com/clevertap-segment/clevertap-segment/plugins/identitycache"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// cacheFailed is the reason of calls that could not be mapped because the identity cache did not answer.
const cacheFailed segment.Reason = "identity_cache_failed"

// linkCache remembers which user each anonymous visitor was joined to, and by which call. Keys and values are hashes:
// they have one length, any cache takes them, and nobody reads ids out of the cache.
type linkCache struct {
	name    string
	mgr     *service.Resources
	max     int        // of links that this process may add; 0 is no bound
	added   *linkCount // nil without a bound
	breaker *breaker.Breaker
	refused *service.MetricCounter
	waiting *service.MetricGauge
}

// newLinkCache returns nil if no cache is named.
func newLinkCache(name string, maxLinks int, mgr *service.Resources) (*linkCache, error) {
	switch {
	case maxLinks < 0:
		return nil, fmt.Errorf("%s must not be negative; 0 means no bound", stcFieldIdentityMaxLinks)
	case name == "" && maxLinks > 0:
		return nil, fmt.Errorf("%s needs an %s", stcFieldIdentityMaxLinks, stcFieldIdentityCache)
	case name == "":
		return nil, nil
	case !mgr.HasCache(name):
		return nil, fmt.Errorf("%s: there is no cache resource %q", stcFieldIdentityCache, name)
	}
	shared, _ := mgr.GetGeneric(identitycache.ExaminedKey{})
	examined, _ := shared.(*identitycache.Examined) // nil unless `run` has examined the configuration
	warning, err := examined.Ask(name)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		mgr.Logger().Warn(warning)
	}
	l := &linkCache{
		name: name, mgr: mgr, max: maxLinks, breaker: cacheBreaker(mgr, name, examined.InMemory(name)),
		refused: mgr.Metrics().NewCounter("segment_to_clevertap_links_refused_total"),
		waiting: mgr.Metrics().NewGauge("segment_to_clevertap_identity_cache_waiting"),
	}
	l.refused.Incr(0) // an alert on its increase needs it to exist before
	l.waiting.Incr(0)
	if maxLinks > 0 {
		l.added = linksAdded(mgr, name)
	}
	return l, nil
}

// decide joins a visitor to the first user that comes. It answers LinkNow again to the call that did it, since that call
// comes back when its delivery failed. Only an answer of the cache makes it LinkNow: what became of a question that was
// given up is not known.
func (l *linkCache) decide(ctx context.Context, pair mapping.Pair, origin metadata.Origin) (mapping.Linking, error) {
	key := "clevertap_link_" + digest(pair.AnonymousID)
	user, call := digest(pair.UserID), callDigest(pair)
	found, err := l.ask(ctx, origin, key, []byte(user+call))
	switch {
	case err != nil:
		return 0, &segment.Error{Reason: cacheFailed, Field: stcFieldIdentityCache, Rule: "the cache must answer"}
	case found.noMoreLinks:
		l.refuse()
		return mapping.KeepSeparate, nil
	case found.added || string(found.value) == user+call:
		return mapping.LinkNow, nil
	case bytes.HasPrefix(found.value, []byte(user)):
		return mapping.LinkedBefore, nil
	default:
		return mapping.LinkConflict, nil
	}
}

// refuse counts a call that the bound keeps from linking, and warns of the first.
func (l *linkCache) refuse() {
	l.refused.Incr(1)
	l.added.reached.Do(func() {
		l.mgr.Logger().Warnf("segment_to_clevertap: %s (%d) is reached, so new visitors stay separate from their users: "+
			"look for a flood of identify calls, or raise it", stcFieldIdentityMaxLinks, l.max)
	})
}

// found is what the cache has of a visitor.
type found struct {
	added       bool   // the value, now
	value       []byte // the one that was there
	noMoreLinks bool   // nothing, and this process may add no more
}

// addOrGet stores the value unless the key has one, which it then returns.
func (l *linkCache) addOrGet(ctx context.Context, key string, value []byte) (f found, err error) {
	access := l.mgr.AccessCache(ctx, l.name, func(cache service.Cache) {
		if l.max > 0 {
			f, err = l.getOrAddCounted(ctx, cache, key, value)
		} else {
			f, err = addOrGet(ctx, cache, key, value)
		}
	})
	return f, errors.Join(access, err)
}

// addOrGet adds first, which decides the race of two calls in the cache.
func addOrGet(ctx context.Context, cache service.Cache, key string, value []byte) (found, error) {
	if ctx.Err() != nil {
		return found{}, ctx.Err() // whoever asked has gone
	}
	err := cache.Add(ctx, key, value, nil)
	if errors.Is(err, service.ErrKeyAlreadyExists) {
		return get(ctx, cache, key)
	}
	return found{added: err == nil}, err
}

func get(ctx context.Context, cache service.Cache, key string) (found, error) {
	value, err := cache.Get(ctx, key)
	return found{value: value}, err
}

// getOrAddCounted looks first: only calls of unknown visitors may take up, or wait for, what is left of the bound.
func (l *linkCache) getOrAddCounted(ctx context.Context, cache service.Cache, key string, value []byte) (found, error) {
	known, err := get(ctx, cache, key)
	if !errors.Is(err, service.ErrKeyNotFound) {
		return known, err
	}
	reserved, err := l.added.reserve(ctx, l.max)
	if err != nil {
		return found{}, err
	}
	if !reserved {
		// The last one may have gone to another call of this visitor.
		if known, err = get(ctx, cache, key); errors.Is(err, service.ErrKeyNotFound) {
			return found{noMoreLinks: true}, nil
		}
		return known, err
	}
	// An Add that is given up stays reserved until it ends: it may still succeed.
	added := false
	defer func() { l.added.settle(added) }()
	known, err = addOrGet(ctx, cache, key, value)
	added = known.added
	return known, err
}

// callDigest knows a call again: by its message id, or where it has none by what it says.
func callDigest(pair mapping.Pair) string {
	if pair.MessageID != "" {
		return digest(pair.MessageID)
	}
	return digest(string(pair.Attributes))
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}
