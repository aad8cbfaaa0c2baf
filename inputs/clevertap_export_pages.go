package inputs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

var errCursorRepeats = &exportError{reason: reasonCursorRepeats, text: "a page names a cursor that came before, so the export would never end"}

// fetch reads the page of the current cursor and compares it with the seen set. It returns nil when the window has to be
// read from its start.
func (r *exportReader) fetch(ctx context.Context) (*exportDelivery, error) {
	e := r.event
	if e.state.Walk == nil {
		return nil, nil
	}
	d, err := r.fetchPage(ctx)
	switch {
	case err == nil:
		e.untried = false
		return d, nil
	case reasonIs(err, clevertap.ReasonInvalidCursor):
		return nil, r.restart(ctx, err)
	case r.mayPass(err):
		return nil, fmt.Errorf("%w (reading a page)", err)
	}
	// The same cursor would lead there again.
	e.untried = true
	return nil, r.restart(ctx, err)
}

func (r *exportReader) fetchPage(ctx context.Context) (*exportDelivery, error) {
	e := r.event
	var page clevertap.Page
	err := r.requests.try(ctx, "read a page", func(ctx context.Context) (err error) {
		page, err = r.requests.client.ExportPage(ctx, r.endpoint(), e.state.Walk.Cursor)
		return err
	})
	if err != nil {
		return nil, err
	}
	if page.Next != "" && e.cursors[sha256.Sum256([]byte(page.Next))] {
		return nil, errCursorRepeats
	}
	items, err := e.seen.look(page.Records, e.state.Walk)
	if err != nil {
		return nil, err
	}
	return &exportDelivery{items: items, next: page.Next, done: make(chan struct{})}, nil
}

// mayPass tells whether the same cursor may lead to a page later.
func (r *exportReader) mayPass(err error) bool {
	var failed *clevertap.Error
	if errors.As(err, &failed) {
		return failed.Transient() || failed.Unauthorized()
	}
	var own *exportError
	return !errors.As(err, &own)
}

// maxRestarts is how often a window is read again without anything new in between.
const maxRestarts = 3

// restart forgets the walk: the window is read again, and what the seen set has is skipped. That is an error if the cursor
// was a new one, or if it keeps happening, since it would go on forever.
func (r *exportReader) restart(ctx context.Context, cause error) error {
	e := r.event
	state := e.state.again()
	if err := r.store.saveCheckpoint(ctx, e.scope, &state); err != nil {
		return err
	}
	e.state, e.seen = state, nil
	r.metrics.restarts.Incr(1)
	if e.restarts++; e.untried || e.restarts > maxRestarts {
		return fmt.Errorf("%w (reading a page)", cause)
	}
	r.log.Infof("Reading the export of %q again from %v: %v", state.Event, state.Position, cause)
	return nil
}

// commit notes that a page was delivered: first what was delivered, then what was met, then the checkpoint. A process
// that ends in between repeats the page, or at least its reading.
func (r *exportReader) commit(ctx context.Context, d *exportDelivery) error {
	e := r.event
	perDay, fresh := map[day][]exportItem{}, 0
	for _, item := range d.items {
		if item.fresh {
			perDay[item.booked] = append(perDay[item.booked], item)
			fresh++
		}
	}
	for booked, items := range perDay {
		if err := e.seenLog.add(ctx, booked, e.seen.entries(items)); err != nil {
			return err
		}
	}
	page := e.state.Walk.Page
	if d.next != "" && !r.profiles {
		if err := r.store.set(ctx, walkKey(e.scope, page), seal(keysOf(d.items))); err != nil {
			return err
		}
	}
	state := e.state.after(d.next, r.last(), r.config.lookback)
	if err := r.store.saveCheckpoint(ctx, e.scope, &state); err != nil {
		return err
	}
	if fresh > 0 {
		e.restarts = 0
	}
	e.read.add(len(d.items), fresh)
	r.metrics.page(state.Event, fresh, len(d.items)-fresh)
	e.seen.enter(d.items)
	e.cursors[sha256.Sum256([]byte(d.next))] = true
	finished := e.state.Walk.window()
	e.state = state
	if state.Walk == nil {
		e.seen, e.restarts = nil, 0
		r.cleanup(ctx, finished, page)
		r.finished(finished)
	}
	return nil
}

// cleanup removes what nobody will ask for any more. What it cannot remove costs space only, so that is no failure.
func (r *exportReader) cleanup(ctx context.Context, finished window, pages int) {
	e := r.event
	var failed error
	note := func(err error) {
		if err != nil {
			failed = err
		}
	}
	for page := 0; page < pages && !r.profiles; page++ {
		note(r.store.remove(ctx, walkKey(e.scope, page)))
	}
	first := e.state.Next
	if r.profiles {
		first = r.today().add(-r.config.lookback)
		finished = window{first, r.today()}
	}
	for _, d := range finished.days() {
		if d < first {
			note(e.seenLog.drop(ctx, d))
		} else {
			note(e.seenLog.compact(ctx, d))
		}
	}
	if failed != nil {
		r.log.Debugf("Removing what is no longer needed from the cache: %v", failed)
	}
}
