package inputs

import (
	"encoding/json"
	"fmt"
)

const checkpointVersion = 1

var errTorn = &exportError{reason: reasonCheckpointUnusable, text: "it is incomplete"}

// checkpoint is how far the export of one event has come.
type checkpoint struct {
	Version int `json:"version"`
	// Written counts the checkpoints of this event, so that the newer of two is known.
	Written uint64 `json:"written"`
	// Event and Timezone are what it is about: with another zone, days would mean other records.
	Event    string `json:"event"`
	Timezone string `json:"timezone"`
	// Next is the first day for which records may still arrive: every round begins there.
	Next day `json:"next"`
	// Position is the first day that the round under way has not read, 0 if it has read all.
	Position day `json:"position,omitempty"`
	// Kept is the first day that the seen set may hold something of.
	Kept day `json:"kept"`
	// Walk is the window under way.
	Walk *walk `json:"walk,omitempty"`
}

// walk is the way through the pages of one window.
type walk struct {
	From day `json:"from"`
	To   day `json:"to"`
	// Opened is the day on which the export was opened: it holds what had arrived by then.
	Opened day `json:"opened"`
	// Cursor is that of the page to read next, and Page its number.
	Cursor string `json:"cursor"`
	Page   int    `json:"page"`
}

func (w *walk) window() window { return window{w.From, w.To} }

func (c checkpoint) encode() ([]byte, error) { return json.Marshal(c) }

func decodeCheckpoint(raw []byte) (c checkpoint, err error) {
	if err := json.Unmarshal(raw, &c); err != nil {
		return checkpoint{}, errTorn
	}
	if c.Version != checkpointVersion {
		return checkpoint{}, &exportError{reason: reasonCheckpointUnusable,
			text: fmt.Sprintf("it has version %d, this program knows %d", c.Version, checkpointVersion)}
	}
	return c, nil
}

// after is the checkpoint behind a page that was delivered. `last` is the last day that the round has to read.
func (c checkpoint) after(next string, last day, lookback int) checkpoint {
	step := *c.Walk
	if next != "" {
		step.Cursor = next
		step.Page++
		c.Walk = &step
		return c
	}
	c.Walk = nil
	c.Next = max(c.Next, step.window().openUntil(step.Opened, lookback))
	c.Position = 0
	if step.To < last {
		c.Position = step.To.add(1)
	}
	return c
}

// again is the checkpoint for reading the window from its start, after its cursor has gone.
func (c checkpoint) again() checkpoint {
	c.Position = c.Walk.From
	c.Walk = nil
	return c
}
