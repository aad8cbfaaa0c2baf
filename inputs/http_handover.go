package inputs

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// outcome is what became of a batch that was handed to the pipeline. Only delivered says that nothing has to be sent
// again; after timedOut it may still be delivered.
type outcome int

const (
	delivered outcome = iota
	refused
	timedOut
	stopping
)

// handover gives the batches of requests to the pipeline and waits for what becomes of them.
type handover struct {
	// parcels has room for one of each request: to wait for the pipeline to take it, and then for the outcome, would be to
	// sleep and wake twice.
	parcels chan *parcel
	slots   chan struct{}

	draining, stopped chan struct{} // closed by drain and stop
	drain, stop       func()
}

// newHandover returns one that serves so many requests at once.
func newHandover(requests int) *handover {
	draining, stopped := make(chan struct{}), make(chan struct{})
	return &handover{
		parcels: make(chan *parcel, requests), slots: make(chan struct{}, requests),
		draining: draining, stopped: stopped,
		drain: sync.OnceFunc(func() { close(draining) }), stop: sync.OnceFunc(func() { close(stopped) }),
	}
}

// enter takes a slot, unless all are taken. Whoever has one calls leave.
func (h *handover) enter() bool {
	select {
	case h.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (h *handover) leave() { <-h.slots }

// parcel is a batch on its way to the pipeline and through it.
type parcel struct {
	batch service.MessageBatch
	// settled, if there is one, is called once with the outcome, be it the pipeline's or that it never got the batch.
	settled func(ctx context.Context, err error)
	taken   atomic.Bool
	once    sync.Once
	acked   chan error
}

func newParcel(batch service.MessageBatch, settled func(context.Context, error)) *parcel {
	return &parcel{batch: batch, settled: settled, acked: make(chan error, 1)}
}

// take is true for who comes first: the pipeline, which has it then, or its sender, who takes it back.
func (p *parcel) take() bool { return p.taken.CompareAndSwap(false, true) }

// ack keeps the first outcome; the sender may no longer be there to hear it.
func (p *parcel) ack(ctx context.Context, err error) error {
	p.once.Do(func() {
		if p.settled != nil {
			p.settled(ctx, err)
		}
		p.acked <- err
	})
	return nil
}

var errNotTaken = errors.New("the pipeline has not taken it")

// deliver hands the parcels of a request to the pipeline, wave by wave, and waits for the outcome of all: delivered, or the
// first other one, behind which no wave begins. What the pipeline has not taken when the wait is over, it never gets.
func (h *handover) deliver(until patience, waves ...[]*parcel) outcome {
	result := delivered
	for _, parcels := range waves {
		result = h.deliverWave(until, parcels, result)
	}
	return result
}

// deliverWave takes all parcels back if the waves before have not been delivered.
func (h *handover) deliverWave(until patience, parcels []*parcel, before outcome) outcome {
	given, result := before, before
	outcomes := make([]outcome, len(parcels))
	for i, p := range parcels {
		if given == delivered {
			given = h.give(until, p)
		}
		outcomes[i] = given
	}
	for i, p := range parcels {
		if o := h.await(until, p, outcomes[i]); result == delivered {
			result = o
		}
	}
	return result
}

// await waits for what becomes of a parcel that was given to the pipeline, or takes it back if it was not.
func (h *handover) await(until patience, p *parcel, given outcome) outcome {
	o := given
	if o == delivered {
		o = p.outcome(until, h.draining)
	}
	switch {
	case given == delivered && (o == delivered || o == refused):
	case p.take():
		p.batch = nil
		_ = p.ack(context.Background(), errNotTaken)
	case o == stopping:
		// It takes no more, and goes on with what it has.
		o = p.outcome(until, h.stopped)
	}
	return o
}

// give is delivered once the parcel is where the pipeline takes it from.
func (h *handover) give(until patience, p *parcel) outcome {
	if until.ended() {
		return timedOut
	}
	select {
	case h.parcels <- p:
		return delivered
	default: // full of parcels that were taken back
	}
	select {
	case h.parcels <- p:
		return delivered
	case <-h.draining:
		return stopping
	case <-until.timer.C:
		return timedOut
	}
}

// outcome waits for what becomes of a parcel, until the end at most.
func (p *parcel) outcome(until patience, end <-chan struct{}) outcome {
	if o, known := p.known(); known {
		return o
	}
	if until.ended() {
		return timedOut // the timer says so only once
	}
	select {
	case err := <-p.acked:
		return outcomeOf(err)
	case <-until.timer.C:
		return timedOut
	case <-end:
	}
	// The last acknowledgements come just before the end.
	if o, known := p.known(); known {
		return o
	}
	return stopping
}

// known is the outcome if there is one already.
func (p *parcel) known() (outcome, bool) {
	select {
	case err := <-p.acked:
		return outcomeOf(err), true
	default:
		return 0, false
	}
}

func outcomeOf(err error) outcome {
	if err != nil {
		// The engine has logged the cause, where it may be known.
		return refused
	}
	return delivered
}

// patience is how long a request waits for its outcome. It is cheaper than a context with a deadline, which every request
// would need. Whether the caller is still there is not asked: what has come in is delivered, as by Segment.
type patience struct {
	deadline time.Time
	timer    *time.Timer // to be stopped when the request is over
}

func newPatience(d time.Duration) patience {
	return patience{deadline: time.Now().Add(d), timer: time.NewTimer(d)}
}

func (p patience) ended() bool { return !time.Now().Before(p.deadline) }
