package inputs

import (
	"context"
	"sync/atomic"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
)

const shDroppedDuplicate = "duplicate"

// deliver hands the calls over, but for those that were delivered before or are being delivered.
func (h *segmentHTTPHandler) deliver(until patience, calls *received, held *share, answers shAnswers) *shAnswer {
	batch, ids, claimed := calls.batch, calls.ids, &claim{}
	if h.dedupe != nil {
		ctx, done := context.WithDeadline(context.Background(), until.deadline)
		defer done()
		var fresh []bool
		fresh, claimed = h.dedupe.claim(ctx, ids)
		batch, ids = h.only(batch, ids, fresh)
	}
	outcome := delivered
	if len(batch) == 0 {
		held.give()
	} else {
		limitWaiting(batch, metadata.NewWaiting(until.deadline.Add(-h.config.timeout/2), h.config.timeout/8))
		held.passOn()
		outcome = h.handover.deliver(until, h.parcels(batch, ids, claimed, held)...)
	}
	if outcome == delivered {
		outcome = claimed.wait(until, h.handover.stopped)
	}
	if outcome == delivered {
		return calls.rejected.success()
	}
	return answers.of[outcome]
}

// limitWaiting has components behind leave half of the timeout for the delivery.
func limitWaiting(batch service.MessageBatch, w *metadata.Waiting) {
	for _, msg := range batch {
		metadata.LimitWaiting(msg, w)
	}
}

// parcels are the calls on their way to the pipeline, wave by wave.
func (h *segmentHTTPHandler) parcels(batch service.MessageBatch, ids []callID, claimed *claim, held *share) (waves [][]*parcel) {
	var open atomic.Int64
	settled := func(ids []callID) func(context.Context, error) {
		open.Add(1)
		return func(ctx context.Context, err error) {
			if open.Add(-1) == 0 {
				held.give()
			}
			if h.dedupe != nil {
				h.dedupe.settle(ctx, claimed, ids, err == nil)
			}
		}
	}
	for _, wave := range wavesOf(batch, ids) {
		parcels := make([]*parcel, len(wave))
		for i, batch := range wave {
			parcels[i] = newParcel(batch.messages, settled(batch.ids))
		}
		waves = append(waves, parcels)
	}
	return waves
}

// only leaves out the calls that are not fresh.
func (h *segmentHTTPHandler) only(batch service.MessageBatch, ids []callID, fresh []bool) (kept service.MessageBatch, keptIDs []callID) {
	for i, msg := range batch {
		if fresh[i] {
			kept, keptIDs = append(kept, msg), append(keptIDs, ids[i])
		} else {
			h.metrics.dropped.Incr(1, shDroppedDuplicate)
		}
	}
	return kept, keptIDs
}
