package outputs

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/segmentio/analytics-go/v3"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const segmentName = "segment"

// Reasons of the output; those for calls that are not valid are Segment's.
const (
	reasonTooLarge         = "too_large"
	reasonRejected         = "rejected"
	reasonUnauthorized     = "unauthorized"
	reasonUnreachable      = "unreachable"
	reasonTimeout          = "timeout"
	reasonThrottled        = "throttled"
	reasonServerError      = "server_error"
	reasonUnclearReply     = "unclear_reply"
	reasonUnexpectedStatus = "unexpected_status"
)

func newSegmentFailure(reason, text string) *failure { return newFailure(segmentName, reason, text) }

// segmentRequestBytes keeps a request below Segment's limit, whichever way its KB are counted.
const segmentRequestBytes = 500_000

// segmentCall is a call and its place in the batch.
type segmentCall struct {
	index int
	kind  segment.Type
	// marks is what the library may know of the call.
	marks segmentMarks
	// raw is the call as it is sent.
	raw []byte
}

// segmentMarks say which ids a call has.
type segmentMarks struct{ user, anonymous, previous, group string }

// mark stands in for an id: the library checks only that there is one.
func mark(id string) string {
	if id == "" {
		return ""
	}
	return "x"
}

// read returns the calls of a batch; what is none fails by itself.
func (s *segmentSender) read(batch service.MessageBatch, d *segmentDelivery) []segmentCall {
	var parser segment.Parser
	calls := make([]segmentCall, 0, len(batch))
	for i, message := range batch {
		if cause := message.GetError(); cause != nil {
			d.refuse(i, cause)
			continue
		}
		call, why := readSegmentCall(&parser, message)
		if why != nil {
			s.reject(d, i, why)
			continue
		}
		call.index = i
		calls = append(calls, call)
	}
	return calls
}

func readSegmentCall(parser *segment.Parser, message *service.Message) (c segmentCall, why *failure) {
	raw, err := message.AsBytes()
	if err != nil {
		return c, newSegmentFailure(string(segment.InvalidJSON), "not valid JSON")
	}
	doc, err := parser.Parse(raw)
	if err != nil {
		return c, invalidSegmentCall(err)
	}
	if !doc.Bare {
		return c, newSegmentFailure(string(segment.InvalidJSON), "a message must be one call, split batches with segment_parse")
	}
	call, err := doc.Call(0)
	if err == nil {
		err = call.Validate()
	}
	switch {
	case err != nil:
		return c, invalidSegmentCall(err)
	case call.Type == segment.Delete:
		return c, newSegmentFailure(string(segment.UnsupportedType), "type: the Tracking API takes no deletions")
	}
	spare := ""
	if call.MessageID == "" {
		spare = rand.Text()
	}
	c = segmentCall{
		kind:  call.Type,
		marks: segmentMarks{mark(call.UserID), mark(call.AnonymousID), mark(call.PreviousID), mark(call.GroupID)},
		raw:   doc.AppendSendable(make([]byte, 0, len(raw)+64), &call, spare),
	}
	if len(c.raw) > segment.MaxCallBytes {
		return c, newSegmentFailure(reasonTooLarge, fmt.Sprintf("the call has %d bytes, Segment takes %d", len(c.raw), segment.MaxCallBytes))
	}
	return c, nil
}

func invalidSegmentCall(err error) *failure {
	var invalid *segment.Error
	if errors.As(err, &invalid) {
		return &failure{component: segmentName, reason: string(invalid.Reason), text: invalid.Error(), cause: err}
	}
	return newSegmentFailure(string(segment.InvalidJSON), "not a call")
}

// message is what the library is given in place of the call: its type, the ids it has, and its position as message id,
// since message ids of calls may repeat.
func (c *segmentCall) message(position int) analytics.Message {
	id, m := strconv.Itoa(position), c.marks
	switch c.kind {
	case segment.Identify:
		return analytics.Identify{MessageId: id, UserId: m.user, AnonymousId: m.anonymous}
	case segment.Page:
		return analytics.Page{MessageId: id, UserId: m.user, AnonymousId: m.anonymous}
	case segment.Screen:
		return analytics.Screen{MessageId: id, UserId: m.user, AnonymousId: m.anonymous}
	case segment.Group:
		return analytics.Group{MessageId: id, UserId: m.user, AnonymousId: m.anonymous, GroupId: m.group}
	case segment.Alias:
		return analytics.Alias{MessageId: id, UserId: m.user, PreviousId: m.previous}
	}
	return analytics.Track{MessageId: id, UserId: m.user, AnonymousId: m.anonymous, Event: "x"}
}

// positionOf is the inverse of message.
func positionOf(m analytics.Message) (int, error) {
	var id string
	switch m := m.(type) {
	case analytics.Identify:
		id = m.MessageId
	case analytics.Page:
		id = m.MessageId
	case analytics.Screen:
		id = m.MessageId
	case analytics.Group:
		id = m.MessageId
	case analytics.Alias:
		id = m.MessageId
	case analytics.Track:
		id = m.MessageId
	}
	return strconv.Atoi(id)
}

// segmentRequests cuts calls into requests, in order.
func segmentRequests(calls []segmentCall) [][]segmentCall {
	var requests [][]segmentCall
	start, size := 0, len(segmentHead)+len(segmentTail)
	for i := range calls {
		n := len(calls[i].raw) + len(",")
		if i > start && (size+n > segmentRequestBytes || i-start == segment.MaxBatchCalls) {
			requests = append(requests, calls[start:i:i])
			start, size = i, len(segmentHead)+len(segmentTail)
		}
		size += n
	}
	if start < len(calls) {
		requests = append(requests, calls[start:])
	}
	return requests
}
