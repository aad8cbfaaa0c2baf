package main

import "sync"

// fate is what became of one call.
type fate struct {
	arrived  int  // how often
	refused  bool // at least one attempt was not answered 200
	accepted bool // answered 200
	early    bool // answered 200 before it had arrived
}

// ledger keeps the fates of calls by message id.
type ledger struct {
	mu    sync.Mutex // guards fates
	fates map[string]*fate
}

func newLedger() *ledger { return &ledger{fates: map[string]*fate{}} }

func (l *ledger) each(ids []string, change func(*fate)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		f := l.fates[id]
		if f == nil {
			f = &fate{}
			l.fates[id] = f
		}
		change(f)
	}
}

func (l *ledger) arrive(ids []string) { l.each(ids, func(f *fate) { f.arrived++ }) }
func (l *ledger) refuse(ids []string) { l.each(ids, func(f *fate) { f.refused = true }) }

func (l *ledger) accept(ids []string) {
	l.each(ids, func(f *fate) {
		f.accepted = true
		f.early = f.arrived == 0
	})
}

// balance sums the fates up, in calls.
type balance struct {
	sent, accepted int
	lost           int // answered 200 without having arrived
	repeated       int // arrivals beyond the first
	unfounded      int // of these, arrivals of calls that were answered 200 at once
}

func (l *ledger) balance() (b balance) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.fates {
		b.sent++
		if f.accepted {
			b.accepted++
		}
		if f.accepted && (f.early || f.arrived == 0) {
			b.lost++
		}
		if f.arrived > 1 {
			b.repeated += f.arrived - 1
			if !f.refused {
				b.unfounded += f.arrived - 1
			}
		}
	}
	return b
}
