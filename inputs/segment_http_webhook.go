package inputs

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const shSignature = "X-Signature"

// webhook takes what Segment's webhook destinations send. Segment has filtered and dated the calls.
func (h *segmentHTTPHandler) webhook(x *exchange) *shAnswer {
	signature := x.header(shSignature)
	switch {
	case x.method() != http.MethodPost:
		return shMethod
	case signature == "":
		return shUnsigned
	case closed(h.handover.draining):
		return shStopping
	}
	var signed segment.Signed
	return h.serve(x, intake{
		route: shRouteWebhook, answers: webhookRouteAnswers,
		receipt: segment.Receipt{At: h.now(), Forwarded: true, NewID: uuid.NewString},
		verify: func(body []byte) *shAnswer {
			signed = segment.VerifySignature(h.config.webhookSecret, body, signature)
			if signed == segment.SignedNothing || signed == segment.SignedFirst && h.config.wholeSignature {
				return shUnsigned
			}
			return nil
		},
		open: func(p *segment.Parser, body []byte) (segment.Document, string, *shAnswer) {
			doc, err := p.ParseWebhook(body)
			if err != nil {
				return doc, "", shMalformed
			}
			return doc, "", nil
		},
		sender: func(index int, _ *segment.Call, _ bool) (segment.Sender, *segment.Error) {
			if signed == segment.SignedFirst && index > 0 {
				// Anybody who has seen one request can put these behind its first call.
				return segment.Sender{Trust: segment.TrustTracking}, nil
			}
			return segment.Sender{Trust: segment.TrustSigned}, nil
		},
		meant: func(*segment.Call) bool { return true },
	})
}

// asSegmentError is nil for no error.
func asSegmentError(err error) *segment.Error {
	if err == nil {
		return nil
	}
	var refused *segment.Error
	if errors.As(err, &refused) {
		return refused
	}
	return &segment.Error{Reason: segment.InvalidJSON, Rule: "cannot be read"}
}
