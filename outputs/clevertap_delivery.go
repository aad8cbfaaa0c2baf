package outputs

import (
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

const (
	clevertapName = "clevertap"

	// These are reasons that only the output can have; the others are the client's.
	reasonHeldBack         = "held_back"
	reasonDeleteNotAllowed = string(segment.DeleteNotAllowed)
)

func newClevertapFailure(reason, text string) *failure {
	return newFailure(clevertapName, reason, text)
}

// failureFrom puts the client's error into the output's words.
func failureFrom(err error) *failure {
	if reason, known := clevertap.ReasonOf(err); known {
		return &failure{component: clevertapName, reason: string(reason), text: err.Error(), cause: err}
	}
	f := newClevertapFailure(reasonStopped, "sending was interrupted")
	if !interrupted(err) {
		f = newClevertapFailure(string(clevertap.ReasonInvalidRecord), "the request cannot be built")
	}
	f.cause = err
	return f
}

// clevertapItem is a record until its fate is known.
type clevertapItem struct {
	delivery *clevertapDelivery
	// index is its place in the batch.
	index  int
	record clevertap.Record
	route  clevertapRoute
	// places are where it stands: in one line for each of its ids.
	places []clevertapPlace
	// request is the one that it was put into, nil while it waits.
	request *clevertapRequest
}

// mayJoin tells whether everything before the item is decided, or in the same request. It is enough to look at the next
// one in each line: that one was put there by the same rule.
func (i *clevertapItem) mayJoin(r *clevertapRequest) bool {
	for p := range i.places {
		if before := i.places[p].before; before != nil && before.item.request != r {
			return false
		}
	}
	return true
}

// clevertapDelivery keeps the books of one batch: which messages failed, and which people may not be touched any more
// because an earlier record about them may not have arrived.
type clevertapDelivery struct {
	failedMessages
	// waiting are the records that are in no request yet, in their order; undecided counts all whose fate is open.
	waiting   []*clevertapItem
	undecided int
	blocked   map[string]struct{}
	stop      *failure
	// lines are those that it holds or has held; earlier counts the batches that have to be released before it returns,
	// later are those that wait for it.
	lines    []*clevertapLine
	earlier  int
	later    []*clevertapDelivery
	returned bool
	// news holds a token when something has changed for the batch.
	news chan struct{}
}

// newClevertapDelivery reads the records of a batch; what is none fails by itself.
func newClevertapDelivery(batch service.MessageBatch) *clevertapDelivery {
	d := &clevertapDelivery{
		failedMessages: failedMessages{component: clevertapName, batch: batch},
		blocked:        map[string]struct{}{},
		news:           make(chan struct{}, 1),
		waiting:        make([]*clevertapItem, 0, len(batch)),
	}
	items := make([]clevertapItem, len(batch))
	for i, message := range batch {
		record, ok := d.read(i, message)
		if !ok {
			continue
		}
		items[i] = clevertapItem{delivery: d, index: i, record: record, route: routeOf(record)}
		d.waiting = append(d.waiting, &items[i])
	}
	d.undecided = len(d.waiting)
	d.makeRoom()
	return d
}

// makeRoom gives each item room for its places: one for each id.
func (d *clevertapDelivery) makeRoom() {
	ids := 0
	for _, item := range d.waiting {
		ids += len(item.record.IDs)
	}
	places := make([]clevertapPlace, ids)
	for _, item := range d.waiting {
		n := len(item.record.IDs)
		item.places, places = places[:0:n], places[n:]
	}
	d.lines = make([]*clevertapLine, 0, ids)
}

func (d *clevertapDelivery) read(index int, message *service.Message) (record clevertap.Record, ok bool) {
	if cause := message.GetError(); cause != nil {
		d.refuse(index, cause)
		return record, false
	}
	raw, err := message.AsBytes()
	if err != nil {
		d.reject(index, newClevertapFailure(string(clevertap.ReasonInvalidRecord), "not valid JSON"))
		return record, false
	}
	if record, err = clevertap.Inspect(raw); err != nil {
		d.reject(index, failureFrom(err))
		return record, false
	}
	if record.Kind == clevertap.KindDelete && !metadata.OriginOf(message).Sender().MayDelete() {
		d.reject(index, newClevertapFailure(reasonDeleteNotAllowed, "no webhook signature covers the call, so its sender may not delete people"))
		return record, false
	}
	return record, true
}

// lose fails a message which may or may not arrive later: what follows it in the batch has to wait.
func (d *clevertapDelivery) lose(item *clevertapItem, why *failure) {
	d.reject(item.index, why)
	for _, id := range item.record.IDs {
		d.blocked[id] = struct{}{}
	}
}

// obstacle is why an item may not be sent any more, nil if it may.
func (d *clevertapDelivery) obstacle(item *clevertapItem) *failure {
	if d.stop != nil || len(d.blocked) == 0 {
		return d.stop
	}
	for _, id := range item.record.IDs {
		if _, blocked := d.blocked[id]; blocked {
			return newClevertapFailure(reasonHeldBack, "an earlier record of the same person was not delivered")
		}
	}
	return nil
}

func (d *clevertapDelivery) wake() {
	select {
	case d.news <- struct{}{}:
	default:
	}
}
