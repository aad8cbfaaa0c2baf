package inputs

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/valyala/fasthttp"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

const (
	cwhMetaSource    = "clevertap_source"
	cwhMetaDay       = "clevertap_day"
	cwhMetaAccountID = "clevertap_account_id"
	cwhMetaTargetID  = "clevertap_target_id"

	cwhSource = "webhook"

	// webhookGrowth bounds how much larger the messages of a call may be than the largest body: each repeats the call.
	webhookGrowth = 8
	// webhookMessageBytes is about what a message takes in memory besides its content.
	webhookMessageBytes = 1024
)

// webhookHandler is the HTTP side of the input.
type webhookHandler struct {
	config clevertapWebhookConfig
	now    func() time.Time

	handover  *handover
	allowance *allowance

	requests, profiles *service.MetricCounter
}

func newWebhookHandler(c clevertapWebhookConfig, metrics *service.Metrics, now func() time.Time) *webhookHandler {
	return &webhookHandler{
		config: c, now: now, handover: newHandover(c.maxRequests),
		allowance: newAllowance(c.maxInFlightBytes, (1+webhookGrowth)*c.maxBodyBytes+clevertap.MaxWebhookProfiles*webhookMessageBytes),
		requests:  metrics.NewCounter("clevertap_webhook_requests_total", "code"),
		profiles:  metrics.NewCounter("clevertap_webhook_profiles_total"),
	}
}

// serveHTTP answers one call.
func (h *webhookHandler) serveHTTP(x *exchange) {
	answer := h.answer(x)
	h.requests.Incr(1, strconv.Itoa(answer.status))
	switch answer.status {
	case http.StatusUnauthorized:
		x.set("WWW-Authenticate", h.config.auth.challenge)
	case http.StatusMethodNotAllowed:
		x.set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		x.set("Retry-After", "1")
	}
	if answer == answerStopping {
		x.hangUp()
	}
	x.answer(answer.status, answer.body+"\n")
}

func (h *webhookHandler) answer(x *exchange) *webhookAnswer {
	// CleverTap's own three seconds begin with the request.
	until := newPatience(h.config.timeout)
	defer until.timer.Stop()
	switch {
	case x.path != h.config.path:
		return answerPath
	case x.method() != http.MethodPost:
		return answerMethod
	case !h.knows(&x.ctx.Request.Header):
		return answerAuth
	case closed(h.handover.draining):
		return answerStopping
	}
	held := &share{of: h.allowance}
	defer held.end()
	body, refusal := h.read(x, held)
	if refusal != nil {
		return refusal
	}
	if !h.handover.enter() {
		return answerOverload
	}
	defer h.handover.leave()
	return h.take(until, body, held)
}

func (h *webhookHandler) knows(head *fasthttp.RequestHeader) bool {
	return h.config.auth.open() || h.config.auth.allows(head)
}

func (h *webhookHandler) read(x *exchange, held *share) ([]byte, *webhookAnswer) {
	if packing := x.header("Content-Encoding"); packing != "" && packing != "identity" {
		return nil, answerPacked
	}
	body, err := readWithin(x.body(h.config.maxBodyBytes), h.config.maxBodyBytes, x.announced(), held)
	switch {
	case err == nil:
		return body, nil
	case isTooLarge(err):
		return nil, answerTooLarge
	case errors.Is(err, errNoRoom):
		return nil, answerOverload
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, answerTimeout
	}
	return nil, answerUnreadable
}

// take reads a body and delivers what is in it.
func (h *webhookHandler) take(until patience, body []byte, held *share) *webhookAnswer {
	parts, err := clevertap.SplitWebhook(body, func(bytes int64) error {
		switch {
		case bytes > webhookGrowth*int64(h.config.maxBodyBytes):
			return errTooLarge
		case !held.take(int(bytes)):
			return errNoRoom
		}
		return nil
	})
	switch {
	case errors.Is(err, clevertap.ErrWebhookTooLarge), errors.Is(err, errTooLarge):
		return answerTooLarge
	case errors.Is(err, errNoRoom):
		return answerOverload
	case errors.Is(err, clevertap.ErrWebhookProfiles):
		return answerProfiles
	case err != nil:
		return answerInvalidJSON
	case parts.Test:
		return answerTest
	case len(parts.Bodies) == 0:
		return answerEmpty
	case !held.take(len(parts.Bodies) * webhookMessageBytes):
		return answerOverload
	}
	held.passOn()
	outcome := h.handover.deliver(until, []*parcel{newParcel(h.messages(parts), func(context.Context, error) { held.give() })})
	if outcome == delivered {
		h.profiles.Incr(int64(len(parts.Bodies)))
	}
	return webhookAnswers[outcome]
}

func (h *webhookHandler) messages(parts clevertap.Webhook) service.MessageBatch {
	day := h.now().UTC().Format(time.DateOnly)
	batch := make(service.MessageBatch, len(parts.Bodies))
	for i, body := range parts.Bodies {
		msg := service.NewMessage(body)
		msg.MetaSetMut(cwhMetaSource, cwhSource)
		msg.MetaSetMut(cwhMetaDay, day)
		if parts.TargetID != "" {
			msg.MetaSetMut(cwhMetaTargetID, parts.TargetID)
		}
		if h.config.accountID != "" {
			msg.MetaSetMut(cwhMetaAccountID, h.config.accountID)
		}
		batch[i] = msg
	}
	return batch
}
