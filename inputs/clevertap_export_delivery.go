package inputs

import (
	"context"
	"strconv"
	"sync"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// The metadata that the processor clevertap_to_segment reads.
const (
	metaAccountID  = "clevertap_account_id"
	metaEventName  = "clevertap_event_name"
	metaTimezone   = "clevertap_timezone"
	metaDay        = "clevertap_day"
	metaOccurrence = "clevertap_occurrence"
	metaSource     = "clevertap_source"
)

// exportDelivery is a page between its reading and its checkpoint.
type exportDelivery struct {
	items []exportItem
	next  string // the cursor behind it
	// done is closed when the page was acknowledged or given back. committed tells afterwards whether the checkpoint
	// was moved, acked whether it should have been.
	done             chan struct{}
	once             sync.Once
	acked, committed bool
	failure          error
}

// ackFunc moves the checkpoint when the whole page was delivered, once.
func (r *exportReader) ackFunc(d *exportDelivery) service.AckFunc {
	return func(ctx context.Context, nack error) error {
		d.once.Do(func() {
			defer close(d.done)
			if nack != nil {
				return
			}
			d.acked = true
			d.failure = r.commit(ctx, d)
			d.committed = d.failure == nil
		})
		<-d.done
		return d.failure
	}
}

// messages makes a message of every record that was not delivered before, and lets go of all records: the messages may
// hold copies of them.
func (r *exportReader) messages(items []exportItem) service.MessageBatch {
	var batch service.MessageBatch
	for i := range items {
		item := &items[i]
		record := item.record
		item.record = nil
		if !item.fresh {
			continue
		}
		if !r.profiles {
			record = clevertap.WithEventName(record, r.event.state.Event)
		}
		message := service.NewMessage(record)
		message.MetaSet(metaAccountID, r.config.account.AccountID)
		message.MetaSet(metaTimezone, r.config.zone.String())
		message.MetaSet(metaOccurrence, strconv.Itoa(item.occurrence))
		message.MetaSet(metaSource, r.source())
		if !r.profiles {
			message.MetaSet(metaEventName, r.event.state.Event)
		}
		if item.day != 0 {
			message.MetaSet(metaDay, item.day.String())
		}
		batch = append(batch, message)
	}
	return batch
}
