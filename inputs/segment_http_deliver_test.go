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
		until := notes.OriginOf(msg).WaitUntil()
		assert.WithinRange(t, until, began.Add(5*time.Second), time.Now().Add(5*time.Second))
	}
	require.NoError(t, ack(t.Context(), nil))
	assert.Equal(t, 200, (<-answer).status)
}
