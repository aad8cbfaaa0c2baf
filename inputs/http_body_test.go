package inputs

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestABodyArrivesWholeWhateverItsSenderAnnounces also looks whether all its room was taken from the share.
func TestABodyArrivesWholeWhateverItsSenderAnnounces(t *testing.T) {
	const limit = 64 << 10
	for _, size := range []int{0, 1, httpLeastRead - 1, httpLeastRead, httpLeastRead + 1, httpFirstRead - 1, httpFirstRead, httpFirstRead + 1, limit - 1, limit, limit + 1} {
		for _, announced := range []int{-1, 0, 1, size, limit} {
			sent := bytes.Repeat([]byte("Żółć "), size)[:size]
			held := &share{of: newAllowance(1<<30, 1)}
			body, err := readWithin(iotest.OneByteReader(bytes.NewReader(sent)), limit, announced, held)
			if size > limit {
				require.ErrorIs(t, err, errTooLarge, announced)
				continue
			}
			require.NoError(t, err, announced)
			assert.True(t, bytes.Equal(sent, body), announced)
			assert.EqualValues(t, cap(body), held.held, announced)
			assert.LessOrEqual(t, cap(body), max(2*limit, httpLeastRead), announced)
		}
	}
}

// TestABodyTakesAsMuchRoomAsHasCome: whoever announces much and sends little takes little.
func TestABodyTakesAsMuchRoomAsHasCome(t *testing.T) {
	for _, come := range []int{0, 1, httpFirstRead, 100_000} {
		held := &share{of: newAllowance(1<<30, 1)}
		body := io.MultiReader(bytes.NewReader(make([]byte, come)), iotest.ErrReader(iotest.ErrTimeout))
		_, err := readWithin(body, 1<<20, 1<<20, held)
		require.ErrorIs(t, err, iotest.ErrTimeout)
		assert.LessOrEqual(t, held.held, int64(max(httpFirstRead, httpReadGrowth*come)))
	}
}

func TestABodyGetsTheRoomThatItsSenderAnnounces(t *testing.T) {
	for _, size := range []int{httpLeastRead, 1500, httpFirstRead - 1, 3 * httpFirstRead} {
		held := &share{of: newAllowance(1<<30, 1)}
		body, err := readWithin(bytes.NewReader(make([]byte, size)), 1<<20, size, held)
		require.NoError(t, err)
		assert.Equal(t, size+1, cap(body))
	}
}

func TestABodyForWhichThereIsNoRoomIsRefused(t *testing.T) {
	held := &share{of: newAllowance(httpFirstRead, 1)}
	_, err := readWithin(bytes.NewReader(make([]byte, 2*httpFirstRead)), 1<<20, 100, held)
	require.ErrorIs(t, err, errNoRoom)
}
