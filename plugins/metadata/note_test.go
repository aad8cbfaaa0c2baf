package metadata_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// message is one with a restriction and a note, each of which may be missing (TrustNone).
func message(restriction segment.Trust, sender segment.Sender) *service.Message {
	ctx := context.Background()
	if restriction != segment.TrustNone {
		ctx = metadata.Restricted(restriction)
	}
	msg := service.NewMessageWithContext(ctx, []byte(`{}`))
	if sender.Trust != segment.TrustNone {
		msg.MetaSetImmut(metadata.NoteKey, metadata.NewNote(sender, "m1", "u1"))
	}
	return msg
}

func TestOrigin_TheStricterLevelCounts(t *testing.T) {
	const none, tracking, verified, signed = segment.TrustNone, segment.TrustTracking, segment.TrustVerified, segment.TrustSigned
	for _, test := range []struct {
		restriction, noted, want segment.Trust
	}{
		{none, none, none},
		{tracking, tracking, tracking},
		{verified, verified, verified},
		{signed, signed, signed},
		// A filter has moved the context of a neighbour here.
		{tracking, signed, tracking},
		{signed, tracking, tracking},
		{verified, signed, verified},
		{signed, verified, verified},
		// A mapping has removed the note, and the permissions with it.
		{tracking, none, tracking},
		{verified, none, tracking},
		{signed, none, tracking},
		// Something has made a new message with the metadata of this one.
		{none, tracking, tracking},
		{none, verified, verified},
		{none, signed, signed},
	} {
		t.Run(fmt.Sprintf("context %q note %q", test.restriction, test.noted), func(t *testing.T) {
			origin := metadata.OriginOf(message(test.restriction, segment.Sender{Trust: test.noted}))
			assert.Equal(t, test.want, origin.Sender().Trust)
			assert.Equal(t, test.want != none, origin.Received())
		})
	}
}

func TestOrigin_APermissionStandsInTheNoteAlone(t *testing.T) {
	msg := message(segment.TrustTracking, segment.Sender{Trust: segment.TrustTracking, PublicDeletes: true})
	assert.True(t, metadata.OriginOf(msg).Sender().MayDelete())
	msg.MetaDelete(metadata.NoteKey)
	assert.False(t, metadata.OriginOf(msg).Sender().MayDelete())
}

func TestOrigin_ANoteHoldsForItsOwnCallAlone(t *testing.T) {
	origin := metadata.OriginOf(message(segment.TrustSigned, segment.Sender{Trust: segment.TrustSigned, PublicDeletes: true}))
	assert.True(t, origin.SenderOf("m1", "u1").MayDelete())
	assert.True(t, origin.SenderOf("", "u1").MayDelete(), "a mapping may leave the id out")
	assert.False(t, origin.SenderOf("m2", "u1").MayDelete())
	assert.Equal(t, segment.Sender{}, metadata.Origin{}.SenderOf("m2", "u1"), "nothing is known of other sources")
}

func TestOrigin_AProofHoldsForItsUserAlone(t *testing.T) {
	for sender, want := range map[segment.Sender]segment.Trust{
		{Trust: segment.TrustVerified}: segment.TrustTracking,
		{Trust: segment.TrustSigned}:   segment.TrustSigned, // a signature covers whatever a mapping makes a user of
	} {
		origin := metadata.OriginOf(message(sender.Trust, sender))
		assert.Equal(t, sender.Trust, origin.SenderOf("m1", "u1").Trust)
		assert.Equal(t, want, origin.SenderOf("m1", "victim").Trust)
		assert.Equal(t, want, origin.SenderOf("m1", "").Trust)
	}
}

