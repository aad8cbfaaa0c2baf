package processors

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/identitycache"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
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
	refused *service.MetricCounter
	failing atomic.Bool
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
	l := &linkCache{name: name, mgr: mgr, max: maxLinks, refused: mgr.Metrics().NewCounter("segment_to_clevertap_links_refused_total")}
	l.refused.Incr(0) // an alert on its increase needs it to exist before
	if maxLinks > 0 {
		l.added = linksAdded(mgr, name)
	}
	return l, nil
}

// errNoMoreLinks means that the cache does not know the visitor and this process may add no more.
var errNoMoreLinks = errors.New("no more links")

// decide joins a visitor to the first user that comes. It answers LinkNow again to the call that did it, since that call
// comes back when its delivery failed.
func (l *linkCache) decide(ctx context.Context, pair mapping.Pair) (mapping.Linking, error) {
	key := "clevertap_link_" + digest(pair.AnonymousID)
	user, call := digest(pair.UserID), callDigest(pair)
	known, err := l.addOrGet(ctx, key, []byte(user+call))
	switch {
	case errors.Is(err, errNoMoreLinks):
		l.refuse()
		return mapping.KeepSeparate, nil
	case err != nil:
		l.fails()
		return 0, &segment.Error{Reason: cacheFailed, Field: stcFieldIdentityCache, Rule: "the cache must answer"}
	case known == nil || string(known) == user+call:
		return mapping.LinkNow, nil
	case bytes.HasPrefix(known, []byte(user)):
		return mapping.LinkedBefore, nil
	default:
		return mapping.LinkConflict, nil
	}
}

// fails warns when failures begin. The cache's own text may hold its address or the key.
func (l *linkCache) fails() {
	if !l.failing.Swap(true) {
		l.mgr.Logger().Warnf("segment_to_clevertap: the %s %q fails, and with it each identify call that needs it: "+
			"check that it can be reached, and that the directory of a file cache exists", stcFieldIdentityCache, l.name)
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

// addOrGet stores the value unless the key has one, which it then returns.
func (l *linkCache) addOrGet(ctx context.Context, key string, value []byte) (known []byte, err error) {
	access := l.mgr.AccessCache(ctx, l.name, func(cache service.Cache) {
		if l.max > 0 {
			known, err = l.getOrAddCounted(ctx, cache, key, value)
		} else {
			known, err = addOrGet(ctx, cache, key, value)
		}
	})
	if err = errors.Join(access, err); err == nil || errors.Is(err, errNoMoreLinks) {
		l.failing.Store(false)
	}
	return known, err
}

// addOrGet adds first, which decides the race of two calls in the cache.
func addOrGet(ctx context.Context, cache service.Cache, key string, value []byte) ([]byte, error) {
	err := cache.Add(ctx, key, value, nil)
	if errors.Is(err, service.ErrKeyAlreadyExists) {
		return cache.Get(ctx, key)
	}
	return nil, err
}

// getOrAddCounted looks first: only calls of unknown visitors may take up, or wait for, what is left of the bound.
func (l *linkCache) getOrAddCounted(ctx context.Context, cache service.Cache, key string, value []byte) ([]byte, error) {
	known, err := cache.Get(ctx, key)
	if !errors.Is(err, service.ErrKeyNotFound) {
		return known, err
	}
	if !l.added.reserve(l.max) {
		// The last one may have gone to another call of this visitor.
		if known, err = cache.Get(ctx, key); errors.Is(err, service.ErrKeyNotFound) {
			return nil, errNoMoreLinks
		}
		return known, err
	}
	err = cache.Add(ctx, key, value, nil)
	l.added.settle(err == nil)
	if errors.Is(err, service.ErrKeyAlreadyExists) {
		return cache.Get(ctx, key)
	}
	return nil, err
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
