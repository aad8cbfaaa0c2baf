package processors

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAPoolMakesNoMoreThanAreInUseAtOnce(t *testing.T) {
	made := 0
	p := pool[*int]{fresh: func() *int { made++; return new(int) }}
	for range 3 {
		first, second := p.get(), p.get()
		assert.NotSame(t, first, second)
		p.put(first)
		p.put(second)
		for range 3 {
			runtime.GC()
		}
	}
	assert.Equal(t, 2, made)
}
