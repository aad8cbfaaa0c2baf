package inputs

import (
	"bytes"
	"cmp"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
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
	// shSentGrowth bounds how much larger they, and an unpacked body, may be than what was sent: what strangers can make
	// this process store. Full contexts in each call of a batch, with nothing but ids and times to tell them apart, pack
	// to a 25th.
	shSentGrowth = 100
	// shFreeGrowth is what any request may become, however small.
	shFreeGrowth = 16 << 10
	// shOwnBytes is at least what a call gains here: an id, its times and its type. SDKs fill the 32 KB to the last byte.
	shOwnBytes = 512

	shDroppedIntegration = "integrations"
)

// intake is what differs between the routes that take calls.
type intake struct {
	route   string
	answers shAnswers
	receipt segment.Receipt
	// known is true for a sender who has shown a key in the header.
	known bool
	// verify, if there is one, authenticates a body before it is parsed.
	verify func(body []byte) *shAnswer
	// open parses a body, and authenticates it by the key in it. The source is who may send calls of the same id.
	open func(p *segment.Parser, body []byte) (doc segment.Document, source string, refused *shAnswer)
	// sender is who sent a call, by its place in the request, or why the call is refused. One that did not decode proves
	// nothing.
	sender func(index int, call *segment.Call, decoded bool) (segment.Sender, *segment.Error)
	// meant is false for a call that is to be dropped.
	meant func(call *segment.Call) bool
}

// serve takes a request in and answers after the acknowledgement. It takes a slot, and its time begins, when its body is
// in: who sends slowly keeps nobody out, and leaves the delivery all its time.
func (h *segmentHTTPHandler) serve(x *exchange, in intake) *shAnswer {
	held := &share{of: h.allowance, stranger: !in.known}
	defer held.end()
	body, answer := h.readBody(x, held, in.answers)
	if answer != nil {
		return answer
	}
	until := newPatience(h.config.timeout)
	defer until.timer.Stop()
	if !h.handover.enter() {
		return in.answers.overload
	}
	defer h.handover.leave()
	calls, answer := h.read(body, h.growthOf(x.sent), held, in)
	if answer != nil {
		return answer
	}
	return h.deliver(until, calls, held, in.answers)
}

// growthOf is how many bytes the calls of a request may have that sent so many.
func (h *segmentHTTPHandler) growthOf(sent int) int {
	return min(shGrowth*h.config.maxBodyBytes, mayBecome(sent))
}

// received are the calls of a request on their way to the pipeline.
type received struct {
	single   bool
	source   string
	batch    service.MessageBatch
	ids      []callID
	size     int // of the contents
	idSize   int // of the ids, which metadata and dedupe keep beside the contents
	rejected rejections
}

// memory is about how many bytes the calls take until they are acknowledged.
func (r *received) memory() int { return r.size + shIDCopies*r.idSize + len(r.batch)*shCallBytes }

// callID is what makes two calls the same one. A call that anybody can send must not pass for one that is signed.
type callID struct {
	route, source string
	trust         segment.Trust
	messageID     string
	// previousID is an alias's, for the order: it does not make two calls different.
	previousID string
}

// mayBecome is how many bytes may come of so many that were sent.
func mayBecome(sent int) int { return max(shFreeGrowth, shSentGrowth*sent) }

