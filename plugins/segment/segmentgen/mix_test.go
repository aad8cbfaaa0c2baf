package segmentgen_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

func TestAMixIsReadFromItsWeights(t *testing.T) {
	mix, err := segmentgen.ParseMix("track=60, order=10,identify=15,page=8,screen=5,alias=2")
	require.NoError(t, err)
	assert.Equal(t, segmentgen.SpeedMix, mix)
	mix, err = segmentgen.ParseMix("group=1,delete=2")
	require.NoError(t, err)
	assert.Equal(t, segmentgen.Mix{Group: 1, Delete: 2}, mix)
}

func TestAMixThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{"", "track", "track=x", "track=-1", "video=1", "track=0"} {
		_, err := segmentgen.ParseMix(text)
		assert.Error(t, err, text)
	}
}
