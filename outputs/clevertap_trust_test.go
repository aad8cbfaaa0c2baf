package outputs

import (
	"net/http/httptest"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// sentBy is a record of a call that was received from somebody.
func sentBy(sender segment.Sender, record string) *service.Message {
	msg := service.NewMessageWithContext(metadata.Restricted(sender.Trust), []byte(record))
	msg.MetaSetImmut(metadata.NoteKey, metadata.NewNote(sender, "m1", "u1"))
	return msg
}

// Whatever made the record, a delete of a stranger fails alone. The type in the metadata is not looked at.
func TestCleverTapOutput_RefusesDeletesOfStrangers(t *testing.T) {
	fake := clevertaptest.New(clevertaptest.Options{})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	out := newTestOutput(t, server.URL, fastRetries)
	const deletes = `{"type":"delete","identity":"u1"}`
	lost := sentBy(segment.Sender{Trust: segment.TrustSigned}, deletes)
	lost.MetaDelete(metadata.NoteKey)
	claimed := sentBy(segment.Sender{Trust: segment.TrustTracking}, deletes)
	claimed.MetaSetMut("clevertap_type", "event")
	claimed.MetaSetMut("segment_route", "webhook")
	batch := service.MessageBatch{
		sentBy(segment.Sender{Trust: segment.TrustTracking}, event("u1", "A")),
		sentBy(segment.Sender{Trust: segment.TrustTracking}, deletes),
		sentBy(segment.Sender{Trust: segment.TrustVerified}, deletes),
		lost,
		claimed,
		sentBy(segment.Sender{Trust: segment.TrustTracking, PublicDeletes: true}, `{"type":"delete","identity":"u2"}`),
		sentBy(segment.Sender{Trust: segment.TrustSigned}, `{"type":"delete","identity":"u3"}`),
		service.NewMessage([]byte(`{"type":"delete","identity":"u4"}`)),
	}
	texts := failures(t, batch, out.WriteBatch(t.Context(), batch))
	const refused = "clevertap: delete_not_allowed: no webhook signature covers the call, so its sender may not delete people"
	assert.Equal(t, map[int]string{1: refused, 2: refused, 3: refused, 4: refused}, texts)
	var deleted []string
	for _, d := range fake.Deletions() {
		deleted = append(deleted, d.Identity)
	}
	assert.ElementsMatch(t, []string{"u2", "u3", "u4"}, deleted)
	assert.Len(t, fake.Events(), 1)
}
