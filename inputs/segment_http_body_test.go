package inputs

import (
	"bytes"
	"math"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestABodyArrivesWholeWhateverItsSenderAnnounces also looks whether all its room was taken from the share.
func TestABodyArrivesWholeWhateverItsSenderAnnounces(t *testing.T) {
	const limit = 64 << 10
	for _, size := range []int{0, 1, shLeastRead - 1, shLeastRead, shLeastRead + 1, shFirstRead - 1, shFirstRead, shFirstRead + 1, limit - 1, limit, limit + 1} {
		for _, announced := range []int{-1, 0, 1, size, limit} {
			for _, whole := range []int{announced, shBatchPacks * announced} {
				sent := bytes.Repeat([]byte("Żółć "), size)[:size]
				held := &share{of: newAllowance(math.MaxInt64)}
				body, err := readWithin(iotest.OneByteReader(bytes.NewReader(sent)), limit, announced, whole, held)
				if size > limit {
					require.ErrorIs(t, err, errTooLarge, announced)
					continue
				}
				require.NoError(t, err, announced)
				assert.True(t, bytes.Equal(sent, body), announced)
				assert.EqualValues(t, cap(body), held.held, announced)
				assert.LessOrEqual(t, cap(body), max(2*limit, shLeastRead), announced)
			}
		}
	}
}

func TestABodyTakesLittleRoomBeforeAnyOfItHasCome(t *testing.T) {
	held := &share{of: newAllowance(math.MaxInt64)}
	_, err := readWithin(iotest.ErrReader(iotest.ErrTimeout), 1<<20, 1<<20, 1<<20, held)
	require.ErrorIs(t, err, iotest.ErrTimeout)
	assert.LessOrEqual(t, held.held, int64(shFirstRead))
}

func TestABodyGetsTheRoomThatItsSenderAnnounces(t *testing.T) {
	for _, size := range []int{shLeastRead, 1500, shFirstRead - 1, 3 * shFirstRead} {
		held := &share{of: newAllowance(math.MaxInt64)}
		body, err := readWithin(bytes.NewReader(make([]byte, size)), 1<<20, size, size, held)
		require.NoError(t, err)
		assert.Equal(t, size+1, cap(body))
	}
}

func TestABodyForWhichThereIsNoRoomIsRefused(t *testing.T) {
	held := &share{of: newAllowance(shFirstRead)}
	_, err := readWithin(bytes.NewReader(make([]byte, 2*shFirstRead)), 1<<20, 100, 100, held)
	require.ErrorIs(t, err, errNoRoom)
}
