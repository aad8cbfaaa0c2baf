package inputs

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sendsSlowly sends a request but for so many bytes at its end.
func (h *hostileTarget) sendsSlowly(t *testing.T, request string, missing int) net.Conn {
	t.Helper()
	conn := h.dial(t)
	_, err := io.WriteString(conn, request[:len(request)-missing])
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestSlowBodiesTakeNoSlots: far more of them than there are slots keep nobody out, with the key or without.
func TestSlowBodiesTakeNoSlots(t *testing.T) {
	target := newHostileTarget(t, "timeout: 10s\nmax_in_flight_requests: 2")
	for range 200 {
		target.sendsSlowly(t, hostilePost("/v1/track", hostileCall), 1)
		target.sendsSlowly(t, hostileUnkeyed("/v1/track", hostileCall), 1)
	}
	require.Eventually(t, func() bool { return target.handler.allowance.used.Load() > 400*100 }, 5*time.Second, time.Millisecond)
	target.works(t)
}

// TestSlowStrangersKeepOutStrangersOnly, and those that send little at once have room even then.
func TestSlowStrangersKeepOutStrangersOnly(t *testing.T) {
	target := newHostileTarget(t, "timeout: 10s")
	body := fmt.Sprintf(`{"writeKey":%q,"type":"page","userId":"u","properties":{"a":%q}}`, hostileKey, strings.Repeat("x", 24<<10))
	for range 1000 {
		target.sendsSlowly(t, hostileUnkeyed("/v1/page", body), 1)
	}
	large := batchOf(`,"writeKey":"`+hostileKey+`"`, fill(hostileCall, 400<<10))
	require.Eventually(t, func() bool { return target.send(t, hostileUnkeyed("/v1/batch", large)).status == 429 }, 5*time.Second, time.Millisecond)
	assert.Equal(t, 200, target.send(t, hostilePost("/v1/batch", large)).status, "with the key in the header")
	assert.Equal(t, 200, target.send(t, hostileUnkeyed("/v1/track", with(hostileCall, `"writeKey":"`+hostileKey+`"`))).status, "a small one with the key in the body")
	assert.Equal(t, 401, target.send(t, hostileUnkeyed("/v1/track", hostileCall, "Authorization: Basic Y2FuYXJ5Og==")).status)
	target.works(t)
}

// TestStrangersHaveHalfTheTime to send their body.
func TestStrangersHaveHalfTheTime(t *testing.T) {
	target := newHostileTarget(t, "timeout: 2s")
	stranger := target.sendsSlowly(t, hostileUnkeyed("/v1/track", hostileCall), 1)
	known := target.sendsSlowly(t, hostilePost("/v1/track", hostileCall), 1)
	began := time.Now()
	reply, err := io.ReadAll(stranger)
	require.NoError(t, err)
	waited := time.Since(began)
	assert.Contains(t, string(reply), "HTTP/1.1 503 ")
	_, err = io.ReadAll(known)
	require.NoError(t, err)
	assert.Less(t, waited, time.Since(began))
}

// TestAPanicGivesItsBudgetBack: neither bytes nor slots stay taken.
func TestAPanicGivesItsBudgetBack(t *testing.T) {
	target := newHostileTarget(t, "rate_limit: 100")
	now := target.handler.rates.now
	target.handler.rates.now = func() time.Time { panic(hostileMark) }
	for range 3 {
		assert.Equal(t, 500, target.send(t, hostileUnkeyed("/v1/track", with(hostileCall, `"writeKey":"`+hostileKey+`"`))).status)
	}
	target.handler.rates.now = now
	target.settles(t)
	target.works(t)
}
