package inputs

import (
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSegmentHTTPDefaults(t *testing.T) {
	in, err := parseSegmentHTTP(t, "{}", nil)
	require.NoError(t, err)
	c := in.handler.config
	assert.Equal(t, []any{"127.0.0.1:4196", "/v1", "/webhook", 4 * time.Second, 524288, 24 * time.Hour, true, false},
		[]any{c.address, c.prefix, c.webhookPath, c.timeout, c.maxBodyBytes, c.dedupeTTL, c.correctClock, c.wholeSignature})
	assert.Equal(t, []string{"CleverTap", "CleverTap (Actions)"}, c.integrations)
	assert.Empty(t, c.writeKeys)
	assert.Empty(t, c.webhookSecret)
	assert.Nil(t, in.handler.cors)
	assert.Nil(t, in.handler.dedupe)
}

func TestSegmentHTTPRefusesConfigs(t *testing.T) {
	for config, want := range map[string]string{
		"write_keys: [KEY, '']":                       "write_keys: entry 1 is empty",
		"allowed_origins: ['']":                       "allowed_origins: entry 0 must be scheme://host or scheme://host:port, without a path",
		"allowed_origins: ['http://localhost:8080/']": "allowed_origins: entry 0 must be scheme://host or scheme://host:port, without a path",
		"allowed_origins: ['localhost:8080']":         "allowed_origins: entry 0 must be scheme://host or scheme://host:port, without a path",
		"tracking_api: false":                         "tracking_api is false and webhook_secret is empty: there is nothing to serve",
		"path_prefix: v1":                             "path_prefix must begin with /",
		"webhook_path: hook":                          "webhook_path must begin with /",
		"webhook_path: /v1/batch":                     "webhook_path is a route of the Tracking API: choose another",
		"timeout: 0s":                                 "timeout must be longer than zero",
		"max_body_bytes: 0":                           "max_body_bytes must be at least 1",
		"max_in_flight_requests: 0":                   "max_in_flight_requests must be at least 1",
		"max_in_flight_bytes: 0":                      "max_in_flight_bytes must be at least 1",
		"max_connections: 0":                          "max_connections must be at least 1",
		"webhook_array_signature: none":               "webhook_array_signature must be one of either, whole",
		"tls: { cert_file: a.pem }":                   "tls.cert_file and tls.key_file go together: one of them is empty",
	} {
		t.Run(config, func(t *testing.T) {
			_, err := parseSegmentHTTP(t, config, nil)
			assert.EqualError(t, err, want)
		})
	}
}

func TestSegmentHTTPNeedsTheCacheItNames(t *testing.T) {
	builder := service.NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	require.NoError(t, builder.AddInputYAML("segment_http: { dedupe_cache: ids, address: '127.0.0.1:0' }"))
	require.NoError(t, builder.AddOutputYAML("drop: {}"))
	stream, err := builder.Build()
	if err == nil {
		err = stream.Run(t.Context())
	}
	assert.ErrorContains(t, err, `dedupe_cache: there is no cache resource "ids"`)
}
