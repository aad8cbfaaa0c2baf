package transport

import (
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter keeps nonsense in seconds from overflowing a duration.
const maxRetryAfter = 24 * 60 * 60

// RetryAfter reads the header in both of its forms.
// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func RetryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), maxRetryAfter)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