// readCalls turns a body into messages of at most so many bytes.
func (h *segmentHTTPHandler) readCalls(reader *callReader, body []byte, limit int, in intake) (*received, *shAnswer) {
	doc, source, answer := in.open(&reader.parser, body)
	if answer != nil {
		return nil, answer
	}
	if in.route == shRouteTracking && !h.rates.allow(source, doc.Calls()) {
		return nil, in.answers.tooMany
	}
	calls := &received{single: doc.Bare, source: source}
	// What all calls together take over is bounded before the first one does, be they taken or not.
	switch taken := doc.EnvelopeSize(); {
	case taken > segment.MaxCallBytes:
		return nil, in.answers.tooLarge
	case taken*doc.Calls() > limit:
		return nil, in.answers.growth
	}
	room := min(doc.Calls(), segment.MaxBatchCalls) // a body may be an array of nothing but numbers
	calls.batch, calls.ids = make(service.MessageBatch, 0, room), make([]callID, 0, room)
	for i := range doc.Calls() {
		if err := h.readCall(reader, doc, i, in, calls); err != nil {
			h.metrics.rejected.Incr(1, string(err.Reason))
			calls.rejected.add(i, err)
			if !calls.single { // a single one is refused with its request
				h.refusals.note(refusedCalls, string(err.Reason))
			}
		}
		if calls.size > limit {
			return nil, in.answers.growth
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
	sender, refused := in.sender(i, call, err == nil)
	if err == nil {
		err = call.Validate()
	}
	if refused == nil {
		refused = h.forbidden(call, sender)
	}
	if refused != nil {
		return refused
	}
	if refused := asSegmentError(err); refused != nil && (h.config.validate || refused.Reason == segment.InvalidJSON) {
		return refused
	}
	if !in.meant(call) {
		h.metrics.dropped.Incr(1, shDroppedIntegration)
		return nil
	}
	if call.MessageID == "" && call.Type == segment.Delete {
		call.MessageID = doc.Fingerprint(i) // so that a captured delete is known again
	}
	reader.passed = doc.AppendReceived(reader.passed[:0], i, call, in.receipt)
	calls.size += len(reader.passed)
	if len(reader.passed) > segment.MaxCallBytes+shOwnBytes {
		return &segment.Error{Reason: callTooLarge, Rule: "a call must not be larger than 32 KB"}
	}
	calls.idSize += len(call.MessageID) + len(call.UserID) + len(call.AnonymousID) + len(call.PreviousID)
	h.metrics.calls.Incr(1, cmp.Or(string(call.Type), "unknown"))
	h.metrics.trust.Incr(1, sender.Trust.String())
	calls.add(messageOf(call, sender, in.route, reader.passed), callID{
		route: in.route, source: calls.source, trust: sender.Trust, messageID: metaText(call.MessageID), previousID: strings.Clone(call.PreviousID),
	})
	return nil
}

// forbidden refuses what must not get past this input, however valid it is and whatever stands behind.
func (h *segmentHTTPHandler) forbidden(call *segment.Call, sender segment.Sender) *segment.Error {
	switch {
	case call.HoldsBatch():
		return &segment.Error{Reason: segment.InvalidJSON, Field: "batch", Rule: "a call must not hold a batch of others"}
	case call.AsksToDelete() && !sender.MayDelete():
		return &segment.Error{Reason: segment.DeleteNotAllowed, Field: "type", Rule: "a delete is accepted only where a webhook's signature covers it"}
	}
	return nil
}

func (r *received) add(msg *service.Message, id callID) {
	r.batch, r.ids = append(r.batch, msg), append(r.ids, id)
}

// messageOf is a call as a message.
func messageOf(call *segment.Call, sender segment.Sender, route string, content []byte) *service.Message {
	msg := service.NewMessageWithContext(metadata.Restricted(sender.Trust), bytes.Clone(content))
	if call.Type != "" {
		msg.MetaSetMut(shMetaType, string(call.Type))
	}
	msg.MetaSetMut(shMetaRoute, route)
	id := metaText(call.MessageID)
	msg.MetaSetMut(shMetaMessageID, id)
	userID := metaText(call.UserID)
	msg.MetaSetImmut(metadata.NoteKey, metadata.NewNote(sender, id, userID))
	if userID != "" {
		msg.MetaSetMut(shMetaUserID, userID)
	}
	setMetaCopy(msg, shMetaAnonymousID, call.AnonymousID)
	return msg
}

// callTooLarge is a reason besides those of plugins/segment.
const callTooLarge segment.Reason = "call_too_large"

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
		if h.rates.exhausted(key) {
			return trackingAnswers.tooMany
		}
	}
	return h.serve(x, intake{
		route: shRouteTracking, answers: trackingAnswers, known: key != "" || len(h.config.writeKeys) == 0,
		receipt: segment.Receipt{At: h.now(), CorrectClock: h.config.correctClock, NewID: uuid.NewString},
		open: func(p *segment.Parser, body []byte) (segment.Document, string, *shAnswer) {
			doc, err := openTracking(p, body, route)
			if err != nil {
				return doc, "", shMalformed
			}
			if key != "" {
				return doc, key, nil
			}
			key := strings.Clone(doc.WriteKey()) // it outlives the body: dedupe_cache knows the calls by it
			return doc, key, h.admit(key)
		},
		sender: h.trackingSender,
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

// trackingSender is anybody with a write key, which is public, unless the call proves more.
func (h *segmentHTTPHandler) trackingSender(_ int, call *segment.Call, decoded bool) (segment.Sender, *segment.Error) {
	sender := segment.Sender{Trust: segment.TrustTracking, PublicDeletes: h.config.publicDeletes}
	if len(h.config.identitySecret) == 0 || !decoded {
		return sender, nil
	}
	switch call.VerifyUser(h.config.identitySecret) {
	case segment.ProofValid:
		sender.Trust = segment.TrustVerified
	case segment.ProofInvalid:
		return sender, &segment.Error{Reason: segment.IdentityHashInvalid, Field: "context.userHash", Rule: "must be the HMAC-SHA-256 of the call's userId, in hex"}
	}
	return sender, nil
}
