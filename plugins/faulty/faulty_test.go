package faulty_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/faulty"
)

// reply reads the whole answer of a handler, as far as it comes.
func reply(t *testing.T, handler http.HandlerFunc) (string, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	resp, err := http.Get(server.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestACutReplyEndsInTheMiddle(t *testing.T) {
	got, err := reply(t, func(w http.ResponseWriter, _ *http.Request) {
		faulty.Cut(w, []byte("0123456789"), func(part []byte) { _, _ = w.Write(part) })
	})
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, "01234", got)
}

func TestADrippingReplyComesWhole(t *testing.T) {
	for _, body := range []string{"", "0", "0123456789abcdefghi"} {
		got, err := reply(t, func(w http.ResponseWriter, r *http.Request) {
			faulty.Drip(w, r, time.Millisecond, []byte(body), func(part []byte) { _, _ = w.Write(part) })
		})
		require.NoError(t, err)
		assert.Equal(t, body, got)
	}
}

func TestAPauseEndsWithItsClient(t *testing.T) {
	assert.True(t, faulty.Pause(t.Context(), time.Millisecond))
	ctx, leave := context.WithCancel(t.Context())
	leave()
	assert.False(t, faulty.Pause(ctx, time.Hour))
}
