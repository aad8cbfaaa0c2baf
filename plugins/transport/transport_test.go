package transport_test

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/clevertap-segment/clevertap-segment/plugins/transport"
)

func TestCausesAreNamedWithoutTheAddress(t *testing.T) {
	for want, err := range map[string]error{
		"the proxy does not answer":                       &net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED},
		"the host name is not known":                      &net.DNSError{Name: "secret.example.com"},
		"the server's certificate is not trusted":         x509.UnknownAuthorityError{},
		"the server does not speak TLS":                   http.ErrSchemeMismatch,
		"the connection was refused":                      &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"the connection was closed before an answer came": syscall.ECONNRESET,
		"the connection failed":                           fmt.Errorf("something about secret"),
	} {
		assert.Equal(t, want, transport.Cause(&url.Error{URL: "http://secret@proxy", Err: err}))
	}
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	assert.Equal(t, 7*time.Second, transport.RetryAfter("7", now))
	assert.Equal(t, 90*time.Second, transport.RetryAfter("Thu, 01 Jan 2026 00:01:30 GMT", now))
	assert.Zero(t, transport.RetryAfter("Thu, 01 Jan 2025 00:01:30 GMT", now))
	assert.Zero(t, transport.RetryAfter("-3", now))
	assert.Zero(t, transport.RetryAfter("soon", now))
	assert.Equal(t, 24*time.Hour, transport.RetryAfter("9999999999999", now))
}
