package inputs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/runstatus"
)

// The reasons that the inputs find themselves; the others are CleverTap's.
const (
	reasonCursorRepeats      = "cursor_repeats"
	reasonCheckpointUnusable = "checkpoint_unusable"
	reasonCacheFailed        = "cache_failed"
	reasonOther              = "other"
)

// exportReason is a stable word for why an export cannot be read, and what to do about it.
type exportReason struct {
	word, remedy string
}

// exportReasons are all reasons. Logs, metrics and the components' descriptions share them.
var exportReasons = []exportReason{
	{string(clevertap.ReasonRejected), "compare the name with the dashboard's; if CleverTap keeps refusing it, leave it out of event_names"},
	{string(clevertap.ReasonInvalidDates), "check from, to, timezone and the clock of this machine"},
	{string(clevertap.ReasonInvalidCursor), "if it persists, report it to CleverTap's support"},
	{reasonCursorRepeats, "if it persists, report it to CleverTap's support"},
	{string(clevertap.ReasonInProgress), "CleverTap does not finish the page: ask for less with a lower batch_size, or report it to CleverTap's support"},
	{string(clevertap.ReasonPageTooLarge), "lower batch_size"},
	{string(clevertap.ReasonUnclearReply), "check region and url; if other names can be read, report it to CleverTap's support"},
	{string(clevertap.ReasonTimeout), "lower batch_size or raise timeout"},
	{string(clevertap.ReasonServerError), "if it persists, report it to CleverTap's support"},
	{string(clevertap.ReasonUnreachable), "check the network, region and url"},
	{string(clevertap.ReasonUnauthorized), "check account_id, passcode and region"},
	{string(clevertap.ReasonThrottled), "use the account from fewer programs at once"},
	{reasonCheckpointUnusable, "undo the change of timezone or version, restore the cache, or choose another checkpoint_cache_key"},
	{reasonCacheFailed, "check that the cache can be reached and is not full, and that the directory of a file cache exists"},
	{reasonOther, "see the text of the error"},
}

func exportRemedy(word string) string {
	i := slices.IndexFunc(exportReasons, func(r exportReason) bool { return r.word == word })
	if i < 0 {
		return ""
	}
	return exportReasons[i].remedy
}

// exportError is a failure that the input found itself.
type exportError struct {
	reason, text string
	cause        error
}

func (e *exportError) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.reason, e.text, e.cause)
	}
	return e.reason + ": " + e.text
}

func (e *exportError) Unwrap() error { return e.cause }

func exportReasonOf(err error) string {
	var found *exportError
	if errors.As(err, &found) {
		return found.reason
	}
	reason, known := clevertap.ReasonOf(err)
	if word := string(reason); known && exportRemedy(word) != "" {
		return word
	}
	return reasonOther
}

// skip leaves the current event to the next round if the failure concerns only this event, and returns any other failure.
func (r *exportReader) skip(ctx context.Context, err error) error {
	if r.concernsAll(ctx, err) {
		return err
	}
	r.fail(r.names[r.at], err)
	r.leave()
	// This bounds how fast the names fail if all of them do after all.
	return sleep(ctx, r.requests.pace.retry)
}

// concernsAll reports whether a failure is likely to affect every event: the input then retries where it happened.
func (r *exportReader) concernsAll(ctx context.Context, err error) bool {
	if ctx.Err() != nil || r.at >= len(r.names) {
		return true // stopped, or no event is under way
	}
	var own *exportError
	if errors.As(err, &own) {
		return own.reason == reasonCacheFailed
	}
	var failed *clevertap.Error
	switch {
	case !errors.As(err, &failed):
		return true
	case failed.Reason == clevertap.ReasonInProgress:
		return false
	case failed.Reason == clevertap.ReasonThrottled:
		return true
	case failed.Transient() || failed.Unauthorized():
		return r.isDown(ctx)
	}
	return false
}

// isDown reports whether CleverTap also fails to answer a request that concerns no event.
func (r *exportReader) isDown(ctx context.Context) bool {
	err := r.requests.once(ctx, func(ctx context.Context) error {
		_, err := r.requests.client.EventNames(ctx)
		return err
	})
	var failed *clevertap.Error
	if !errors.As(err, &failed) {
		return err != nil
	}
	return failed.Transient() || failed.Unauthorized()
}

// fail counts a failure of one event, and logs a warning if the reason is new.
func (r *exportReader) fail(event string, err error) {
	reason := exportReasonOf(err)
	r.metrics.failure(reason)
	before := r.failing[event]
	r.failing[event] = reason
	r.metrics.failing.Set(int64(len(r.failing)))
	tell := r.log.Warnf
	if before == reason {
		tell = r.log.Debugf
	}
	tell("%s: %v: skipping the event %q until the next round: %s", r.component(), err, event, exportRemedy(reason))
}

// recovered logs that an event that had failed before was read to its end.
func (r *exportReader) recovered(event string) {
	if reason, failed := r.failing[event]; failed {
		r.log.Infof("%s: the event %q is read again after %s", r.component(), event, reason)
		r.forget(event)
	}
}

func (r *exportReader) forget(event string) {
	delete(r.failing, event)
	r.metrics.failing.Set(int64(len(r.failing)))
}

// leave goes on to the next event of the round.
func (r *exportReader) leave() {
	r.event, r.at = nil, r.at+1
	r.metrics.left.Set(int64(len(r.names) - r.at))
}

// maxNamed is how many events the last line of a run names.
const maxNamed = 20

// end ends the input. It logs what could not be read and makes the process exit with 1. The checkpoints stay, so that the
// next run continues there.
func (r *exportReader) end() error {
	// Names that the user has given and CleverTap does not know are most likely misspelt.
	for event, reason := range r.refused {
		if len(r.config.names) > 0 {
			r.failing[event] = string(reason)
		}
	}
	if len(r.failing) > 0 && !r.ended {
		runstatus.MarkIncomplete()
		r.log.Errorf("%s: incomplete: %d event names were not read to their end: %s. What was read is in the checkpoints: fix the causes and run again",
			r.component(), len(r.failing), r.failures())
	}
	r.ended = true
	return service.ErrEndOfInput
}

func (r *exportReader) failures() string {
	var all []string
	for event, reason := range r.failing {
		all = append(all, fmt.Sprintf("%q (%s)", event, reason))
	}
	slices.Sort(all)
	if more := len(all) - maxNamed; more > 0 {
		all = append(all[:maxNamed], fmt.Sprintf("and %d others", more))
	}
	return strings.Join(all, ", ")
}
