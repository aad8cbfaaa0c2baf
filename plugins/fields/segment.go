package fields

import (
	"fmt"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const (
	sgFieldWriteKey = "write_key"
	sgFieldRegion   = "region"
	sgFieldEndpoint = "endpoint"
)

const (
	sgLintRegion = `root = if this != "" && !["us", "eu1"].contains(this.string()) {
  ["region must be one of us, eu1"]
}`
	sgLintEndpoint = `root = if this != "" && !this.string().re_match("^https?://[^/?#@\\s]+(/[^?#@\\s]*)?$") {
  ["endpoint must be an http or https address without credentials, query and fragment, such as https://api.segment.io"]
}`
)

// SegmentSource returns the fields that say which source is meant and where its workspace lives. They come first.
func SegmentSource() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(sgFieldWriteKey).
			Description("The write key of the source (Segment: the source, Settings, API Keys). Segment answers a wrong key with a success and drops the calls: check in the source's debugger that they arrive.").
			Example("${SEGMENT_WRITE_KEY}").
			Secret(),
		service.NewStringEnumField(sgFieldRegion, segment.Regions()...).
			Description("The region of the workspace. A write key is good in one region; in the other one its calls are refused or lost. Not used when `endpoint` is set.").
			Default(segment.RegionUS).
			// In place of the engine's own rule, which takes any case.
			LintRule(sgLintRegion),
		service.NewStringField(sgFieldEndpoint).
			Description("The base address of the Tracking API, in place of `region`: for the sandbox or a proxy. A `/v1` at its end may be there or not.").
			Example("http://127.0.0.1:8095").
			Default("").
			LintRule(sgLintEndpoint),
	}
}

// SegmentConnection returns the fields that say how to talk to Segment. They come last.
func SegmentConnection() []*service.ConfigField { return connectionFields("15s") }

// SegmentConfig is what the fields of SegmentSource and SegmentConnection hold.
type SegmentConfig struct {
	// Endpoint is the address without /v1.
	WriteKey, Endpoint string
	Connection
}

// SegmentFromParsed reads the fields of SegmentSource and SegmentConnection.
func SegmentFromParsed(conf *service.ParsedConfig) (c SegmentConfig, err error) {
	if c.WriteKey, err = requiredString(conf, sgFieldWriteKey, "Segment"); err != nil {
		return
	}
	if c.Endpoint, err = segmentEndpoint(conf); err != nil {
		return
	}
	c.Connection, err = connectionFromParsed(conf)
	return
}

func segmentEndpoint(conf *service.ParsedConfig) (string, error) {
	endpoint, err := conf.FieldString(sgFieldEndpoint)
	if err != nil {
		return "", err
	}
	if endpoint != "" {
		return strings.TrimSuffix(strings.TrimRight(endpoint, "/"), "/v1"), nil
	}
	region, err := conf.FieldString(sgFieldRegion)
	if err != nil {
		return "", err
	}
	endpoint, known := segment.RegionURL(region)
	if !known {
		return "", fmt.Errorf("%s must be one of %s", sgFieldRegion, strings.Join(segment.Regions(), ", "))
	}
	return endpoint, nil
}
