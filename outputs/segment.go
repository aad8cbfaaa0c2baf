package outputs

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

const (
	// sgoBatchCount is what analytics-go collects, too.
	sgoBatchCount  = 250
	sgoMaxInFlight = 10
	sgoInFlight    = "How many batches are sent in parallel, each of them one request at a time. Set it to 1 to keep the order of calls across batches."
)

func segmentSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Categories("Services").
		Summary(sgoSummary).
		Description(sgoDescription).
		Fields(fields.SegmentSource()...).
		Fields(deliveryFields("Segment", "calls", sgoMaxInFlight, sgoInFlight, sgoBatchCount)...).
		Fields(fields.SegmentConnection()...).
		LintRule(deliveryLint).
		Example(sgoExampleTitle, sgoExampleSummary, sgoExample)
}

func init() {
	service.MustRegisterBatchOutput("segment", segmentSpec(), newSegmentFromParsed)
}

type segmentOutput struct {
	sender segmentSender
}

func newSegmentFromParsed(conf *service.ParsedConfig, mgr *service.Resources) (out service.BatchOutput, policy service.BatchPolicy, maxInFlight int, err error) {
	source, err := fields.SegmentFromParsed(conf)
	if err != nil {
		return
	}
	delivery, err := deliveryFromParsed(conf, mgr)
	if err != nil {
		return
	}
	return &segmentOutput{segmentSender{
		source: source, http: source.NewTransport(delivery.maxInFlight),
		maxRetries: delivery.maxRetries, backoff: *delivery.backoff,
		access: rateLimitAccess(mgr, delivery.rateLimit), metrics: newSegmentMetrics(mgr.Metrics()),
		outage: newOutage(segmentName, mgr.Logger()),
	}}, delivery.policy, delivery.maxInFlight, nil
}

// Connect has nothing to do: a host that is down must not keep calls from the tier behind a fallback.
func (*segmentOutput) Connect(context.Context) error { return nil }

// ConnectionTest sends a batch without calls. That the key is right, no answer of Segment's can tell.
func (o *segmentOutput) ConnectionTest(ctx context.Context) service.ConnectionTestResults {
	if err := o.sender.probe(ctx); err != nil {
		return service.ConnectionTestFailed(err).AsList()
	}
	return service.ConnectionTestSucceeded().AsList()
}

// WriteBatch sends the calls of a batch and reports by index those that were not accepted.
func (o *segmentOutput) WriteBatch(ctx context.Context, batch service.MessageBatch) error {
	delivery := &segmentDelivery{failedMessages: failedMessages{component: segmentName, batch: batch}}
	for _, request := range segmentRequests(o.sender.read(batch, delivery)) {
		o.sender.deliver(ctx, delivery, request)
	}
	return delivery.err()
}

// Close gives idle connections back. Writes have ended when it is called, and each has waited for its outcome.
func (o *segmentOutput) Close(context.Context) error {
	o.sender.http.CloseIdleConnections()
	return nil
}
