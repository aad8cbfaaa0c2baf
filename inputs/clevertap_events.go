package inputs

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

func clevertapEventsSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Categories("Services").
		Summary(cevSummary).
		Description(cevDescription).
		Fields(fields.CleverTapAccount()...).
		Fields(exportFields("event")...).
		Fields(service.NewBoolField(cxFieldIncludeProfile).
			Description("Adds the person's custom attributes to each event, as they are now, not as they were at the time of the event. Ids, app and device are always there.").
			Default(false)).
		Fields(checkpointFields()...).
		Fields(fields.CleverTapConnection()...).
		LintRule(cxLintOrder).
		Example(cevExampleTitle, cevExampleSummary, cevExample)
}

func init() {
	service.MustRegisterBatchInput("clevertap_events", clevertapEventsSpec(), func(conf *service.ParsedConfig, mgr *service.Resources) (service.BatchInput, error) {
		in, err := newClevertapEventsFromParsed(conf, mgr)
		if err != nil {
			return nil, err
		}
		return service.AutoRetryNacksBatchedToggled(conf, in)
	})
}

// clevertapEvents is the input clevertap_events.
type clevertapEvents struct {
	reader *exportReader
}

func newClevertapEventsFromParsed(conf *service.ParsedConfig, mgr *service.Resources) (*clevertapEvents, error) {
	c, err := exportConfigFromParsed(conf, "clevertap_events")
	if err != nil {
		return nil, err
	}
	reader, err := newExportReader(c, false, mgr)
	if err != nil {
		return nil, err
	}
	return &clevertapEvents{reader}, nil
}

// Connect makes sure that the cache answers.
func (i *clevertapEvents) Connect(ctx context.Context) error { return i.reader.connect(ctx) }

// ConnectionTest asks CleverTap for the schema.
func (i *clevertapEvents) ConnectionTest(ctx context.Context) service.ConnectionTestResults {
	return i.reader.test(ctx)
}

// ReadBatch returns the next page that holds new events, and waits for it if need be.
func (i *clevertapEvents) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	return i.reader.read(ctx)
}

// Close gives idle connections back. What was read and not acknowledged is read again after the next start.
func (i *clevertapEvents) Close(context.Context) error { return i.reader.close() }
