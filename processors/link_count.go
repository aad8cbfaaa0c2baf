package processors

import (
	"sync"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// linkCount counts the links that this process has added to a cache. Its callers reserve a link before they add it, and
// settle it with what became of that.
type linkCount struct {
	reached sync.Once // for the warning that no more are added

	mu       sync.Mutex
	settled  sync.Cond // a reserved link was added or given back
	added    int
	reserved int
}

// linkCountKey finds the count of a cache among the engine's resources. They outlive the processors, which are made anew
// when the configuration changes.
type linkCountKey string

func linksAdded(mgr *service.Resources, cache string) *linkCount {
	fresh := &linkCount{}
	fresh.settled.L = &fresh.mu
	count, _ := mgr.GetOrSetGeneric(linkCountKey(cache), fresh)
	return count.(*linkCount)
}

// reserve reports whether one more link may be added. Where the reserved ones may use up the bound it waits for them:
// they may still be given back. Each of them is one operation of the cache away from being settled.
func (c *linkCount) reserve(bound int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.added < bound && c.added+c.reserved >= bound {
		c.settled.Wait()
	}
	if c.added >= bound {
		return false
	}
	c.reserved++
	return true
}

func (c *linkCount) settle(added bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reserved--
	if added {
		c.added++
	}
	c.settled.Broadcast()
}
