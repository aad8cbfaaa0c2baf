package inputs

// windowProgress counts what this process has read of a window.
type windowProgress struct {
	pages, records, fresh int
}

func (p *windowProgress) add(records, fresh int) {
	p.pages++
	p.records += records
	p.fresh += fresh
}

// finished logs that a window was read, and what the round has yet to read.
func (r *exportReader) finished(w window) {
	read := r.event.read
	r.event.read = windowProgress{}
	days := r.daysLeft(w.to.add(1))
	r.metrics.daysLeft(r.event.state.Event, days)
	r.log.Infof("%s: read the event %q from %v to %v: %d pages, %d records, %d of them new; %d days of it and %d other events are left",
		r.component(), r.event.state.Event, w.from, w.to, read.pages, read.records, read.fresh, days, len(r.names)-r.at-1)
}

// daysLeft is how many days a round has to read from a day on.
func (r *exportReader) daysLeft(from day) int { return len(window{from, r.last()}.days()) }
