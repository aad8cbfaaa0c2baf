package outputs

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
)

func TestAnOutageIsToldOfOnceAndItsEndToo(t *testing.T) {
	var text bytes.Buffer
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	o := newOutage("clevertap", service.NewLoggerFromSlog(slog.New(slog.NewTextHandler(&text, nil))))
	o.now = func() time.Time { return now }
	step := func(d time.Duration, happen func()) {
		now = now.Add(d)
		happen()
	}
	away := func() { o.failed("unreachable") }

	step(0, away)
	step(time.Second, o.worked)
	step(time.Second, away)
	step(2*time.Second, away)
	assert.Empty(t, text.String(), "what fails now and then is not worth a line")
	step(time.Second, away)
	step(time.Minute, away)
	assert.Equal(t, 1, strings.Count(text.String(), "\n"))
	assert.Contains(t, text.String(), "clevertap: unreachable: no request has succeeded for 3s; they are tried again")
	step(time.Second, o.worked)
	step(time.Second, o.worked)
	assert.Equal(t, 2, strings.Count(text.String(), "\n"))
	assert.Contains(t, text.String(), "clevertap: requests succeed again, after 1m4s")
}
