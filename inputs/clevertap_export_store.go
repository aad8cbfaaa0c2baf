package inputs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// exportStore keeps checkpoints and books in a cache resource. A process may be killed while a value is written, and
// not every cache replaces values at once, so: checkpoints are written to two keys in turn, all other values are only
// ever added, and values that came broken are told from whole ones.
type exportStore struct {
	access func(context.Context, func(service.Cache) error) error
	prefix string
}

func newExportStore(mgr *service.Resources, cache, prefix string) exportStore {
	return exportStore{prefix: prefix, access: func(ctx context.Context, use func(service.Cache) error) error {
		var failed error
		if err := mgr.AccessCache(ctx, cache, func(c service.Cache) { failed = use(c) }); err != nil {
			failed = err
		}
		if failed != nil {
			return &exportError{reasonCacheFailed, fmt.Sprintf("using %q", cache), failed}
		}
		return nil
	}}
}

// get returns nil for a key that is not there.
func (s exportStore) get(ctx context.Context, key string) (value []byte, err error) {
	err = s.access(ctx, func(c service.Cache) error {
		v, err := c.Get(ctx, key)
		if errors.Is(err, service.ErrKeyNotFound) {
			return nil
		}
		value = v
		return err
	})
	return value, err
}

func (s exportStore) set(ctx context.Context, key string, value []byte) error {
	return s.access(ctx, func(c service.Cache) error { return c.Set(ctx, key, value, nil) })
}

func (s exportStore) remove(ctx context.Context, key string) error {
	return s.access(ctx, func(c service.Cache) error { return c.Delete(ctx, key) })
}

// scope is the part of a key that an event stands for: its name may hold anything, keys of some caches may not.
func (s exportStore) scope(event string) string {
	sum := sha256.Sum256([]byte(event))
	return s.prefix + "_" + hex.EncodeToString(sum[:8])
}

func slotKey(scope string, written uint64) string {
	return fmt.Sprintf("%s_checkpoint%d", scope, written%2)
}
func walkKey(scope string, page int) string     { return fmt.Sprintf("%s_walk_%d", scope, page) }
func seenKey(scope string, d day, n int) string { return fmt.Sprintf("%s_%d_%d", scope, int(d), n) }

// checkpoint returns the newer of the two that are kept; false when there is none yet.
func (s exportStore) checkpoint(ctx context.Context, scope string) (newest checkpoint, found bool, err error) {
	torn := 0
	for slot := range uint64(2) {
		raw, err := s.get(ctx, slotKey(scope, slot))
		if err != nil {
			return checkpoint{}, false, err
		}
		if raw == nil {
			continue
		}
		c, err := decodeCheckpoint(raw)
		switch {
		case errors.Is(err, errTorn):
			torn++
		case err != nil:
			return checkpoint{}, false, err
		case !found || c.Written > newest.Written:
			newest, found = c, true
		}
	}
	if torn == 2 {
		return checkpoint{}, false, &exportError{reason: reasonCheckpointUnusable, text: "both of its copies are unreadable"}
	}
	return newest, found, nil
}

// saveCheckpoint overwrites the older of the two.
func (s exportStore) saveCheckpoint(ctx context.Context, scope string, c *checkpoint) error {
	next := *c
	next.Written++
	raw, err := next.encode()
	if err != nil {
		return err
	}
	if err := s.set(ctx, slotKey(scope, next.Written), raw); err != nil {
		return err
	}
	c.Written = next.Written
	return nil
}

// keyBytes is the length of a key in a list of them.
const keyBytes = len(clevertap.Key{})

// seal puts a checksum before a list of keys.
func seal(keys []clevertap.Key) []byte {
	b := make([]byte, keyBytes, keyBytes*(len(keys)+1))
	for _, key := range keys {
		b = append(b, key[:]...)
	}
	sum := sha256.Sum256(b[keyBytes:])
	copy(b, sum[:keyBytes])
	return b
}

// unseal is false for a list that is broken.
func unseal(raw []byte) ([]clevertap.Key, bool) {
	if len(raw) < keyBytes || len(raw)%keyBytes != 0 {
		return nil, false
	}
	sum := sha256.Sum256(raw[keyBytes:])
	if string(sum[:keyBytes]) != string(raw[:keyBytes]) {
		return nil, false
	}
	keys := make([]clevertap.Key, 0, len(raw)/keyBytes-1)
	for rest := raw[keyBytes:]; len(rest) > 0; rest = rest[keyBytes:] {
		keys = append(keys, clevertap.Key(rest[:keyBytes]))
	}
	return keys, true
}
