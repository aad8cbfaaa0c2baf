package inputs

import (
	"context"
	"fmt"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
	"github.com/clevertap-segment/clevertap-segment/plugins/identitycache"
)

const (
	shFieldPathPrefix     = "path_prefix"
	shFieldWriteKeys      = "write_keys"
	shFieldAllowedOrigins = "allowed_origins"
	shFieldWebhookPath    = "webhook_path"
	shFieldWebhookSecret  = "webhook_secret"
	shFieldArraySignature = "webhook_array_signature"
	shFieldIdentity       = "identity_secret"
	shFieldPublicDeletes  = "allow_public_deletes"
	shFieldIntegration    = "integration"
	shFieldCorrectClock   = "correct_clock_skew"
	shFieldDedupeCache    = "dedupe_cache"
	shFieldDedupeTTL      = "dedupe_ttl"
	shFieldRateLimit      = "rate_limit"
	shFieldTracking       = "tracking_api"
	shFieldValidate       = "validate"
)

var shDefaults = httpDefaults{
	address:         "127.0.0.1:4196",
	timeout:         "4s",
	timeoutMeaning:  "How long a caller waits for the acknowledgement before it is told to come again. Segment's webhooks wait for five seconds, its SDKs for eight and more. The output's batching period and its retries must fit into it.",
	maxBodyBytes:    512 << 10,
	bodyMeaning:     "The largest body, after it was unpacked. A call of more than 32 KB is refused by itself, with what it takes over from its envelope.",
	maxRequests:     2000,
	requestsMeaning: "How many requests may wait for their acknowledgement at once. Any other is told right away to come again.",
}

// minIdentitySecret is the length below which a secret is likely to be guessed: anybody can try one against a hash of
// their own.
const minIdentitySecret = 32

const (
	signatureEither = "either"
	signatureWhole  = "whole"
)

var arraySignatures = []fields.Option{
	{Word: signatureEither, Meaning: "The whole array, or its first call alone, as Segment's webhooks sign at present. The other calls are then not authenticated: they have the trust of a public write key, and a `delete` among them is rejected."},
	{Word: signatureWhole, Meaning: "The whole array only."},
}

func segmentHTTPSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Version("0.2.0").
		Categories("Network", "Services", "Segment").
		Summary("Receives calls from Segment's SDKs and webhooks as Segment itself would, and answers when they have been delivered.").
		Description(shDescription).
		Field(httpAddressField(shDefaults)).
		Fields(trackingFields()...).
		Fields(segmentWebhookFields()...).
		Fields(dedupeFields()...).
		Field(rateLimitField()).
		Fields(httpLimitFields(shDefaults)...).
		Example(shExampleTitle, shExampleSummary, shExample)
}

func trackingFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewBoolField(shFieldTracking).
			Description("Serve the routes of the Tracking API. Without them only the webhook's path is left.").
			Default(true).
			Advanced(),
		service.NewStringField(shFieldPathPrefix).
			Description("What the routes of the Tracking API begin with: `/v1/track`, `/v1/batch` and so on.").
			Default("/v1").
			LintRule(`root = if this != "" && !this.string().has_prefix("/") { ["path_prefix must begin with /"] }`),
		service.NewStringListField(shFieldWriteKeys).
			Description("The write keys that are taken. They are not secret: they stand in every app and page. Without any, every key is taken and a call without a key, too, and a warning says so at the start.").
			Example([]string{"${SEGMENT_WRITE_KEY}"}).
			Default([]string{}).
			Secret(),
		service.NewStringField(shFieldIdentity).
			Description("A secret that your own server shares with this input, to prove who has signed in. A call whose `context.userHash` is the HMAC-SHA-256 of its `userId` with this secret, in hex, has the trust `verified`: `printf %s USER_ID | openssl dgst -sha256 -hmac SECRET`. A call without a hash stays `tracking`. A call with a wrong one is rejected (`identity_hash_invalid`), as is one that has a hash and no `userId`, so drop the hash when the user signs out. With `public_calls: limited` on `segment_to_clevertap`, identify and alias calls need it. The hash is never passed on. Use a random secret of 32 characters or more, and keep it out of apps and pages. A new secret makes all hashes invalid at once. If empty, nobody is verified.").
			Example("${IDENTITY_SECRET}").
			Default("").
			Secret(),
		service.NewStringListField(shFieldAllowedOrigins).
			Description("The origins of pages that may call, such as `https://shop.example.com`, `https://*.example.com`, or `*` for all. Write an origin as browsers send it: with the port unless it is the default of its scheme, and without a slash at the end. `https://*.example.com` allows every name below example.com, at any depth, with the same scheme and port, but not example.com itself; `*` cannot replace anything else. Calls from other pages are refused. A page needs no entry if it comes from the host that it calls, over HTTPS or at an IP address or `localhost`. If the list is empty, origins are not checked and there are no CORS headers: browsers then keep the answers from pages of other origins, and send only calls that need no preflight.").
			Example([]string{"https://shop.example.com"}).
			Default([]string{}).
			LintRule(originLint()),
		service.NewStringField(shFieldIntegration).
			Description("The name under which calls may turn this destination off in their `integrations` object. Such calls are answered with a success and dropped, but for those of the webhook, which Segment has filtered already. Empty: nothing is dropped.").
			Default("CleverTap"),
		service.NewBoolField(shFieldValidate).
			Description("Reject calls that are not valid, and say so in the response. If false, they are passed on as they are, and the processor that maps them reports the reason, so that they end in the dead letter. Some calls are rejected in any case: those that are too large, those that are not objects, those with a member `batch`, those with a wrong `context.userHash`, and deletes from senders who may not delete.").
			Default(true),
		service.NewBoolField(shFieldPublicDeletes).
			Description("Accept deletes, by type and by `delete_event`, from anybody who has a write key. Write keys are public: with this, anybody can delete any person from CleverTap. Only for servers that no stranger can reach.").
			Default(false).
			Advanced(),
		service.NewBoolField(shFieldCorrectClock).
			Description("Correct `timestamp` by the difference between the sender's clock and this machine's, as Segment does. Not done for webhooks, where Segment has done it.").
			Default(true).
			Advanced(),
	}
}

func segmentWebhookFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(shFieldWebhookPath).
			Description("The path that Segment's webhook destinations call.").
			Default("/webhook").
			LintRule(`root = if !this.string().has_prefix("/") { ["webhook_path must begin with /"] }`),
		service.NewStringField(shFieldWebhookSecret).
			Description("The secret that the webhook destination signs with. Without it the path is answered 404.").
			Example("${SEGMENT_WEBHOOK_SECRET}").
			Default("").
			Secret(),
		fields.Enum(shFieldArraySignature, arraySignatures).
			Description("What the signature of an array of calls must cover.").
			Default(signatureEither).
			Advanced(),
	}
}

func dedupeFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(shFieldDedupeCache).
			Description("A cache resource that remembers the message ids of delivered calls. A call whose id is known is answered with a success and not delivered again, and so is a delete without an id whose whole content is known; one whose id is in flight waits for the outcome. While the cache fails or hangs, calls are delivered without it: a request waits for its look-ups for at most an eighth of `timeout` and at most 500ms, and for its writes after the delivery for as long again. The input then stops asking the cache for a few seconds at a time, and logs a warning.").
			Default(""),
		fields.Duration(shFieldDedupeTTL, "24h").
			Description("How long ids are remembered, where the cache knows of time.").
			Advanced(),
	}
}

func rateLimitField() *service.ConfigField {
	return service.NewIntField(shFieldRateLimit).
		Description("How many calls per second each write key may send, with bursts of one second. Further requests are answered 429, and SDKs retry them. A request with more calls than the limit is accepted once the key has been idle for a second; later requests with that key are then refused until the limit has caught up, for five seconds at most. This bounds what a flood can cost CleverTap and your disk. A write key is public, so a flood with a key also delays its honest senders. If `write_keys` is empty, all keys share one limit. Webhooks have no limit. 0 means no limit.").
		Default(0).
		LintRule(`root = if this < 0 { ["rate_limit must not be negative; 0 means no limit"] }`).
		Advanced()
}

func init() {
	service.MustRegisterBatchInput("segment_http", segmentHTTPSpec(),
		func(conf *service.ParsedConfig, mgr *service.Resources) (service.BatchInput, error) {
			c, err := segmentHTTPConfigFromParsed(conf)
			if err != nil {
				return nil, err
			}
			if c.dedupeCache != "" && !mgr.HasCache(c.dedupeCache) {
				return nil, fmt.Errorf("%s: there is no cache resource %q", shFieldDedupeCache, c.dedupeCache)
			}
			access := func(ctx context.Context, use func(service.Cache)) error {
				return mgr.AccessCache(ctx, c.dedupeCache, use)
			}
			shared, _ := mgr.GetGeneric(identitycache.ExaminedKey{})
			examined, _ := shared.(*identitycache.Examined) // nil unless `run` has examined the configuration
			c.dedupeInMemory = examined.InMemory(c.dedupeCache)
			return newSegmentHTTP(c, access, mgr.Logger(), mgr.Metrics()), nil
		})
}

type segmentHTTP struct {
	*httpServer
	handler *segmentHTTPHandler
}

func newSegmentHTTP(c segmentHTTPConfig, cache accessCache, log *service.Logger, metrics *service.Metrics) *segmentHTTP {
	if len(c.writeKeys) == 0 && !c.webhookOnly {
		log.Warn("segment_http takes calls with any write key: set write_keys")
	}
	if c.publicDeletes && !c.webhookOnly {
		log.Warn("segment_http: allow_public_deletes is on: anybody with a write key can delete any person")
	}
	if len(c.webhookSecret) > 0 && !c.wholeSignature {
		log.Warn("segment_http: webhook_array_signature is either: of an array that is signed in its first call alone, the other calls " +
			"are not authenticated, and can do what a public write key can; set whole if your destination signs whole arrays")
	}
	if n := len(c.identitySecret); n > 0 && n < minIdentitySecret {
		log.Warnf("segment_http: identity_secret has less than %d characters: use a random one, such as openssl rand -hex 32 prints", minIdentitySecret)
	}
	handler := newSegmentHTTPHandler(c, cache, log, metrics, time.Now)
	return &segmentHTTP{newHTTPServer(c.httpConfig, handler, handler.handover, log), handler}
}

// Close reports what was refused last, when nobody can be refused any more.
func (in *segmentHTTP) Close(ctx context.Context) error {
	err := in.httpServer.Close(ctx)
	in.handler.refusals.close()
	return err
}
