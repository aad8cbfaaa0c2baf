package fields

import (
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parseSegment(config string) (SegmentConfig, error) {
	parsed, err := service.NewConfigSpec().Fields(SegmentSource()...).Fields(SegmentConnection()...).ParseYAML(config, nil)
	if err != nil {
		return SegmentConfig{}, err
	}
	return SegmentFromParsed(parsed)
}

func TestSegmentEndpoints(t *testing.T) {
	for config, want := range map[string]string{
		"":                                   "https://api.segment.io",
		"region: eu1":                        "https://events.eu1.segmentapis.com",
		"endpoint: http://127.0.0.1:1":       "http://127.0.0.1:1",
		"endpoint: http://127.0.0.1:1/v1":    "http://127.0.0.1:1",
		"endpoint: http://proxy/segment/v1/": "http://proxy/segment",
	} {
		c, err := parseSegment("write_key: K\n" + config)
		require.NoError(t, err)
		assert.Equal(t, SegmentConfig{WriteKey: "K", Endpoint: want, Connection: Connection{Timeout: 15 * time.Second}}, c)
	}
}

func TestSegmentParsingRefuses(t *testing.T) {
	for config, text := range map[string]string{
		"write_key: ''":                   "write_key is empty: set it to the value from Segment's settings",
		"write_key: K\nregion: EU1":       "region must be one of us, eu1",
		"write_key: K\ntimeout: 0s":       "timeout must be longer than zero",
		"write_key: K\nproxy_url: ':key'": "proxy_url is not an address",
	} {
		_, err := parseSegment(config)
		assert.ErrorContains(t, err, text)
	}
}
