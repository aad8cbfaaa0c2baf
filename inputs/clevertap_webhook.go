package inputs

import (
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	cwhFieldPath        = "path"
	cwhFieldUsername    = "username"
	cwhFieldPassword    = "password"
	cwhFieldHeaderName  = "header_name"
	cwhFieldHeaderValue = "header_value"
	cwhFieldAccountID   = "account_id"

	cwhBothAuths = "choose username and password, or header_name and header_value: CleverTap sends one of them"
)

var cwhDefaults = httpDefaults{
	address:         "127.0.0.1:4197",
	timeout:         "2.5s",
	timeoutMeaning:  "How long a caller waits for the acknowledgement before it is answered 504. CleverTap itself may wait only three seconds. The output's batching period and its retries must fit into it.",
	maxBodyBytes:    4 << 20,
	bodyMeaning:     "The largest body.",
	maxRequests:     100,
	requestsMeaning: "How many calls may wait for their acknowledgement at once. Any other is answered 503 right away, and CleverTap tries it again.",
}

func clevertapWebhookSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Version("0.1.0").
		Categories("Network", "Services").
		Summary("Receives the webhooks of CleverTap's campaigns and journeys, and answers when they have been delivered.").
		Description(cwhDescription).
		Fields(webhookServerFields()...).
		Fields(httpLimitFields(cwhDefaults)...).
		LintRule(`root = if this.username.or("") != "" && this.header_name.or("") != "" { ["`+cwhBothAuths+`"] }`).
		Example(cwhExampleTitle, cwhExampleSummary, cwhExample)
}

func webhookServerFields() []*service.ConfigField {
	return []*service.ConfigField{
		httpAddressField(cwhDefaults),
		service.NewStringField(cwhFieldPath).
			Description("The path that CleverTap calls; every other one is answered 404.").
			Default("/clevertap").
			LintRule(`root = if this != "" && !this.string().has_prefix("/") { ["path must begin with /"] }`),
		service.NewStringField(cwhFieldUsername).
			Description("The user name for Basic authentication. Without it and without `header_name` everybody who reaches the address can write, and a warning says so at the start.").
			Default(""),
		service.NewStringField(cwhFieldPassword).
			Description("The password for Basic authentication.").
			Default("").
			Secret(),
		service.NewStringField(cwhFieldHeaderName).
			Description("The name of a header that holds a secret, in place of Basic authentication.").
			Example("X-Webhook-Secret").
			Default("").
			LintRule("root = if this != \"\" && !this.string().re_match(\"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$\") { [\"header_name must be the name of a header\"] }"),
		service.NewStringField(cwhFieldHeaderValue).
			Description("The secret in that header.").
			Default("").
			Secret(),
		service.NewStringField(cwhFieldAccountID).
			Description("The account that calls, for the metadata `clevertap_account_id`. Set it when several accounts feed one Segment source.").
			Default(""),
	}
}

func init() {
	service.MustRegisterBatchInput("clevertap_webhook", clevertapWebhookSpec(),
		func(conf *service.ParsedConfig, mgr *service.Resources) (service.BatchInput, error) {
			c, err := clevertapWebhookConfigFromParsed(conf)
			if err != nil {
				return nil, err
			}
			return newClevertapWebhook(c, mgr.Logger(), mgr.Metrics()), nil
		})
}

type clevertapWebhook struct {
	*httpServer
	handler *webhookHandler
}

func newClevertapWebhook(c clevertapWebhookConfig, log *service.Logger, metrics *service.Metrics) *clevertapWebhook {
	if c.auth.open() {
		log.Warn("clevertap_webhook takes calls from everybody: set username and password, or header_name and header_value")
	}
	handler := newWebhookHandler(c, metrics, time.Now)
	return &clevertapWebhook{newHTTPServer(c.httpConfig, handler, handler.handover, log), handler}
}
