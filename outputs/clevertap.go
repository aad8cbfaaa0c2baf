package outputs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

const (
	ctoFieldDryRun      = "dry_run"
	ctoFieldMaxInFlight = "max_in_flight"
	ctoFieldBatching    = "batching"
	ctoFieldMaxRetries  = "max_retries"
	ctoFieldBackoff     = "backoff"
	ctoFieldRateLimit   = "rate_limit"

	ctoMaxInFlight = 10
	ctoMaxRetries  = 8
)

// ctoLint holds the rules that span fields, and those for fields that the engine defines and does not check.
var ctoLint = `root = [
  if this.batching.count.or(0) > 1 && this.batching.period.or("") == "" {
    "batching.count without batching.period: the last messages would wait for ever"
  },
  ` + ctoDurationLint(ctoFieldBatching, "period") + `,
  ` + ctoDurationLint(ctoFieldBackoff, "initial_interval") + `,
  ` + ctoDurationLint(ctoFieldBackoff, "max_interval") + `,
]`

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
			service.NewOutputMaxInFlightField().Default(ctoMaxInFlight).
				Description("How many batches are sent in parallel, each of them one request at a time. CleverTap allows 15 parallel uploads per account and answers more with 429, so leave room for other senders. Set it to 1 to keep the order of records across batches."),
			service.NewBatchPolicyField(ctoFieldBatching).
				Description("How messages are collected before they are sent. Whatever the size of a batch, a request never holds more than CleverTap takes.").
				Default(map[string]any{
					"count": clevertap.MaxUploadRecords, "byte_size": 0, "period": "1s", "check": "", "processors": []any{},
				}),
			service.NewIntField(ctoFieldMaxRetries).
				Description("How often a request is sent again after its first attempt, before its records fail.").
				Default(ctoMaxRetries).
				LintRule(`root = if this < 0 { ["max_retries must not be negative"] }`).
				Advanced(),
			service.NewBackOffField(ctoFieldBackoff, true, ctoBackoff()).
				Description("How long to wait before each retry: twice as long each time, with jitter. Where CleverTap asks for more (`Retry-After`), up to a minute is granted.").
				Advanced(),
			service.NewStringField(ctoFieldRateLimit).
				Description("The label of a `rate_limit` resource that every request waits for, retries included.").
				Default("").
				Advanced(),
		).
		Fields(fields.CleverTapConnection()...).
		LintRule(ctoLint).
		Example(ctoExampleTitle, ctoExampleSummary, ctoExample)
}

func init() {
	service.MustRegisterBatchOutput("clevertap", clevertapSpec(), newClevertapFromParsed)
}

// clevertapConfig is what the fields hold.
type clevertapConfig struct {
	account     fields.CleverTapConfig
	dryRun      bool
	maxInFlight int
	maxRetries  int
	backoff     *backoff.ExponentialBackOff
	rateLimit   string
}

type clevertapOutput struct {
	client *clevertap.Client
	tester *clevertap.Client
	sender clevertapSender
}

func newClevertapFromParsed(conf *service.ParsedConfig, mgr *service.Resources) (out service.BatchOutput, policy service.BatchPolicy, maxInFlight int, err error) {
	if policy, err = conf.FieldBatchPolicy(ctoFieldBatching); err != nil {
		return
	}
	c, err := clevertapConfigFromParsed(conf)
	if err != nil {
		return
	}
	if c.rateLimit != "" && !mgr.HasRateLimit(c.rateLimit) {
		err = fmt.Errorf("the rate limit resource %q is not defined", c.rateLimit)
		return
	}
	out, err = newClevertapOutput(c, clevertapAccess(mgr, c.rateLimit), newClevertapMetrics(mgr.Metrics()))
	return out, policy, c.maxInFlight, err
}

func clevertapConfigFromParsed(conf *service.ParsedConfig) (c clevertapConfig, err error) {
	if c.account, err = fields.CleverTapFromParsed(conf); err != nil {
		return
	}
	if c.dryRun, err = conf.FieldBool(ctoFieldDryRun); err != nil {
		return
	}
	if c.maxInFlight, err = conf.FieldMaxInFlight(); err != nil {
		return
	}
	if c.maxRetries, err = conf.FieldInt(ctoFieldMaxRetries); err != nil {
		return
	}
	if c.backoff, err = conf.FieldBackOff(ctoFieldBackoff); err != nil {
		return
	}
	c.backoff.Multiplier = ctoBackoff().Multiplier
	c.rateLimit, err = conf.FieldString(ctoFieldRateLimit)
	return
}

func newClevertapOutput(c clevertapConfig, access func(context.Context) error, metrics clevertapMetrics) (*clevertapOutput, error) {
	config := clevertap.Config{
		AccountID: c.account.AccountID, Passcode: c.account.Passcode, BaseURL: c.account.BaseURL,
		HTTPClient: c.account.NewHTTPClient(c.maxInFlight), Timeout: c.account.Timeout, DryRun: c.dryRun,
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
		client: client, dryRun: c.dryRun, maxRetries: c.maxRetries, backoff: *c.backoff,
		access: access, metrics: metrics, deleting: make(chan struct{}, 1),
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

// WriteBatch sends the records of a batch, request by request, and reports by index those that were not accepted.
func (o *clevertapOutput) WriteBatch(ctx context.Context, batch service.MessageBatch) error {
	delivery := newClevertapDelivery(batch)
	for _, request := range clevertapSchedule(clevertapItems(batch, delivery)) {
		o.sender.deliver(ctx, delivery, request)
	}
	return delivery.err()
}

// Close gives idle connections back. Writes have ended when it is called.
func (o *clevertapOutput) Close(context.Context) error {
	o.client.Close()
	return nil
}

// clevertapItems reads the records of a batch; what is none fails by itself.
func clevertapItems(batch service.MessageBatch, d *clevertapDelivery) []clevertapItem {
	items := make([]clevertapItem, 0, len(batch))
	for i, message := range batch {
		if cause := message.GetError(); cause != nil {
			d.refuse(i, cause)
			continue
		}
		raw, err := message.AsBytes()
		if err != nil {
			d.reject(i, newFailure(clevertap.ReasonInvalidRecord, "not valid JSON"))
			continue
		}
		record, err := clevertap.Inspect(raw)
		if err != nil {
			d.reject(i, failureFrom(err))
			continue
		}
		items = append(items, clevertapItem{i, record})
	}
	return items
}

// clevertapAccess waits for the rate limit as the engine's own HTTP client does: a limiter that fails costs a second.
func clevertapAccess(mgr *service.Resources, label string) func(context.Context) error {
	if label == "" {
		return func(ctx context.Context) error { return ctx.Err() }
	}
	return func(ctx context.Context) error {
		for {
			var wait time.Duration
			var failed error
			err := mgr.AccessRateLimit(ctx, label, func(r service.RateLimit) { wait, failed = r.Access(ctx) })
			if errors.Join(err, failed) != nil {
				wait = time.Second
			} else if wait <= 0 {
				return ctx.Err()
			}
			if err := sleep(ctx, wait); err != nil {
				return err
			}
		}
	}
}

func ctoBackoff() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(200*time.Millisecond),
		backoff.WithMaxInterval(10*time.Second),
		backoff.WithMultiplier(2),
		backoff.WithMaxElapsedTime(2*time.Minute),
	)
}

func ctoDurationLint(object, field string) string {
	return fields.DurationLint("this."+object+"."+field+`.or("")`, object+"."+field)
}
