package inputs

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

func clevertapProfilesSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Categories("Services").
		Summary(cprSummary).
		Description(cprDescription).
		Fields(fields.CleverTapAccount()...).
		Fields(exportFields("day")...).
		Fields(checkpointFields()...).
		Fields(fields.CleverTapConnection()...).
		LintRule(cxLintOrder).
		Example(cprExampleTitle, cprExampleSummary, cprExample)
}

func init() {
	service.MustRegisterBatchInput("clevertap_profiles", clevertapProfilesSpec(), func(conf *service.ParsedConfig, mgr *service.Resources) (service.BatchInput, error) {
		in, err := newClevertapProfilesFromParsed(conf, mgr)
		if err != nil {
			return nil, err
		}
		return service.AutoRetryNacksBatchedToggled(conf, in)
	})
}

// clevertapProfiles is the input clevertap_profiles.
type clevertapProfiles struct {
	reader *exportReader
}

func newClevertapProfilesFromParsed(conf *service.ParsedConfig, mgr *service.Resources) (*clevertapProfiles, error) {
	c, err := exportConfigFromParsed(conf, "clevertap_profiles")
	if err != nil {
		return nil, err
	}
	reader, err := newExportReader(c, true, mgr)
	if err != nil {
		return nil, err
	}
	return &clevertapProfiles{reader}, nil
}

// Connect makes sure that the cache answers.
func (i *clevertapProfiles) Connect(ctx context.Context) error { return i.reader.connect(ctx) }

// ConnectionTest asks CleverTap for the schema.
func (i *clevertapProfiles) ConnectionTest(ctx context.Context) service.ConnectionTestResults {
	return i.reader.test(ctx)
}

// ReadBatch returns the next page that holds new or changed profiles, and waits for it if need be.
func (i *clevertapProfiles) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	return i.reader.read(ctx)
}

// Close gives idle connections back. What was read and not acknowledged is read again after the next start.
func (i *clevertapProfiles) Close(context.Context) error { return i.reader.close() }
