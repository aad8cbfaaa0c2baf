package inputs

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAllowance_LargeSharesLeaveRoomForSmallOnes(t *testing.T) {
	a := newAllowance(64<<20, 1)
	large, small := &share{of: a}, &share{of: a}
	assert.False(t, large.take(49<<20), "three quarters are 48 MiB")
	require.True(t, large.take(48<<20))
	assert.False(t, (&share{of: a}).take(1<<20), "a large share")
	assert.True(t, small.take(512<<10), "a small share")
	assert.False(t, small.take(1), "it is no longer small")
	large.give()
	assert.True(t, small.take(1))
	small.give()
	assert.Zero(t, a.used.Load())
}

func TestAllowance_StrangersHaveAPartOfTheirOwn(t *testing.T) {
	a := newAllowance(64<<20, 1)
	stranger, known := &share{of: a, stranger: true}, &share{of: a}
	assert.False(t, stranger.take(13<<20), "three quarters of a quarter are 12 MiB")
	require.True(t, stranger.take(12<<20))
	assert.False(t, (&share{of: a, stranger: true}).take(1<<20))
	assert.True(t, (&share{of: a, stranger: true}).take(64<<10), "small shares of strangers have room, too")
	assert.True(t, known.take(32<<20), "whoever is known does not wait for strangers")
	stranger.prove()
	assert.True(t, (&share{of: a, stranger: true}).take(3<<20), "who is known now is no longer in their part")
}

// TestAllowance_EverythingComesBack: whatever shares do, all is free when they have ended.
func TestAllowance_EverythingComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newAllowance(rapid.IntRange(1, 1<<20).Draw(t, "limit"), rapid.IntRange(1, 1<<20).Draw(t, "largest"))
		var shares []*share
		for range rapid.IntRange(1, 20).Draw(t, "shares") {
			shares = append(shares, &share{of: a, stranger: rapid.Bool().Draw(t, "stranger")})
		}
		for range rapid.IntRange(1, 100).Draw(t, "operations") {
			s := shares[rapid.IntRange(0, len(shares)-1).Draw(t, "share")]
			switch rapid.IntRange(0, 5).Draw(t, "operation") {
			case 0:
				s.give()
			case 1:
				s.prove()
			default:
				s.take(rapid.IntRange(0, 1<<19).Draw(t, "bytes"))
			}
			require.LessOrEqual(t, a.used.Load(), a.limit)
			require.LessOrEqual(t, a.strangers.used.Load(), a.strangers.limit)
		}
		for _, s := range shares {
			s.end()
		}
		require.Zero(t, a.used.Load())
		require.Zero(t, a.strangers.used.Load())
	})
}

func TestAllowance_TheLargestRequestAlwaysHasRoom(t *testing.T) {
	for _, limit := range []int{1, 1000, 64 << 20} {
		for _, largest := range []int{1, 2, 999, 17 << 20} {
			for _, stranger := range []bool{false, true} {
				held := &share{of: newAllowance(limit, largest), stranger: stranger}
				assert.True(t, held.take(largest), "%d of %d", largest, limit)
			}
		}
	}
}
