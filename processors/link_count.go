package processors

import (
	"context"
	"sync"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// linkCount counts the links that this process has added to a cache. Its callers reserve a link before they add it, and
// settle it with what became of that.
type linkCount struct {
	reached sync.Once // for the warning that no more are added

	mu       sync.Mutex
	settled  chan struct{} // closed when a reserved link was added or given back, and made anew
	added    int
	reserved int
}

// linkCountKey finds the count of a cache among the engine's resources. They outlive the processors, which are made anew
// when the configuration changes.
type linkCountKey string

func linksAdded(mgr *service.Resources, cache string) *linkCount {
	count, _ := mgr.GetOrSetGeneric(linkCountKey(cache), &linkCount{settled: make(chan struct{})})
	return count.(*linkCount)
}

// reserve reports whether one more link may be added. Where the reserved ones may use up the bound it waits for them, as
// long as the context lasts: they may still be given back. Each of them is one operation of the cache away from being
// settled, which may hang.
func (c *linkCount) reserve(ctx context.Context, bound int) (bool, error) {
	for {
		c.mu.Lock()
		if c.added >= bound || c.added+c.reserved < bound {
			break
		}
		settled := c.settled
		c.mu.Unlock()
		select {
		case <-settled:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	defer c.mu.Unlock()
	if c.added >= bound {
		return false, nil
	}
	c.reserved++
	return true, nil
}

func (c *linkCount) settle(added bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reserved--
	if added {
		c.added++
	}
	close(c.settled)
	c.settled = make(chan struct{})
}
