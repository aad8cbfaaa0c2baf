package outputs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

const (
	outFieldBatching   = "batching"
	outFieldMaxRetries = "max_retries"
	outFieldBackoff    = "backoff"
	outFieldRateLimit  = "rate_limit"

	outMaxRetries = 8
)

// deliveryLint holds the rules that span fields, and those for fields that the engine defines and does not check.
var deliveryLint = `root = [
  if this.batching.count.or(0) > 1 && this.batching.period.or("") == "" {
    "batching.count without batching.period: the last messages would wait for ever"
  },
  ` + memberDurationLint(outFieldBatching, "period") + `,
  ` + memberDurationLint(outFieldBackoff, "initial_interval") + `,
  ` + memberDurationLint(outFieldBackoff, "max_interval") + `,
  if this.backoff.max_elapsed_time.or("0s") != "0s" { ` + memberDurationLint(outFieldBackoff, "max_elapsed_time") + ` },
]`

func memberDurationLint(object, field string) string {
	return fields.DurationLint("this."+object+"."+field+`.or("")`, object+"."+field)
}

// deliveryFields say how messages are collected and requests repeated. What is one message to the service has a plural
// of its own.
func deliveryFields(name, plural string, maxInFlight int, inFlight string, batchCount int) []*service.ConfigField {
	return []*service.ConfigField{
		service.NewOutputMaxInFlightField().Default(maxInFlight).Description(inFlight).
			LintRule(`root = if this.number().catch(0) < 1 { ["max_in_flight must be a number of at least 1"] }`),
		service.NewBatchPolicyField(outFieldBatching).
			Description(fmt.Sprintf("How messages are collected before they are sent. Whatever the size of a batch, a request never holds more than %s takes.", name)).
			Default(map[string]any{
				"count": batchCount, "byte_size": 0, "period": "1s", "check": "", "processors": []any{},
			}),
		service.NewIntField(outFieldMaxRetries).
			Description(fmt.Sprintf("How often a request is sent again after its first attempt, before its %s fail.", plural)).
			Default(outMaxRetries).
			LintRule(`root = if this < 0 { ["max_retries must not be negative"] }`).
			Advanced(),
		service.NewBackOffField(outFieldBackoff, true, defaultBackoff()).
			Description(fmt.Sprintf("How long to wait before each retry: twice as long each time, with jitter. Where %s asks for more (`Retry-After`), up to a minute is granted.", name)).
			Advanced(),
		service.NewStringField(outFieldRateLimit).
			Description("The label of a `rate_limit` resource that every request waits for, retries included.").
			Default("").
			Advanced(),
	}
}

func defaultBackoff() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(200*time.Millisecond),
		backoff.WithMaxInterval(10*time.Second),
		backoff.WithMultiplier(2),
		backoff.WithMaxElapsedTime(2*time.Minute),
	)
}

// deliveryConfig is what the fields of deliveryFields hold.
type deliveryConfig struct {
	policy      service.BatchPolicy
	maxInFlight int
	maxRetries  int
	backoff     *backoff.ExponentialBackOff
	rateLimit   string
}

func deliveryFromParsed(conf *service.ParsedConfig, mgr *service.Resources) (c deliveryConfig, err error) {
	if c.policy, err = conf.FieldBatchPolicy(outFieldBatching); err != nil {
		return
	}
	if c.maxInFlight, err = conf.FieldMaxInFlight(); err != nil {
		return
	}
	if c.maxRetries, err = conf.FieldInt(outFieldMaxRetries); err != nil {
		return
	}
	if c.backoff, err = conf.FieldBackOff(outFieldBackoff); err != nil {
		return
	}
	c.backoff.Multiplier = defaultBackoff().Multiplier
	if c.rateLimit, err = conf.FieldString(outFieldRateLimit); err != nil {
		return
	}
	if c.rateLimit != "" && !mgr.HasRateLimit(c.rateLimit) {
		err = fmt.Errorf("the rate limit resource %q is not defined", c.rateLimit)
	}
	return
}

// rateLimitAccess waits for the rate limit as the engine's own HTTP client does: a limiter that fails costs a second.
func rateLimitAccess(mgr *service.Resources, label string) func(context.Context) error {
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
