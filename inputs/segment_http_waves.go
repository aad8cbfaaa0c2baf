package inputs

import (
	"slices"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// levelBatch is calls of one level of trust, in their order.
type levelBatch struct {
	trust    segment.Trust
	messages service.MessageBatch
	ids      []callID
}

// wave is batches that have no people in common.
type wave []levelBatch

// wavesOf takes the calls of a request apart into batches of one level of trust each: within a batch, the engine may take
// the context of one call for that of another. The threads of a pipeline take batches in any order, so calls of a person
// that have different levels are in different waves. A wave is to be handed over when the one before is acknowledged.
func wavesOf(messages service.MessageBatch, ids []callID) []wave {
	if !slices.ContainsFunc(ids, func(id callID) bool { return id.trust != ids[0].trust }) {
		return []wave{{levelBatch{ids[0].trust, messages[:len(messages):len(messages)], ids}}}
	}
	var waves []wave
	order := personOrder{}
	for i, msg := range messages {
		at := order.place(peopleOf(msg, ids[i]), ids[i].trust)
		if at == len(waves) {
			waves = append(waves, nil)
		}
		waves[at].add(msg, ids[i])
	}
	return waves
}

func (w *wave) add(msg *service.Message, id callID) {
	at := slices.IndexFunc(*w, func(b levelBatch) bool { return b.trust == id.trust })
	if at < 0 {
		at = len(*w)
		*w = append(*w, levelBatch{trust: id.trust})
	}
	batch := &(*w)[at]
	batch.messages, batch.ids = append(batch.messages, msg), append(batch.ids, id)
}

// personOrder places calls into waves so that no call of a person overtakes an earlier one: by id, of whichever kind, since to
// take two people for one costs time only.
type personOrder map[string]turn

// turn is where the last call of a person stands.
type turn struct {
	wave  int
	trust segment.Trust
}

func (o personOrder) place(people []string, trust segment.Trust) int {
	at := 0
	for _, person := range people {
		if before, known := o[person]; known {
			if before.trust != trust {
				before.wave++
			}
			at = max(at, before.wave)
		}
	}
	for _, person := range people {
		o[person] = turn{at, trust}
	}
	return at
}

// peopleOf are the ids in a call.
func peopleOf(msg *service.Message, id callID) (people []string) {
	for _, key := range [...]string{shMetaUserID, shMetaAnonymousID} {
		if person, found := msg.MetaGet(key); found {
			people = append(people, person)
		}
	}
	if id.previousID != "" {
		people = append(people, id.previousID)
	}
	return people
}
