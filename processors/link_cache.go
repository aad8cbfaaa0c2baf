package processors

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// cacheFailed is the reason of calls that could not be mapped because the identity cache did not answer.
const cacheFailed segment.Reason = "identity_cache_failed"

// linkCache remembers which user each anonymous visitor was joined to, and by which call. Keys and values are hashes:
// they have one length, any cache takes them, and nobody reads ids out of the cache.
type linkCache struct {
	name string
	mgr  *service.Resources
}

// decide joins a visitor to the first user that comes. It answers LinkNow again to the call that did it, since that call
// comes back when its delivery failed.
func (l *linkCache) decide(ctx context.Context, pair mapping.Pair) (mapping.Linking, error) {
	key := "clevertap_link_" + digest(pair.AnonymousID)
	user, call := digest(pair.UserID), callDigest(pair)
	known, err := l.addOrGet(ctx, key, []byte(user+call))
	if err != nil {
		// The cache's own text may hold its address or the key.
		return 0, &segment.Error{Reason: cacheFailed, Field: stcFieldIdentityCache, Rule: "the cache must answer"}
	}
	switch {
	case known == nil || string(known) == user+call:
		return mapping.LinkNow, nil
	case bytes.HasPrefix(known, []byte(user)):
		return mapping.LinkedBefore, nil
	default:
		return mapping.LinkConflict, nil
	}
}

// addOrGet stores the value unless the key has one, which it then returns. Adding first decides the race of two calls
// in the cache.
func (l *linkCache) addOrGet(ctx context.Context, key string, value []byte) (known []byte, err error) {
	access := l.mgr.AccessCache(ctx, l.name, func(cache service.Cache) {
		if err = cache.Add(ctx, key, value, nil); errors.Is(err, service.ErrKeyAlreadyExists) {
			known, err = cache.Get(ctx, key)
		}
	})
	return known, errors.Join(access, err)
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
