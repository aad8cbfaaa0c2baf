package inputs

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const (
	shMetaType        = "segment_type"
	shMetaUserID      = "segment_user_id"
	shMetaAnonymousID = "segment_anonymous_id"
	shMetaMessageID   = "segment_message_id"
	shMetaRoute       = "segment_route"

	// shGrowth bounds how much larger the calls of a request may be than the largest body: each repeats its envelope.
	shGrowth = 16
	// shOwnBytes is at least what a call gains here: an id, its times and its type. SDKs fill the 32 KB to the last byte.
	shOwnBytes = 512

	shDroppedIntegration = "integrations"
	shDroppedDuplicate   = "duplicate"
)

// intake is what differs between the routes that take calls.
type intake struct {
	route   string
	answers shAnswers
	receipt segment.Receipt
	// verify authenticates a body before it is parsed.
	verify func(body []byte) *shAnswer
	// open parses a body, and authenticates it by the key in it.
	open func(p *segment.Parser, body []byte) (segment.Document, *shAnswer)
	// check refuses a valid call.
	check func(index int, call *segment.Call) *segment.Error
	// meant is false for a call that is to be dropped.
	meant func(call *segment.Call) bool
}

// serve takes a request in and answers after the acknowledgement.
func (h *segmentHTTPHandler) serve(x *exchange, in intake) *shAnswer {
	until := newPatience(h.config.timeout)
	defer until.timer.Stop()
	if !h.handover.enter() {
		return in.answers.overload
	}
	defer h.handover.leave()
	held := &share{of: h.allowance}
	body, answer := h.readBody(x, held, in.answers)
	if answer != nil {
		held.give()
		return answer
	}
	calls, answer := h.read(body, held, in)
	if answer != nil {
		held.give()
		return answer
	}
	return h.deliver(until, calls, held, in.answers)
}

// received are the calls of a request on their way to the pipeline.
type received struct {
	single   bool
	batch    service.MessageBatch
	ids      []string
	size     int
	rejected rejections
}

// readCalls turns a body into messages.
func (h *segmentHTTPHandler) readCalls(reader *callReader, body []byte, in intake) (*received, *shAnswer) {
	doc, answer := in.open(&reader.parser, body)
	if answer != nil {
		return nil, answer
	}
	calls := &received{single: doc.Bare}
	// What all calls together take over is bounded before the first one does, be they taken or not.
	if taken := doc.EnvelopeSize(); taken > segment.MaxCallBytes || taken*doc.Calls() > shGrowth*h.config.maxBodyBytes {
		return nil, in.answers.tooLarge
	}
	room := min(doc.Calls(), segment.MaxBatchCalls) // a body may be an array of nothing but numbers
	calls.batch, calls.ids = make(service.MessageBatch, 0, room), make([]string, 0, room)
	for i := range doc.Calls() {
		if err := h.readCall(reader, doc, i, in, calls); err != nil {
			h.metrics.rejected.Incr(1, string(err.Reason))
			calls.rejected.add(i, err)
		}
		if calls.size > shGrowth*h.config.maxBodyBytes {
			return nil, in.answers.tooLarge
		}
	}
	if calls.single && calls.rejected.count > 0 {
		return nil, calls.rejected.single()
	}
	return calls, nil
}

// readCall adds one call, unless it is not meant for this destination.
func (h *segmentHTTPHandler) readCall(
	reader *callReader, doc segment.Document, i int, in intake, calls *received,
) *segment.Error {
	call := &reader.call
	err := doc.Decode(i, call)
	if err == nil {
		err = call.Validate()
	}
	if refused := asSegmentError(err); refused != nil && (h.config.validate || refused.Reason == segment.InvalidJSON) {
		return refused
	}
	if err := in.check(i, call); err != nil {
		return err
	}
	if !in.meant(call) {
		h.metrics.dropped.Incr(1, shDroppedIntegration)
		return nil
	}
	reader.passed = doc.AppendReceived(reader.passed[:0], i, call, in.receipt)
	calls.size += len(reader.passed)
	if len(reader.passed) > segment.MaxCallBytes+shOwnBytes {
		return &segment.Error{Reason: callTooLarge, Rule: "a call must not be larger than 32 KB"}
	}
	msg := service.NewMessage(bytes.Clone(reader.passed))
	if call.Type != "" {
		msg.MetaSetMut(shMetaType, string(call.Type))
	}
	h.metrics.calls.Incr(1, cmp.Or(string(call.Type), "unknown"))
	msg.MetaSetMut(shMetaRoute, in.route)
	id := metaText(call.MessageID)
	msg.MetaSetMut(shMetaMessageID, id)
	setMetaCopy(msg, shMetaUserID, call.UserID)
	setMetaCopy(msg, shMetaAnonymousID, call.AnonymousID)
	calls.batch, calls.ids = append(calls.batch, msg), append(calls.ids, id)
	return nil
}

