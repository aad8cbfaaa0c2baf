package outputs

import (
	"context"
	"errors"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/runstatus"
)

// Reasons that any output can have; the others are those of its service.
const (
	reasonUnmapped = "unmapped"
	reasonStopped  = "stopped"
)

// failure is why one message was not delivered. Its text begins with the component and the reason.
type failure struct {
	component, reason, text string
	cause                   error
}

func newFailure(component, reason, text string) *failure {
	return &failure{component: component, reason: reason, text: reason + ": " + text}
}

func (f *failure) Error() string { return f.component + ": " + f.text }

func (f *failure) Unwrap() error { return f.cause }

// indexedFailure is the failure of one message that still knows those of the whole batch.
//
// The engine's batcher joins the batches that it is given, and answers each of them with the error of its first failed
// message alone: without the rest, a fallback would take all messages of that batch for failed.
// https://github.com/redpanda-data/benthos/blob/v4.78.0/internal/transaction/tracked.go#L41
type indexedFailure struct {
	*failure
	batch *service.BatchError
}

// Unwrap leads to all failures. The headline of the batch is a plain failure, so this comes to an end.
func (f *indexedFailure) Unwrap() []error { return []error{f.failure, f.batch} }

// failedMessages are the failed messages of one batch, by index. It is not for concurrent use.
type failedMessages struct {
	component string
	batch     service.MessageBatch
	failed    *service.BatchError
}

// reject fails a message.
func (d *failedMessages) reject(index int, why *failure) { d.fail(index, why, why) }

// refuse fails a message that failed in a processor before. A dead letter is told why; the headline is not, because the
// engine logs it, and what a processor says may quote the message.
func (d *failedMessages) refuse(index int, cause error) {
	d.fail(index, newFailure(d.component, reasonUnmapped, bounded(cause.Error())),
		newFailure(d.component, reasonUnmapped, "the message failed in a processor before"))
}

func (d *failedMessages) fail(index int, why, headline *failure) {
	if why.reason == reasonStopped {
		runstatus.MarkIncomplete() // a file gives nothing again by itself
	}
	if d.failed == nil {
		d.failed = service.NewBatchError(d.batch, headline)
	}
	d.failed.Failed(index, &indexedFailure{why, d.failed})
}

// err is the outcome for the engine. A nil *BatchError would be an error that is not nil.
func (d *failedMessages) err() error {
	if d.failed == nil {
		return nil
	}
	return d.failed
}

// bounded keeps a foreign error from filling a dead letter.
func bounded(text string) string {
	const limit = 512
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// interrupted tells whether an error is that of a context which has ended.
func interrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