func TestOrigin_KnowsHowLongItsSenderMayWait(t *testing.T) {
	waiting := metadata.NewWaiting(time.Now(), time.Second)
	msg := message(segment.TrustTracking, segment.Sender{Trust: segment.TrustTracking})
	assert.Nil(t, metadata.OriginOf(msg).Waiting())
	metadata.LimitWaiting(msg, waiting)
	assert.Same(t, waiting, metadata.OriginOf(msg.Copy()).Waiting())
	msg.MetaDelete(metadata.NoteKey)
	assert.Nil(t, metadata.OriginOf(msg).Waiting())
	metadata.LimitWaiting(msg, waiting)
	assert.Nil(t, metadata.OriginOf(msg).Waiting(), "there is no note")
}

func TestWaiting_TheGraceIsForAllCallsTogether(t *testing.T) {
	end := time.Now()
	w := metadata.NewWaiting(end, 300*time.Millisecond)
	at := func(ms int) time.Time { return end.Add(time.Duration(ms) * time.Millisecond) }
	assert.Equal(t, time.Second, w.Left(at(-1000)))
	w.Spend(at(-1000), at(-10))
	assert.Equal(t, 300*time.Millisecond, w.Left(at(0)), "before the end it costs nothing")
	w.Spend(at(-10), at(100))
	assert.Equal(t, 200*time.Millisecond, w.Left(at(5000)))
	w.Spend(at(5000), at(5200))
	assert.LessOrEqual(t, w.Left(at(5200)), time.Duration(0))
}

func TestOrigin_TextsAreNotBelieved(t *testing.T) {
	for _, value := range []any{"signed", `{"sender":{"Trust":3}}`, map[string]any{"trust": "signed"}, 3, nil, segment.TrustSigned} {
		msg := service.NewMessage([]byte(`{}`))
		msg.MetaSetMut(metadata.NoteKey, value)
		msg.MetaSetMut("segment_route", "webhook")
		assert.Equal(t, metadata.Origin{}, metadata.OriginOf(msg), "%T", value)
	}
}

// Nothing of a note leaves the process but the word null.
func TestNote_IsNullToEverybodyElse(t *testing.T) {
	msg := message(segment.TrustSigned, segment.Sender{Trust: segment.TrustSigned})
	text, found := msg.MetaGet(metadata.NoteKey)
	assert.True(t, found)
	assert.Equal(t, "null", text)
	value, _ := msg.MetaGetMut(metadata.NoteKey)
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	assert.Equal(t, "null", string(encoded))
	for mapping, want := range map[string]string{
		"root.all = @":                                `{"all":{"segment_note":null}}`,
		"root.note = @segment_note":                   `{"note":null}`,
		`root.note = metadata("segment_note")`:        `{"note":null}`,
		`root.note = "${! @segment_note }"`:           `{"note":"${! @segment_note }"}`,
		`root.note = @segment_note.string()`:          `{"note":"null"}`,
		`root = @segment_note.format_json().string()`: `null`,
	} {
		executor, err := bloblang.Parse(mapping)
		require.NoError(t, err)
		out, err := msg.BloblangQuery(executor)
		require.NoError(t, err)
		raw, err := out.AsBytes()
		require.NoError(t, err)
		assert.Equal(t, want, string(raw), mapping)
	}
}

// What the engine does between two components keeps the note, and what a mapping does to a copy does not touch others.
func TestNote_SurvivesCopiesAndMappings(t *testing.T) {
	msg := message(segment.TrustSigned, segment.Sender{Trust: segment.TrustSigned})
	for name, change := range map[string]func(*service.Message) *service.Message{
		"copy":      (*service.Message).Copy,
		"deep copy": (*service.Message).DeepCopy,
		"mapping": func(m *service.Message) *service.Message {
			executor, err := bloblang.Parse(`root = {"a": 1}
meta other = "x"`)
			require.NoError(t, err)
			out, err := m.BloblangQuery(executor)
			require.NoError(t, err)
			return out
		},
	} {
		assert.Equal(t, segment.TrustSigned, metadata.OriginOf(change(msg)).Sender().Trust, name)
	}
	lost := msg.Copy()
	lost.MetaDelete(metadata.NoteKey)
	assert.Equal(t, segment.TrustSigned, metadata.OriginOf(msg).Sender().Trust)
}
