package inputs

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// exportEvent is the event under way.
type exportEvent struct {
	scope string
	state checkpoint
	// begun is true once this round has read anything of it.
	begun   bool
	seenLog *seenLog
	seen    *seenSet // nil until the window under way is loaded
	// cursors are hashes of those of the walk, as far as this process has seen them.
	cursors map[[sha256.Size]byte]bool
	// untried is true while a cursor that this process was given has not led to a page.
	untried bool
	// restarts counts those of the window since anything new was delivered.
	restarts int
	read     windowProgress
}

// advance makes sure that there is a page to read, if need be by waiting for the next round.
func (r *exportReader) advance(ctx context.Context) error {
	for {
		if r.event == nil {
			if err := r.nextEvent(ctx); err != nil {
				return err
			}
		}
		if r.event.state.Walk == nil {
			opened, err := r.openWindow(ctx)
			if err != nil {
				return err
			}
			if !opened {
				r.unfinished = r.unfinished || r.config.to == 0 || r.event.state.Next <= r.config.to
				r.recovered(r.event.state.Event)
				r.leave()
				continue
			}
		}
		if r.event.seen != nil {
			return nil
		}
		return r.loadWindow(ctx)
	}
}

// nextEvent begins with the next event, if need be that of the next round after a pause.
func (r *exportReader) nextEvent(ctx context.Context) error {
	for r.at >= len(r.names) {
		if err := r.pause(ctx); err != nil {
			return err
		}
		if err := r.beginRound(ctx); err != nil {
			return err
		}
	}
	return r.beginEvent(ctx, r.names[r.at])
}

func (r *exportReader) beginEvent(ctx context.Context, name string) error {
	e := &exportEvent{scope: r.store.scope(name)}
	state, found, err := r.store.checkpoint(ctx, e.scope)
	if err != nil {
		return err
	}
	if !found {
		state = r.firstCheckpoint(name)
	}
	if state.Timezone != r.config.zone.String() {
		return &exportError{reason: reasonCheckpointUnusable, text: fmt.Sprintf("it is for the time zone %s: set it again, or choose another %s to read everything in the new one",
			state.Timezone, cxFieldCacheKey)}
	}
	e.state = state
	e.seenLog = newSeenLog(r.store, e.scope)
	if r.profiles {
		// A person may have raised several events, and is delivered once.
		e.seenLog = newSeenLog(r.store, r.store.prefix)
	}
	r.event = e
	r.metrics.begin(name, r.daysLeft(r.start(state)))
	return nil
}

func (r *exportReader) firstCheckpoint(event string) checkpoint {
	c := checkpoint{
		Version: checkpointVersion, Event: event, Timezone: r.config.zone.String(),
		Next: r.config.from, Kept: r.config.from,
	}
	if r.profiles {
		// Their seen set is kept by the day of the export.
		c.Kept = r.today()
	}
	return c
}

// exportTries is how often an input that reads once tries an event that cannot be read.
const exportTries = 3

// pause waits for the next round, or ends the input when there will be none: all is read once, or for good.
func (r *exportReader) pause(ctx context.Context) error {
	switch {
	case r.rounds == 0:
		return nil
	case r.config.poll == 0 && len(r.failing) > 0 && r.rounds < exportTries:
		return sleep(ctx, r.requests.pace.again)
	case r.config.poll == 0, !r.unfinished && len(r.failing) == 0:
		return r.end()
	}
	return sleep(ctx, r.config.poll)
}

func (r *exportReader) beginRound(ctx context.Context) error {
	names, err := r.roundNames(ctx)
	if err != nil {
		return err
	}
	r.names, r.at = names, 0
	r.rounds++
	r.unfinished = len(names) == 0 && len(r.config.names) == 0
	r.metrics.left.Set(int64(len(names)))
	return nil
}

// roundNames are the events to read: all of them, those last that could not be read before, or only these where all is
// read once.
func (r *exportReader) roundNames(ctx context.Context) ([]string, error) {
	if r.config.poll == 0 && r.rounds > 0 {
		return r.failingOf(r.names), nil
	}
	names := r.config.names
	if len(names) == 0 {
		err := r.requests.try(ctx, "list the events", func(ctx context.Context) (err error) {
			names, err = r.requests.client.EventNames(ctx)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%w (listing the events)", err)
		}
	}
	for event := range r.failing {
		if !slices.Contains(names, event) {
			r.forget(event)
		}
	}
	healthy := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return r.refused[name] == clevertap.ReasonNotExportable || r.failing[name] != ""
	})
	return append(healthy, r.failingOf(names)...), nil
}

func (r *exportReader) failingOf(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return r.failing[name] == "" })
}

// refuse logs once that an event is skipped.
func (r *exportReader) refuse(event string, err error) {
	reason, _ := clevertap.ReasonOf(err)
	r.metrics.skip(reason)
	r.forget(event)
	if r.refused[event] == reason {
		return
	}
	r.refused[event] = reason
	if len(r.config.names) == 0 {
		r.log.Debugf("%s: %v: skipping the event %q", r.component(), err, event)
		return
	}
	r.log.Warnf("%s: %v: skipping the event %q: compare the name with the dashboard's, or leave it out of event_names", r.component(), err, event)
}
