package inputs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	notes "github.com/clevertap-segment/clevertap-segment/plugins/metadata"
)

func TestSegmentHTTP_ComponentsLeaveHalfOfTheTimeout(t *testing.T) {
	in, call := listenSegmentHTTP(t, "timeout: 10s", nil)
	began := time.Now()
	answer := call.later(t, request{path: "/v1/batch", body: twoCalls})
	batch, ack := readOne(t, in)
	for _, msg := range batch {
		left := notes.OriginOf(msg).Waiting().Left(began)
		assert.GreaterOrEqual(t, left, 5*time.Second)
		assert.Less(t, left, 7*time.Second)
	}
	require.NoError(t, ack(t.Context(), nil))
	assert.Equal(t, 200, (<-answer).status)
}
