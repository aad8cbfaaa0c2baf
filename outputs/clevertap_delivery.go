package outputs

import (
	"context"
	"errors"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// Reasons that only an output can have; the others are the client's.
const (
	reasonUnmapped clevertap.Reason = "unmapped"
	reasonHeldBack clevertap.Reason = "held_back"
	reasonStopped  clevertap.Reason = "stopped"
)

// clevertapFailure is why one message was not delivered. Its text begins with the component and the reason.
type clevertapFailure struct {
	reason clevertap.Reason
	text   string
	cause  error
}

func (f *clevertapFailure) Error() string { return "clevertap: " + f.text }

func (f *clevertapFailure) Unwrap() error { return f.cause }

func newFailure(reason clevertap.Reason, text string) *clevertapFailure {
	return &clevertapFailure{reason: reason, text: string(reason) + ": " + text}
}

// failureFrom puts the client's error into the output's words.
func failureFrom(err error) *clevertapFailure {
	if reason, known := clevertap.ReasonOf(err); known {
		return &clevertapFailure{reason: reason, text: err.Error(), cause: err}
	}
	f := newFailure(reasonStopped, "sending was interrupted")
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		f = newFailure(clevertap.ReasonInvalidRecord, "the request cannot be built")
	}
	f.cause = err
	return f
}

// clevertapIndexed is the failure of one message that still knows those of the whole batch.
//
// The engine's batcher joins the batches that it is given, and answers each of them with the error of its first failed
// message alone: without the rest, a fallback would take all messages of that batch for failed.
// https://github.com/redpanda-data/benthos/blob/v4.78.0/internal/transaction/tracked.go#L41
type clevertapIndexed struct {
	*clevertapFailure
	batch *service.BatchError
}

// Unwrap leads to all failures. The headline of the batch is a plain failure, so this comes to an end.
func (f *clevertapIndexed) Unwrap() []error { return []error{f.clevertapFailure, f.batch} }

// clevertapDelivery keeps the books of one batch: which messages failed, and which people may not be touched any more
// because an earlier record about them may not have arrived.
type clevertapDelivery struct {
	batch   service.MessageBatch
	failed  *service.BatchError
	blocked map[string]struct{}
	stop    *clevertapFailure
}

func newClevertapDelivery(batch service.MessageBatch) *clevertapDelivery {
	return &clevertapDelivery{batch: batch, blocked: map[string]struct{}{}}
}

// reject fails a message whose fate is known: it was refused, and what follows it may be sent.
func (d *clevertapDelivery) reject(index int, failure *clevertapFailure) {
	d.fail(index, failure, failure)
}

// refuse fails a message that failed in a processor before. A dead letter is told why; the headline is not, because the
// engine logs it, and what a processor says may quote the message.
func (d *clevertapDelivery) refuse(index int, cause error) {
	d.fail(index, newFailure(reasonUnmapped, bounded(cause.Error())),
		newFailure(reasonUnmapped, "the message failed in a processor before"))
}

func (d *clevertapDelivery) fail(index int, failure, headline *clevertapFailure) {
	if d.failed == nil {
		d.failed = service.NewBatchError(d.batch, headline)
	}
	d.failed.Failed(index, &clevertapIndexed{failure, d.failed})
}

// bounded keeps a foreign error from filling a dead letter.
func bounded(text string) string {
	const limit = 512
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// lose fails messages which may or may not arrive later, in a retry by somebody else: what follows them has to wait.
func (d *clevertapDelivery) lose(items []clevertapItem, failure *clevertapFailure) {
	for _, item := range items {
		d.reject(item.index, failure)
		d.block(item)
	}
}

func (d *clevertapDelivery) block(item clevertapItem) {
	for _, id := range item.record.IDs {
		d.blocked[id] = struct{}{}
	}
}

// holdBack returns the items that may be sent, and fails those that would overtake an earlier record.
func (d *clevertapDelivery) holdBack(items []clevertapItem) []clevertapItem {
	if len(d.blocked) == 0 {
		return items
	}
	free := make([]clevertapItem, 0, len(items))
	for _, item := range items {
		if d.isBlocked(item) {
			d.lose([]clevertapItem{item}, newFailure(reasonHeldBack, "an earlier record of the same person was not delivered"))
			continue
		}
		free = append(free, item)
	}
	return free
}

func (d *clevertapDelivery) isBlocked(item clevertapItem) bool {
	for _, id := range item.record.IDs {
		if _, blocked := d.blocked[id]; blocked {
			return true
		}
	}
	return false
}

// err is the outcome for the engine. A nil *BatchError would be an error that is not nil.
func (d *clevertapDelivery) err() error {
	if d.failed == nil {
		return nil
	}
	return d.failed
}
