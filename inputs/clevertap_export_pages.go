package inputs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

var errCursorRepeats = errors.New("cursor_repeats: a page names a cursor that came before, so the export would never end")

// fetch reads the page of the current cursor and compares it with the book. It returns nil when the window has to be
// read from its start.
func (r *exportReader) fetch(ctx context.Context) (*exportDelivery, error) {
	e := r.event
	if e.state.Walk == nil {
		return nil, nil
	}
	var page clevertap.Page
	err := r.requests.try(ctx, "read a page", func(ctx context.Context) (err error) {
		page, err = r.requests.client.ExportPage(ctx, r.endpoint(), e.state.Walk.Cursor)
		return err
	})
	switch {
	case reasonIs(err, clevertap.ReasonInvalidCursor):
		return nil, r.restart(ctx, err)
	case err != nil:
		return nil, fmt.Errorf("%w (reading a page)", err)
	case page.Next != "" && e.cursors[sha256.Sum256([]byte(page.Next))]:
		e.untried = true // an error, not a mere restart
		return nil, r.restart(ctx, errCursorRepeats)
	}
	e.untried = false
	items, err := e.book.look(page.Records, e.state.Walk)
	if err != nil {
		return nil, fmt.Errorf("%w (reading a page)", err)
	}
	return &exportDelivery{items: items, next: page.Next, done: make(chan struct{})}, nil
}

// restart forgets the walk: the window is read again, and what the book has is skipped. That is an error only if the
// cursor was a new one, since it would go on for ever.
func (r *exportReader) restart(ctx context.Context, cause error) error {
	e := r.event
	state := e.state.again()
	if err := r.store.saveCheckpoint(ctx, e.scope, &state); err != nil {
		return err
	}
	e.state, e.book = state, nil
	r.metrics.restarts.Incr(1)
	if e.untried {
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
		if err := e.shelf.add(ctx, booked, e.book.entries(items)); err != nil {
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
	r.metrics.page(fresh, len(d.items)-fresh)
	e.book.enter(d.items)
	e.cursors[sha256.Sum256([]byte(d.next))] = true
	finished := e.state.Walk.window()
	e.state = state
	if state.Walk == nil {
		e.book = nil
		r.tidy(ctx, finished, page)
	}
	return nil
}

// tidy removes what nobody will ask for any more. What it cannot remove costs space only, so that is no failure.
func (r *exportReader) tidy(ctx context.Context, finished window, pages int) {
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
			note(e.shelf.clear(ctx, d))
		} else {
			note(e.shelf.join(ctx, d))
		}
	}
	if failed != nil {
		r.log.Debugf("Removing what is no longer needed from the cache: %v", failed)
	}
}
