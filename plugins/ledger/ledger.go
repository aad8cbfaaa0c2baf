// Package ledger keeps the books of a fault test: which messages were put into a source, what became of each, and what
// that says about loss, repeats and order. It knows neither pipelines nor services.
//
// Messages are numbered from 0 in the order in which they were sent, and belong to people in turn: message n is the
// (n / people)-th of person n % people. So a number found anywhere, at the server or in a dead letter, says everything.
package ledger

import "sync"

// Ledger keeps the books of one test. It is safe for concurrent use.
type Ledger struct {
	mu       sync.Mutex
	people   int
	messages []message
	// highest and latest are, by person, the message with the highest number that was accepted, and the one that was
	// accepted last: -1 for none.
	highest, latest []int
	// overtaken and outdated are those of the report.
	overtaken, outdated []int
	strangers           int
}

// message is the account of one number.
type message struct {
	// ends are all the times it was accepted or came to the dead letter.
	ends []end
	// deferred: the server has asked to send it again, alone, after others of its request were accepted.
	deferred bool
	// again is how often the source has given it out again by right.
	again int
}

// end is one time a message reached an end.
type end struct {
	process int
	dead    bool
	// excused: the process cannot have known, or could not tell its source. A repeat is then permitted.
	excused bool
}

// New opens the books for a number of messages of a number of people.
func New(messages, people int) *Ledger {
	l := &Ledger{
		people: people, messages: make([]message, messages),
		highest: make([]int, people), latest: make([]int, people),
	}
	for p := range people {
		l.highest[p], l.latest[p] = -1, -1
	}
	return l
}

// Accepted enters messages that the server has accepted from a process, in the order of the request.
func (l *Ledger) Accepted(process int, numbers ...int) {
	l.enter(numbers, func(n int, m *message) {
		highest, latest := &l.highest[n%l.people], &l.latest[n%l.people]
		switch {
		case len(m.accepted()) > 0:
		case *highest > n && !m.deferred:
			l.overtaken = append(l.overtaken, n)
		case *highest < n && *highest != *latest && !l.messages[*highest].deferred && !l.messages[*latest].deferred:
			l.outdated = append(l.outdated, *highest)
		}
		*highest, *latest = max(*highest, n), n
		m.ends = append(m.ends, end{process: process})
	})
}

// Deferred enters messages that the server has refused for now, each by itself: those behind them may go first.
func (l *Ledger) Deferred(numbers ...int) {
	l.enter(numbers, func(_ int, m *message) { m.deferred = true })
}

// DeadLetter enters messages that a process has written to its dead letter.
func (l *Ledger) DeadLetter(process int, numbers ...int) {
	l.enter(numbers, func(_ int, m *message) { m.ends = append(m.ends, end{process: process, dead: true}) })
}

// ReplyLost enters that a process has not got the answer to the request in which these messages were accepted last.
func (l *Ledger) ReplyLost(process int, numbers ...int) {
	l.enter(numbers, func(_ int, m *message) {
		for i := len(m.ends) - 1; i >= 0; i-- {
			if m.ends[i].process == process && !m.ends[i].dead {
				m.ends[i].excused = true
				return
			}
		}
	})
}

// Crash enters that a process has ended while the source still held these messages as not acknowledged: what the
// process had done with them, the source did not learn.
func (l *Ledger) Crash(process int, unacknowledged ...int) {
	l.enter(unacknowledged, func(_ int, m *message) {
		for i := range m.ends {
			if m.ends[i].process == process {
				m.ends[i].excused = true
			}
		}
	})
}

// GivenAgain enters that the source gives out messages once more, because it was not told that they had arrived.
func (l *Ledger) GivenAgain(numbers ...int) {
	l.enter(numbers, func(_ int, m *message) { m.again++ })
}

func (l *Ledger) enter(numbers []int, change func(n int, m *message)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range numbers {
		if n < 0 || n >= len(l.messages) {
			l.strangers++
			continue
		}
		change(n, &l.messages[n])
	}
}

func (m *message) accepted() []end {
	var all []end
	for _, e := range m.ends {
		if !e.dead {
			all = append(all, e)
		}
	}
	return all
}

// Messages is how many there are.
func (l *Ledger) Messages() int { return len(l.messages) }

// Ended counts the messages that have reached an end.
func (l *Ledger) Ended() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for i := range l.messages {
		if len(l.messages[i].ends) > 0 {
			n++
		}
	}
	return n
}
