package outputs

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

const (
	ctoFieldDryRun = "dry_run"

	ctoMaxInFlight = 10
	ctoInFlight    = "How many batches are sent in parallel, each of them one request at a time. CleverTap allows 15 parallel uploads per account and answers more with 429, so leave room for other senders. The order of one person's records does not depend on it."
)

func clevertapSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Categories("Services").
		Summary(ctoSummary).
		Description(ctoDescription).
		Fields(fields.CleverTapAccount()...).
		Fields(
			service.NewBoolField(ctoFieldDryRun).
				Description("Lets CleverTap check uploads without storing them. Deletes are not sent at all then; they count as delivered.").
				Default(false),
		).
		Fields(deliveryFields("CleverTap", "records", ctoMaxInFlight, ctoInFlight, clevertap.MaxUploadRecords)...).
		Fields(fields.CleverTapConnection()...).
		LintRule(deliveryLint).
		Example(ctoExampleTitle, ctoExampleSummary, ctoExample)
}

func init() {
	service.MustRegisterBatchOutput("clevertap", clevertapSpec(), newClevertapFromParsed)
}

// clevertapConfig is what the fields hold.
type clevertapConfig struct {
	account  fields.CleverTapConfig
	delivery deliveryConfig
	dryRun   bool
}

type clevertapOutput struct {
	client *clevertap.Client
	tester *clevertap.Client
	sender clevertapSender
}

func newClevertapFromParsed(conf *service.ParsedConfig, mgr *service.Resources) (out service.BatchOutput, policy service.BatchPolicy, maxInFlight int, err error) {
	c, err := clevertapConfigFromParsed(conf, mgr)
	if err != nil {
		return
	}
	out, err = newClevertapOutput(c, rateLimitAccess(mgr, c.delivery.rateLimit), newClevertapMetrics(mgr.Metrics()), newOutage(clevertapName, mgr.Logger()))
	return out, c.delivery.policy, c.delivery.maxInFlight, err
}

func clevertapConfigFromParsed(conf *service.ParsedConfig, mgr *service.Resources) (c clevertapConfig, err error) {
	if c.account, err = fields.CleverTapFromParsed(conf); err != nil {
		return
	}
	if c.dryRun, err = conf.FieldBool(ctoFieldDryRun); err != nil {
		return
	}
	if c.delivery, err = deliveryFromParsed(conf, mgr); err != nil {
		return
	}
	c.delivery.policy, err = sequencedPolicy(conf)
	return
}

func newClevertapOutput(
	c clevertapConfig, access func(context.Context) error, metrics clevertapMetrics, outage *outage,
) (*clevertapOutput, error) {
	config := clevertap.Config{
		AccountID: c.account.AccountID, Passcode: c.account.Passcode, BaseURL: c.account.BaseURL,
		HTTPClient: c.account.NewHTTPClient(c.delivery.maxInFlight), Timeout: c.account.Timeout, DryRun: c.dryRun,
	}
	client, err := clevertap.NewClient(config)
	if err != nil {
		return nil, err
	}
	config.DryRun = true
	tester, err := clevertap.NewClient(config)
	if err != nil {
		return nil, err
	}
	return &clevertapOutput{client: client, tester: tester, sender: clevertapSender{
		client: client, dryRun: c.dryRun, maxRetries: c.delivery.maxRetries, backoff: *c.delivery.backoff,
		access: access, metrics: metrics, outage: outage, queue: newClevertapQueue(), deleting: make(chan struct{}, 1),
	}}, nil
}

// Connect has nothing to do: a host that is down must not keep records from the tier behind a fallback.
func (*clevertapOutput) Connect(context.Context) error { return nil }

// ConnectionTest lets CleverTap check one record without storing it.
func (o *clevertapOutput) ConnectionTest(ctx context.Context) service.ConnectionTestResults {
	record, err := clevertap.Inspect([]byte(`{"type":"event","identity":"clevertap-segment","evtName":"Connection Test","evtData":{}}`))
	if err == nil {
		// A refused record is a good answer, too: the credentials were taken.
		_, err = o.tester.Upload(ctx, []clevertap.Record{record})
	}
	if err != nil {
		return service.ConnectionTestFailed(failureFrom(err)).AsList()
	}
	return service.ConnectionTestSucceeded().AsList()
}

// WriteBatch sends the records of a batch, request by request, and reports by index those that were not accepted. It may
// be called in parallel; the order of the batches is kept for records that share an id.
func (o *clevertapOutput) WriteBatch(ctx context.Context, batch service.MessageBatch) error {
	queue := o.sender.queue
	turn, joined := queue.enter(ctx, sequenceOf(batch))
	delivery := newClevertapDelivery(batch)
	queue.join(turn, joined, delivery)
	for request := queue.next(ctx, delivery); request != nil; request = queue.next(ctx, delivery) {
		o.sender.deliver(ctx, request)
	}
	queue.returns(delivery)
	return delivery.err()
}

// Close gives idle connections back. Writes have ended when it is called.
func (o *clevertapOutput) Close(context.Context) error {
	o.client.Close()
	return nil
}
