package inputs

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

const (
	cwhMetaSource    = "clevertap_source"
	cwhMetaDay       = "clevertap_day"
	cwhMetaAccountID = "clevertap_account_id"
	cwhMetaTargetID  = "clevertap_target_id"

	cwhSource = "webhook"

	// webhookGrowth bounds how much larger the messages of a call may be than the largest body: each repeats the call.
	webhookGrowth = 16
)

// webhookHandler is the HTTP side of the input.
type webhookHandler struct {
	config clevertapWebhookConfig
	now    func() time.Time

	handover *handover

	requests, profiles *service.MetricCounter
}

func newWebhookHandler(c clevertapWebhookConfig, metrics *service.Metrics, now func() time.Time) *webhookHandler {
	return &webhookHandler{
		config: c, now: now, handover: newHandover(c.maxRequests),
		requests: metrics.NewCounter("clevertap_webhook_requests_total", "code"),
		profiles: metrics.NewCounter("clevertap_webhook_profiles_total"),
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
	until := newPatience(h.config.timeout)
	defer until.timer.Stop()
	switch {
	case x.path != h.config.path:
		return answerPath
	case x.method() != http.MethodPost:
		return answerMethod
	case !h.config.auth.open() && !h.config.auth.allows(x):
		return answerAuth
	case closed(h.handover.draining):
		return answerStopping
	}
	if !h.handover.enter() {
		return answerOverload
	}
	defer h.handover.leave()
	body, refusal := h.read(x)
	if refusal != nil {
		return refusal
	}
	return h.take(until, body)
}

func (h *webhookHandler) read(x *exchange) ([]byte, *webhookAnswer) {
	if packing := x.header("Content-Encoding"); packing != "" && packing != "identity" {
		return nil, answerPacked
	}
	body, err := io.ReadAll(x.body(h.config.maxBodyBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &tooLarge):
		return nil, answerTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, answerTimeout
	}
	return nil, answerUnreadable
}

// take reads a body and delivers what is in it.
func (h *webhookHandler) take(until patience, body []byte) *webhookAnswer {
	parts, err := clevertap.SplitWebhook(body, webhookGrowth*h.config.maxBodyBytes)
	switch {
	case errors.Is(err, clevertap.ErrWebhookTooLarge):
		return answerTooLarge
	case errors.Is(err, clevertap.ErrWebhookProfiles):
		return answerProfiles
	case err != nil:
		return answerInvalidJSON
	case parts.Test:
		return answerTest
	case len(parts.Bodies) == 0:
		return answerEmpty
	}
	outcome := h.handover.deliver(until, []*parcel{newParcel(h.messages(parts), nil)})
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
