package inputs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// last is the last day that a round has to read.
func (r *exportReader) last() day {
	today := r.today()
	if r.config.to != 0 {
		return min(r.config.to, today)
	}
	return today
}

// openWindow opens the export of the next window of the event; false when the round has read all of it.
func (r *exportReader) openWindow(ctx context.Context) (bool, error) {
	e, opened := r.event, r.today()
	w, more := r.nextWindow()
	if !more {
		return false, nil
	}
	cursor, err := r.open(ctx, w)
	if reasonIs(err, clevertap.ReasonUnknownEvent, clevertap.ReasonNotExportable) {
		r.refuse(e.state.Event, err)
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w (opening an export)", err)
	}
	state := e.state
	state.Walk = &walk{From: w.from, To: w.to, Opened: opened, Cursor: cursor}
	if state.Kept, err = r.clear(ctx, opened); err != nil {
		return false, err
	}
	if err := r.store.saveCheckpoint(ctx, e.scope, &state); err != nil {
		return false, err
	}
	e.state, e.seen, e.untried = state, nil, true
	return true, nil
}

// nextWindow is what the round has to read next of the event, false if nothing.
func (r *exportReader) nextWindow() (window, bool) {
	e, start, last := r.event, r.start(r.event.state), r.last()
	if e.state.Position == 0 && e.begun {
		return window{}, false
	}
	maxDays := maxWindowDays
	if r.profiles {
		maxDays = 0
	}
	return windowFrom(start, last, maxDays), start <= last
}

// start is the first day that the round has to read.
func (r *exportReader) start(c checkpoint) day {
	if c.Position != 0 {
		return c.Position
	}
	return max(c.Next, r.config.from)
}

// drop removes from the store what was delivered of days that are closed, and returns the first that is not.
func (r *exportReader) clear(ctx context.Context, opened day) (day, error) {
	state, open := r.event.state, r.event.state.Next
	if r.profiles {
		open = opened.add(-r.config.lookback)
	}
	for ; state.Kept < open; state.Kept = state.Kept.add(1) {
		if err := r.event.seenLog.drop(ctx, state.Kept); err != nil {
			return state.Kept, err
		}
	}
	return state.Kept, nil
}

func (r *exportReader) open(ctx context.Context, w window) (cursor string, err error) {
	query := clevertap.ExportQuery{
		Event: r.event.state.Event, From: int(w.from), To: int(w.to), BatchSize: r.config.batchSize,
		App: true, Profile: r.profiles || r.config.includeProfile,
	}
	err = r.requests.try(ctx, "open the export", func(ctx context.Context) (err error) {
		cursor, err = r.requests.client.OpenExport(ctx, r.endpoint(), query)
		return err
	})
	return cursor, err
}

// loadWindow reads what was delivered of the window, and what the walk has met on the pages before the current one.
func (r *exportReader) loadWindow(ctx context.Context) error {
	e := r.event
	b := newSeenSet(r.profiles)
	w := e.state.Walk.window()
	if r.profiles {
		w = window{e.state.Walk.Opened.add(-r.config.lookback), e.state.Walk.Opened}
	}
	for _, d := range w.days() {
		if err := e.seenLog.load(ctx, d, b.load); err != nil {
			return err
		}
	}
	for page := 0; page < e.state.Walk.Page && !r.profiles; page++ {
		raw, err := r.store.get(ctx, walkKey(e.scope, page))
		if err != nil {
			return err
		}
		keys, whole := unseal(raw)
		if !whole {
			// Without it equal records could not be told apart, so the window has to be read from its start.
			return r.restart(ctx, errors.New("a page of the walk is missing in the cache"))
		}
		b.meet(keys)
	}
	e.seen, e.begun = b, true
	e.cursors = map[[sha256.Size]byte]bool{sha256.Sum256([]byte(e.state.Walk.Cursor)): true}
	return nil
}
