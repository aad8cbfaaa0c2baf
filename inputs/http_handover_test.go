package inputs

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reading is an input that reads from a handover, as far as ReadBatch goes.
func reading(h *handover) *httpServer { return &httpServer{handover: h, served: make(chan struct{})} }

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestWhatWasTakenBackIsNeverDelivered(t *testing.T) {
	for why, test := range map[string]struct {
		patience time.Duration
		full     bool
		end      func(h *handover)
		want     outcome
	}{
		"its time is over":                  {patience: 10 * time.Millisecond, want: timedOut},
		"its time was over before":          {patience: -1, want: timedOut},
		"its time is over at the full door": {patience: 10 * time.Millisecond, full: true, want: timedOut},
		"the pipeline stops":                {patience: time.Minute, end: func(h *handover) { h.drain() }, want: stopping},
	} {
		t.Run(why, func(t *testing.T) {
			h := newHandover(1)
			if test.full {
				h.parcels <- newParcel(nil, nil)
			}
			settled := make(chan error, 2)
			p := newParcel(service.MessageBatch{service.NewMessage(nil)}, func(_ context.Context, err error) { settled <- err })
			ended := make(chan outcome)
			go func() { ended <- h.deliver(newPatience(test.patience), []*parcel{p}) }()
			if test.end != nil {
				require.Eventually(t, func() bool { return len(h.parcels) == 1 }, 5*time.Second, time.Millisecond)
				test.end(h)
			}
			assert.Equal(t, test.want, <-ended)
			assert.Equal(t, errNotTaken, <-settled)
			assert.Nil(t, p.batch, "nothing holds the calls any more")
			if test.full {
				require.True(t, (<-h.parcels).take())
			}
			batch, _, err := reading(h).ReadBatch(soon(t))
			assert.Nil(t, batch)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Empty(t, settled)
		})
	}
}

func TestWhatThePipelineHasIsAwaitedWhileItStops(t *testing.T) {
	for _, test := range []struct {
		acked bool
		want  outcome
	}{{true, delivered}, {false, stopping}} {
		h := newHandover(1)
		p := newParcel(service.MessageBatch{service.NewMessage(nil)}, nil)
		ended := make(chan outcome)
		go func() { ended <- h.deliver(newPatience(time.Minute), []*parcel{p}) }()
		_, ack, err := reading(h).ReadBatch(t.Context())
		require.NoError(t, err)
		h.drain()
		select {
		case o := <-ended:
			t.Fatalf("ended with %d before the pipeline has", o)
		case <-time.After(20 * time.Millisecond):
		}
		if test.acked {
			require.NoError(t, ack(t.Context(), nil))
		}
		h.stop()
		assert.Equal(t, test.want, <-ended)
	}
}

// Senders give up while the pipeline takes: each parcel is either taken or taken back, and settled once.
func TestAParcelIsTakenOrTakenBack(t *testing.T) {
	const senders, each = 8, 400
	h := newHandover(senders)
	var taken, back, settled atomic.Int64
	var reader, sending sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	in := reading(h)
	reader.Go(func() {
		for {
			batch, ack, err := in.ReadBatch(ctx)
			if err != nil {
				return
			}
			assert.Len(t, batch, 1)
			taken.Add(1)
			runtime.Gosched()
			assert.NoError(t, ack(ctx, nil))
		}
	})
	for range senders {
		sending.Go(func() {
			for i := range each {
				p := newParcel(service.MessageBatch{service.NewMessage(nil)}, func(_ context.Context, err error) {
					settled.Add(1)
					if err == errNotTaken {
						back.Add(1)
					}
				})
				h.deliver(newPatience(time.Duration(i%5)*10*time.Microsecond), []*parcel{p})
			}
		})
	}
	sending.Wait()
	require.Eventually(t, func() bool { return settled.Load() == senders*each }, 5*time.Second, time.Millisecond)
	stop()
	reader.Wait()
	assert.EqualValues(t, senders*each, taken.Load()+back.Load())
	assert.Positive(t, back.Load())
}
