package outputs

import (
	"runtime"
	"time"
)

const (
	// clevertapHandOver is how long the engine is given to tell the source of so many messages that their write has
	// returned, before that of a batch behind it may return. It passes the news on message by message, through some
	// goroutines, and gives no sign when that is done. A thousand take it 6 ms on two cores. More would slow down: only a
	// hundred batches that share an id each with the next can return in a second.
	clevertapHandOver         = 10 * time.Millisecond
	clevertapHandOverMessages = 1000
	// clevertapHandOverNaps is in how many naps that time passes. A process that gets no CPU time passes nothing on, and
	// finds a single nap over when it gets some; of many it has to take each, and all that is ready runs in between.
	// BenchmarkHandOver counts how often it was too short.
	clevertapHandOverNaps = 10
)

// clevertapLine is the line of the records that carry one id.
type clevertapLine struct {
	id   string
	last *clevertapPlace
	// holder is the latest batch with a record in the line. There is one until it is released, and the line ends with it.
	holder *clevertapDelivery
}

// clevertapPlace is an item's place in a line.
type clevertapPlace struct {
	item           *clevertapItem
	line           *clevertapLine
	before, behind *clevertapPlace
}

// line puts an item at the end of the line of an id, once. The places never move: there is room for one per id.
func (q *clevertapQueue) line(item *clevertapItem, id string) {
	line := q.lines[id]
	if line == nil {
		line = q.open(id)
	}
	before := line.last
	if before != nil && before.item == item {
		return
	}
	item.places = append(item.places, clevertapPlace{item: item, line: line, before: before})
	line.last = &item.places[len(item.places)-1]
	if before != nil {
		before.behind = line.last
	}
	item.delivery.hold(line)
}

// open starts the line of an id. Lines are used again: there are thousands of new ones per second.
func (q *clevertapQueue) open(id string) (line *clevertapLine) {
	if n := len(q.spare); n > 0 {
		line, q.spare = q.spare[n-1], q.spare[:n-1]
	} else {
		line = &clevertapLine{}
	}
	line.id = id
	q.lines[id] = line
	return line
}

// leave takes a decided item out of its lines, and wakes whoever may have waited for that.
func (q *clevertapQueue) leave(item *clevertapItem) {
	for p := range item.places {
		item.places[p].leave()
	}
	if item.delivery.undecided--; item.delivery.undecided == 0 {
		item.delivery.wake()
	}
}

func (p *clevertapPlace) leave() {
	before, behind := p.before, p.behind
	if before != nil {
		before.behind = behind
	}
	if behind == nil {
		p.line.last = before
		return
	}
	behind.before = before
	if before == nil && behind.item.request == nil {
		behind.item.delivery.wake()
	}
}

// hold makes the batch the holder of a line. It will return after the one that was.
func (d *clevertapDelivery) hold(line *clevertapLine) {
	before := line.holder
	if before == d {
		return
	}
	line.holder = d
	d.lines = append(d.lines, line)
	// Batches join one after the other: if this one waits for that one already, it was the last to do so.
	if before == nil || len(before.later) > 0 && before.later[len(before.later)-1] == d {
		return
	}
	before.later = append(before.later, d)
	d.earlier++
}

// mayReturn tells whether the fate of all records is known and each earlier batch that shares an id is released. A batch
// that was interrupted waits for none: its source has been stopped before, and is told nothing any more.
func (d *clevertapDelivery) mayReturn() bool {
	return d.undecided == 0 && (d.earlier == 0 || d.stop != nil && interrupted(d.stop))
}

// returns is called when the write of a batch returns, and releases it when the engine has had time to tell the source.
func (q *clevertapQueue) returns(d *clevertapDelivery) {
	if len(d.lines) == 0 {
		return
	}
	naps := clevertapHandOverNaps * (1 + (len(d.batch)-1)/clevertapHandOverMessages)
	afterNaps(naps, q.handOver/clevertapHandOverNaps, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		d.returned = true
		q.release(d)
	})
}

// afterNaps calls a function after so many naps, between which all that is ready runs.
func afterNaps(naps int, nap time.Duration, wake func()) {
	time.AfterFunc(nap, func() {
		runtime.Gosched()
		if naps > 1 {
			afterNaps(naps-1, nap, wake)
			return
		}
		wake()
	})
}

// release lets go of the lines of a batch that has returned, and of the batches behind it. One that was interrupted while
// it waited is released with those before it.
func (q *clevertapQueue) release(d *clevertapDelivery) {
	if !d.returned || d.earlier > 0 {
		return
	}
	for _, line := range d.lines {
		if line.holder == d {
			delete(q.lines, line.id)
			*line = clevertapLine{}
			q.spare = append(q.spare, line)
		}
	}
	for _, later := range d.later {
		if later.earlier--; later.earlier == 0 {
			later.wake()
			q.release(later)
		}
	}
	d.lines, d.later = nil, nil
}