// callTooLarge and notSigned are reasons besides those of plugins/segment.
const (
	callTooLarge segment.Reason = "call_too_large"
	notSigned    segment.Reason = "not_signed"
)

func setMetaCopy(msg *service.Message, key, text string) {
	if text != "" {
		msg.MetaSetMut(key, metaText(text))
	}
}

// metaText is a text as it stands in the message, where bytes that are not UTF-8 are U+FFFD. It copies: the text given
// points into the parser.
func metaText(text string) string {
	return strings.Clone(strings.ToValidUTF8(text, string(utf8.RuneError)))
}

// deliver hands the calls over, but for those that were delivered before or are being delivered.
func (h *segmentHTTPHandler) deliver(until patience, calls *received, held *share, answers shAnswers) *shAnswer {
	batch, claimed := calls.batch, &claim{}
	if h.dedupe != nil {
		ctx, done := context.WithDeadline(context.Background(), until.deadline)
		defer done()
		var fresh []bool
		fresh, claimed = h.dedupe.claim(ctx, calls.ids)
		batch = h.only(calls.batch, fresh)
	}
	outcome := delivered
	if len(batch) == 0 {
		held.give()
	} else {
		outcome = h.handover.deliver(until, newParcel(batch, func(ctx context.Context, err error) {
			held.give()
			if h.dedupe != nil {
				h.dedupe.settle(ctx, claimed, err == nil)
			}
		}))
	}
	if outcome == delivered {
		outcome = claimed.wait(until, h.handover.stopped)
	}
	if outcome == delivered {
		return calls.rejected.success()
	}
	return answers.of[outcome]
}

func (h *segmentHTTPHandler) only(batch service.MessageBatch, fresh []bool) (kept service.MessageBatch) {
	for i, msg := range batch {
		if fresh[i] {
			kept = append(kept, msg)
		} else {
			h.metrics.dropped.Incr(1, shDroppedDuplicate)
		}
	}
	return kept
}

func (h *segmentHTTPHandler) tracking(x *exchange, route segment.Type) *shAnswer {
	key := headerKey(x.header("Authorization"))
	switch {
	case x.method() != http.MethodPost:
		return shMethod
	case !h.originAllowed(x):
		return shOrigin
	case closed(h.handover.draining):
		return shStopping
	case key != "":
		// Refused before its body is read.
		if answer := h.admit(key); answer != nil {
			return answer
		}
	}
	return h.serve(x, intake{
		route: shRouteTracking, answers: trackingAnswers,
		verify:  func([]byte) *shAnswer { return nil },
		receipt: segment.Receipt{At: h.now(), CorrectClock: h.config.correctClock, NewID: uuid.NewString},
		open: func(p *segment.Parser, body []byte) (segment.Document, *shAnswer) {
			doc, err := openTracking(p, body, route)
			if err != nil {
				return doc, shMalformed
			}
			if key == "" {
				return doc, h.admit(doc.WriteKey())
			}
			return doc, nil
		},
		check: refuseDelete,
		meant: func(call *segment.Call) bool {
			return len(h.config.integrations) == 0 || call.EnabledFor(h.config.integrations...)
		},
	})
}

func openTracking(p *segment.Parser, body []byte, route segment.Type) (segment.Document, error) {
	if route == "" {
		return p.ParseBatch(body)
	}
	return p.ParseCall(body, route)
}

// refuseDelete keeps deletion away from those who only have a write key: that one is public.
func refuseDelete(_ int, call *segment.Call) *segment.Error {
	if call.Type == segment.Delete {
		return &segment.Error{Reason: segment.UnsupportedType, Field: "type", Rule: "delete is taken from the signed webhook only"}
	}
	return nil
}
