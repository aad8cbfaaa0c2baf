package processors

import "sync"

// pool lends what is of more use the longer it has been used: mappers, which remember names and phone numbers. It holds as
// many as were in use at once. A sync.Pool would forget them, and all that they remember, every few rounds of the garbage
// collector.
type pool[T any] struct {
	fresh func() T

	mu   sync.Mutex
	free []T
}

func (p *pool[T]) get() T {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.free) - 1
	if last < 0 {
		return p.fresh()
	}
	lent := p.free[last]
	p.free = p.free[:last]
	return lent
}

func (p *pool[T]) put(lent T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, lent)
}
