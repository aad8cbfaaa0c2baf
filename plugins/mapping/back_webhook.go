package mapping

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// mapWebhook maps the body of a campaign or journey webhook: each profile in it is one person.
// https://docs.clevertap.com/docs/create-message-webhook
func (m *BackMapper) mapWebhook(body jsontree.Value) (DropReason, error) {
	if body.Get("is_test").True() {
		return DroppedTest, nil
	}
	profiles, c := body.Get("profiles"), campaignBody{target: body.Get("targetId"), keyValues: fold(body, "key_values")}
	if profiles.Kind() == jsontree.Object {
		return NotDropped, m.mapWebhookProfile(c, profiles)
	}
	for _, profile := range profiles.Elements() {
		if err := m.mapWebhookProfile(c, profile); err != nil {
			return NotDropped, err
		}
	}
	return NotDropped, nil
}

// campaignBody is what a webhook's body says about all its profiles.
type campaignBody struct{ target, keyValues jsontree.Value }

func (m *BackMapper) mapWebhookProfile(c campaignBody, profile jsontree.Value) error {
	p := individual{profile: profile}
	w, err := m.identify(p)
	if err != nil {
		return err
	}
	h, live := m.webhookEvent(c, profile)
	if m.opt.Emit == EmitIdentify || m.opt.Emit == EmitBoth || m.opt.Emit == EmitAuto && fold(profile, "payload").Kind() == jsontree.Null {
		m.emitIdentify(w, p, []string{scalarText(c.target), m.origin.Day})
	}
	if m.opt.Emit == EmitTrack || m.opt.Emit == EmitBoth || m.opt.Emit == EmitAuto && live {
		m.emitEvent(w, p, h)
	}
	return nil
}

// webhookEvent is the event that a webhook stands for, and whether it carries one: only campaigns on live behaviour and
// push actions do. The body does not name the event, so campaigns name it in their key-values.
func (m *BackMapper) webhookEvent(c campaignBody, profile jsontree.Value) (h happening, live bool) {
	properties := fold(profile, "event_properties")
	payload := fold(profile, "payload")
	own, shared := fold(profile, "key_values"), c.keyValues
	h = happening{
		name:       strings.TrimSpace(own.Get("event").Text()),
		properties: []jsontree.Value{properties, payload, own, shared},
		session:    fold(profile, "session_props"),
		campaign:   c.target,
		salt:       []string{scalarText(c.target), m.origin.Day},
	}
	if h.name == "" {
		h.name = strings.TrimSpace(shared.Get("event").Text())
	}
	if h.name == "" {
		h.name = m.origin.WebhookEvent
	}
	return h, properties.Len() > 0 || payload.Len() > 0
}
