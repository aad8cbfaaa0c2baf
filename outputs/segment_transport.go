package outputs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/transport"
)

const (
	// maxSegmentReply is more than Segment ever answers.
	maxSegmentReply = 64 << 10

	segmentHead, segmentTail = `{"batch":[`, `]}`
)

// segmentTransport carries the requests of one client of the library: it writes the calls in the place of their
// stand-ins, and tries again what may succeed later, so that the library sees only the final outcome.
//
// The library's envelope is left out. Its context would be merged into the calls and claim that analytics-go had made
// them, and its sentAt would have Segment shift their times by the delay of retries.
type segmentTransport struct {
	// ctx is that of the write; the library knows no contexts.
	ctx      context.Context
	sender   *segmentSender
	calls    []segmentCall
	outcomes *segmentOutcomes
}

// RoundTrip sends a request of the library's.
func (t *segmentTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	positions, err := t.positions(r.Body)
	if err != nil {
		return nil, err
	}
	trouble := t.sender.transmit(t.ctx, r, t.body(positions))
	if trouble != nil {
		t.outcomes.note(positions, trouble)
		return nil, trouble
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: http.Header{}, Body: http.NoBody, Request: r,
	}, nil
}

// positions reads which calls the library means.
func (t *segmentTransport) positions(body io.ReadCloser) ([]int, error) {
	defer body.Close()
	var envelope struct {
		Batch []struct {
			MessageID string `json:"messageId"`
		} `json:"batch"`
	}
	if err := json.NewDecoder(body).Decode(&envelope); err != nil {
		return nil, err
	}
	positions := make([]int, len(envelope.Batch))
	for i, message := range envelope.Batch {
		n, err := strconv.Atoi(message.MessageID)
		if err != nil || n < 0 || n >= len(t.calls) {
			return nil, errors.New("a message that is not ours")
		}
		positions[i] = n
	}
	return positions, nil
}

func (t *segmentTransport) body(positions []int) []byte {
	size := len(segmentHead) + len(segmentTail) + len(positions)
	for _, i := range positions {
		size += len(t.calls[i].raw)
	}
	body := append(make([]byte, 0, size), segmentHead...)
	for n, i := range positions {
		if n > 0 {
			body = append(body, ',')
		}
		body = append(body, t.calls[i].raw...)
	}
	return append(body, segmentTail...)
}

// transmit sends a body until there is a final outcome.
func (s *segmentSender) transmit(ctx context.Context, like *http.Request, body []byte) *segmentTrouble {
	budget := newRetry(s.backoff, s.maxRetries)
	for {
		trouble := s.attempt(ctx, like, body)
		if trouble == nil || !trouble.transient {
			return trouble
		}
		wait, left := budget.delay(trouble.retryAfter)
		if !left {
			budget.exhausted(trouble.failure)
			return trouble
		}
		if err := sleep(ctx, wait); err != nil {
			return segmentStopped(err)
		}
		s.metrics.retries.Incr(1, trouble.reason)
	}
}

// attempt sends a body once, when the rate limit allows it.
func (s *segmentSender) attempt(ctx context.Context, like *http.Request, body []byte) *segmentTrouble {
	if err := s.access(ctx); err != nil {
		return segmentStopped(err)
	}
	start := time.Now()
	status, trouble := s.exchange(ctx, like, body)
	s.metrics.request(time.Since(start), status, trouble)
	switch {
	case trouble == nil:
		s.outage.worked()
	case trouble.transient:
		s.outage.failed(trouble.reason)
	}
	return trouble
}

// exchange is the only place that talks to Segment. The answer is read to its end, which the library does not do: only
// then can the connection be used again. Redirects are not followed, they would take the key along.
func (s *segmentSender) exchange(ctx context.Context, like *http.Request, body []byte) (status int, trouble *segmentTrouble) {
	attempt, cancel := context.WithTimeout(ctx, s.source.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(attempt, http.MethodPost, like.URL.String(), bytes.NewReader(body))
	if err != nil {
		return 0, segmentUntold()
	}
	r.Header = like.Header.Clone()
	r.Header.Del("Content-Length")
	resp, err := s.http.RoundTrip(r)
	if err != nil {
		return 0, s.noAnswer(ctx, attempt, newSegmentFailure(reasonUnreachable, transport.Cause(err)))
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxSegmentReply))
	if err != nil {
		return resp.StatusCode, s.noAnswer(ctx, attempt, newSegmentFailure(reasonUnclearReply, "the reply was cut off"))
	}
	return resp.StatusCode, segmentVerdict(resp, reply)
}

func (s *segmentSender) noAnswer(ctx, attempt context.Context, otherwise *failure) *segmentTrouble {
	switch {
	case ctx.Err() != nil:
		return segmentStopped(ctx.Err())
	case attempt.Err() != nil:
		otherwise = newSegmentFailure(reasonTimeout, fmt.Sprintf("no answer within %v", s.source.Timeout))
	}
	return &segmentTrouble{failure: otherwise, transient: true}
}

// probe asks whether the endpoint answers, with a batch that holds nothing.
func (s *segmentSender) probe(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.source.Endpoint+"/v1/batch", nil)
	if err != nil {
		return newSegmentFailure(reasonUnreachable, "the endpoint is not an address")
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(s.source.WriteKey, "")
	if trouble := s.attempt(ctx, r, []byte(segmentHead+segmentTail)); trouble != nil {
		return trouble
	}
	return nil
}
