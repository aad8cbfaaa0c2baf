package outputs

import (
	"context"
	"errors"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	sequenceName = "clevertap_sequence"

	// sequencePatience is how long a batch waits for one before it that the engine seems to have lost.
	sequencePatience = 10 * time.Second
)

func clevertapSequenceSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Beta().
		Categories("Services").
		Summary("Numbers the batches of a `clevertap` output.").
		Description(`
The output adds it to its `+"`batching`"+` by itself, at the end: there is nothing to gain from writing it into a config.

The engine passes batches to as many writers as `+"`max_in_flight`"+` says, each in a goroutine of its own, so that of two batches the second may arrive first. The numbers are given where batches still come one by one, in the metadata `+"`clevertap_sequence`"+` of one message of each, and the output goes by them. Other outputs behind or beside it do not see them.
`).
		Example("What the output does", "These batches are numbered as they would be without the processor.", `
output:
  clevertap:
    account_id: ${CLEVERTAP_ACCOUNT_ID}
    passcode: "${CLEVERTAP_PASSCODE}"
    batching:
      count: 1000
      period: 1s
      processors:
        - clevertap_sequence: {}
`)
}

func init() {
	service.MustRegisterBatchProcessor(sequenceName, clevertapSequenceSpec(),
		func(*service.ParsedConfig, *service.Resources) (service.BatchProcessor, error) {
			return &clevertapSequence{}, nil
		})
}

// clevertapSequence numbers batches from 1. The batching of an output calls it from one goroutine.
type clevertapSequence struct{ last uint64 }

// ProcessBatch puts the number on a message that the engine will not keep back, as it does with failed ones in strict
// mode. A batch without one needs no number, because nothing of it is sent.
func (s *clevertapSequence) ProcessBatch(_ context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	for i, message := range batch {
		if message.GetError() == nil {
			s.last++
			// A copy, so that no other output sees it.
			batch[i] = message.Copy()
			batch[i].MetaSetMut(sequenceName, s.last)
			break
		}
	}
	return []service.MessageBatch{batch}, nil
}

// Close has nothing to do.
func (*clevertapSequence) Close(context.Context) error { return nil }

// sequenceOf returns the numbers of a batch, in rising order: several, if the batching has split and joined it again.
func sequenceOf(batch service.MessageBatch) (numbers []uint64) {
	for _, message := range batch {
		value, _ := message.MetaGetMut(sequenceName)
		if number, ok := value.(uint64); ok {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// sequencedPolicy reads the batching and adds the numbering to its processors. Where nothing is batched, each batch
// passes through alone.
func sequencedPolicy(conf *service.ParsedConfig) (policy service.BatchPolicy, err error) {
	if policy, err = conf.FieldBatchPolicy(outFieldBatching); err != nil {
		return
	}
	passing := policy.IsNoop()
	written, err := conf.FieldAny(outFieldBatching)
	if err != nil {
		return
	}
	batching, _ := written.(map[string]any)
	processors, ok := batching["processors"].([]any)
	if !ok {
		return policy, errors.New("batching.processors is not a list")
	}
	batching["processors"] = append(processors[:len(processors):len(processors)], map[string]any{sequenceName: map[string]any{}})
	if policy, err = conf.FieldBatchPolicy(outFieldBatching); err == nil && passing {
		policy.Count = 1
	}
	return
}

// clevertapArrivals holds up batches that arrive before one with a lower number. The queue's mutex guards it.
type clevertapArrivals struct {
	// next is the lowest number that has not arrived, early are higher ones that have.
	next    uint64
	early   map[uint64]bool
	waiting map[uint64]chan struct{}
}

func newClevertapArrivals() clevertapArrivals {
	return clevertapArrivals{next: 1, early: map[uint64]bool{}, waiting: map[uint64]chan struct{}{}}
}

// before returns what is closed when all numbers below have arrived, nil if they have.
func (a *clevertapArrivals) before(number uint64) <-chan struct{} {
	if number <= a.next {
		return nil
	}
	a.waiting[number] = make(chan struct{})
	return a.waiting[number]
}

func (a *clevertapArrivals) arrive(number uint64) {
	if number >= a.next {
		a.early[number] = true
	}
	a.advance()
}

// skip gives up on the numbers below one that has waited long enough.
func (a *clevertapArrivals) skip(number uint64) {
	for n := a.next; n < number; n++ {
		a.early[n] = true
	}
	a.advance()
}

func (a *clevertapArrivals) advance() {
	for a.early[a.next] {
		delete(a.early, a.next)
		a.next++
		if turn := a.waiting[a.next]; turn != nil {
			close(turn)
			delete(a.waiting, a.next)
		}
	}
}
