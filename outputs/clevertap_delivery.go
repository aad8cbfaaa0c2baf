package outputs

import (
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

const (
	clevertapName = "clevertap"

	// reasonHeldBack is one that only the output can have; the others are the client's.
	reasonHeldBack = "held_back"
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

// clevertapDelivery keeps the books of one batch: which messages failed, and which people may not be touched any more
// because an earlier record about them may not have arrived.
type clevertapDelivery struct {
	failedMessages
	blocked map[string]struct{}
	stop    *failure
}

func newClevertapDelivery(batch service.MessageBatch) *clevertapDelivery {
	return &clevertapDelivery{failedMessages: failedMessages{component: clevertapName, batch: batch}, blocked: map[string]struct{}{}}
}

// lose fails messages which may or may not arrive later, in a retry by somebody else: what follows them has to wait.
func (d *clevertapDelivery) lose(items []clevertapItem, why *failure) {
	for _, item := range items {
		d.reject(item.index, why)
		d.block(item)
	}
}

func (d *clevertapDelivery) block(item clevertapItem) {
	for _, id := range item.record.IDs {
		d.blocked[id] = struct{}{}
	}
}

// holdBack returns the items that may be sent, and fails those that would overtake an earlier record.
func (d *clevertapDelivery) holdBack(items []clevertapItem) []clevertapItem {
	if len(d.blocked) == 0 {
		return items
	}
	free := make([]clevertapItem, 0, len(items))
	for _, item := range items {
		if d.isBlocked(item) {
			d.lose([]clevertapItem{item}, newClevertapFailure(reasonHeldBack, "an earlier record of the same person was not delivered"))
			continue
		}
		free = append(free, item)
	}
	return free
}

func (d *clevertapDelivery) isBlocked(item clevertapItem) bool {
	for _, id := range item.record.IDs {
		if _, blocked := d.blocked[id]; blocked {
			return true
		}
	}
	return false
}
