package metadata

import (
	"context"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// NoteKey is the metadata key of a message's note.
const NoteKey = "segment_note"

// note is what belongs to one call. The copies of a message share it. It is not changed once the message was handed on.
type note struct {
	sender            segment.Sender
	messageID, userID string
	waiting           *Waiting
}

// Copy is what everybody else gets to see of a note: nothing. The engine calls it for mappings and for whatever writes
// metadata somewhere.
func (*note) Copy() any { return nil }

// NewNote returns the note of a call, to be set as an immutable value under NoteKey. It holds for the call with this
// messageId alone, and what the sender has proved for this userId alone.
func NewNote(sender segment.Sender, messageID, userID string) interface{ Copy() any } {
	return &note{sender: sender, messageID: messageID, userID: userID}
}

// LimitWaiting says how long components may have the calls of a request wait whose sender waits for the answer. A receiver
// calls it before it hands the message on. Without a note it does nothing.
func LimitWaiting(msg Message, w *Waiting) {
	if value, found := msg.MetaGetImmut(NoteKey); found {
		if own, noted := value.(*note); noted {
			own.waiting = w
		}
	}
}

// trustKey is the key of a restriction in a context.
type trustKey struct{}

// contexts are those of messages that nothing else has been attached to, by level.
var contexts = func() (all [segment.TrustSigned + 1]context.Context) {
	for trust := range all {
		all[trust] = context.WithValue(context.Background(), trustKey{}, segment.Trust(trust))
	}
	return all
}()

// Restricted returns the context of a new message whose call has this level of trust.
func Restricted(trust segment.Trust) context.Context { return contexts[trust] }

// Message is as much of a message as its origin needs.
type Message interface {
	Context() context.Context
	MetaGetImmut(key string) (any, bool)
}

// Origin is where a message comes from.
type Origin struct {
	sender            segment.Sender
	messageID, userID string
	waiting           *Waiting
	received          bool
}

// OriginOf reads the origin of a message. The zero Origin is that of a message from any other source than a receiver of
// calls.
func OriginOf(msg Message) Origin {
	restriction, restricted := msg.Context().Value(trustKey{}).(segment.Trust)
	value, _ := msg.MetaGetImmut(NoteKey)
	own, noted := value.(*note)
	switch {
	case !restricted && !noted:
		return Origin{}
	case !noted:
		return Origin{sender: segment.Sender{Trust: segment.TrustTracking}, received: true}
	}
	o := Origin{sender: own.sender, messageID: own.messageID, userID: own.userID, waiting: own.waiting, received: true}
	if restricted {
		o.sender.Trust = min(o.sender.Trust, restriction)
	}
	return o
}

// Received tells whether the message is one call that a receiver has let in, whatever it looks like now. It must not be
// taken apart into calls that the receiver has not seen.
func (o Origin) Received() bool { return o.received }

// Waiting is what LimitWaiting has said, or nil.
func (o Origin) Waiting() *Waiting { return o.waiting }

// Sender is who sent the message.
func (o Origin) Sender() segment.Sender { return o.sender }

// SenderOf is who sent a call that was read from the message. A call with another messageId than the message came with is
// another sender's: the engine's `archive` gives the joined calls of a batch the note of the first. And a proof is about
// one userId: of another one, which a mapping may have taken from anywhere in the call, it says nothing.
func (o Origin) SenderOf(messageID, userID string) segment.Sender {
	switch {
	case !o.received:
		return o.sender
	case messageID != "" && messageID != o.messageID:
		return segment.Sender{Trust: segment.TrustTracking}
	case o.sender.Trust == segment.TrustVerified && userID != o.userID:
		return segment.Sender{Trust: segment.TrustTracking, PublicDeletes: o.sender.PublicDeletes}
	}
	return o.sender
}
