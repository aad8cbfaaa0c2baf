package ledger

import (
	"errors"
	"fmt"
	"strings"
)

// Report is what the books say.
type Report struct {
	Messages, Accepted, Dead int
	// Lost are messages that were neither accepted nor in a dead letter.
	Lost []int
	// Repeats counts ends after the first of a message. Bound is how many of them lost replies and crashes permit.
	Repeats, Bound int
	// Unexcused are messages that were repeated more often than that.
	Unexcused []int
	// Overtaken are messages whose first acceptance came after that of a later message of the same person, without the
	// server having asked for it.
	Overtaken []int
	// Stale are people for whom another message than their last accepted one was accepted last.
	Stale []int
	// Outdated are messages of which an older one of their person came again, and they did not before a new one came: until
	// then the person had an old value.
	Outdated []int
	// Strangers counts numbers that were never sent.
	Strangers int
}

// Report closes nothing: it can be asked at any time.
func (l *Ledger) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := Report{Messages: len(l.messages), Overtaken: append([]int(nil), l.overtaken...), Outdated: append([]int(nil), l.outdated...), Strangers: l.strangers}
	for n := range l.messages {
		r.add(n, l.messages[n])
	}
	for person, n := range l.latest {
		if n != l.highest[person] && !l.messages[n].deferred {
			r.Stale = append(r.Stale, person)
		}
	}
	return r
}

func (r *Report) add(n int, m message) {
	ends := m.ends
	if len(ends) == 0 {
		r.Lost = append(r.Lost, n)
		return
	}
	excused := m.again
	for _, e := range ends {
		if e.dead {
			r.Dead++
		} else {
			r.Accepted++
		}
		if e.excused {
			excused++
		}
	}
	r.Repeats += len(ends) - 1
	r.Bound += excused
	if len(ends)-1 > excused {
		r.Unexcused = append(r.Unexcused, n)
	}
}

// Lossless returns an error unless everything arrived, nothing was invented, and each repeat has an excuse.
func (r Report) Lossless() error {
	var wrong []error
	if len(r.Lost) > 0 {
		wrong = append(wrong, fmt.Errorf("%d messages lost, such as %v", len(r.Lost), first(r.Lost)))
	}
	if len(r.Unexcused) > 0 {
		wrong = append(wrong, fmt.Errorf("%d messages repeated without an excuse, such as %v", len(r.Unexcused), first(r.Unexcused)))
	}
	if r.Strangers > 0 {
		wrong = append(wrong, fmt.Errorf("%d messages that were never sent", r.Strangers))
	}
	return errors.Join(wrong...)
}

// Ordered returns an error unless the messages of each person were accepted in their order.
func (r Report) Ordered() error {
	var wrong []error
	if len(r.Overtaken) > 0 {
		wrong = append(wrong, fmt.Errorf("%d messages overtaken by a later one of their person, such as %v", len(r.Overtaken), first(r.Overtaken)))
	}
	if len(r.Outdated) > 0 {
		wrong = append(wrong, fmt.Errorf("%d messages undone by an older one that came again alone, such as %v", len(r.Outdated), first(r.Outdated)))
	}
	if len(r.Stale) > 0 {
		wrong = append(wrong, fmt.Errorf("%d people end with an old message, such as %v", len(r.Stale), first(r.Stale)))
	}
	return errors.Join(wrong...)
}

func first(numbers []int) []int { return numbers[:min(len(numbers), 10)] }

// String is the report in lines for people.
func (r Report) String() string {
	var b strings.Builder
	for _, line := range []struct {
		count int
		text  string
	}{
		{r.Messages, "messages sent"},
		{r.Accepted, "times accepted by the server"},
		{r.Dead, "times written to a dead letter"},
		{len(r.Lost), "lost"},
		{r.Repeats, fmt.Sprintf("repeats, of at most %d that lost replies and crashes permit", r.Bound)},
		{len(r.Unexcused), "repeated without such an excuse"},
		{len(r.Overtaken), "overtaken by a later message of the same person"},
		{len(r.Outdated), "undone for a while by an older message that came again alone"},
		{len(r.Stale), "people who end with an old message"},
	} {
		fmt.Fprintf(&b, "%10d %s\n", line.count, line.text)
	}
	return b.String()
}
