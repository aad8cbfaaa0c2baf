package inputs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/metadata"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// trusted is a batch as its levels of trust, with an asterisk where the sender may delete.
func trusted(batch service.MessageBatch) (all []string) {
	for _, msg := range batch {
		sender := metadata.OriginOf(msg).Sender()
		word := sender.Trust.String()
		if sender.MayDelete() {
			word += "*"
		}
		all = append(all, word)
	}
	return all
}

// page is a page call of somebody; with a hash it proves who that is.
func pageOf(id, hash string) string {
	context := ""
	if hash != "" {
		context = `,"context":{"userHash":"` + hash + `"}`
	}
	return fmt.Sprintf(`{"type":"page","userId":%q,"messageId":"m-%[1]s"%s}`, id, context)
}

func TestTrust_EachCallHasALevel(t *testing.T) {
	const secret = "shared with our server"
	hash := func(id string) string { return segment.SignUser([]byte(secret), id) }
	array := "[" + pageOf("u1", "") + "," + pageOf("u2", "") + "," + pageOf("u3", hash("u3")) + "]"
	for name, test := range map[string]struct {
		config string
		q      request
		want   [][]string
	}{
		"a write key":        {"", request{path: "/v1/page", body: pageOf("u1", "")}, [][]string{{"tracking"}}},
		"a hash, no secret":  {"", request{path: "/v1/page", body: pageOf("u1", hash("u1"))}, [][]string{{"tracking"}}},
		"a proof":            {"identity_secret: " + secret, request{path: "/v1/page", body: pageOf("u1", hash("u1"))}, [][]string{{"verified"}}},
		"a proof is missing": {"identity_secret: " + secret, request{path: "/v1/page", body: pageOf("u1", "")}, [][]string{{"tracking"}}},
		"deletes by anybody": {"allow_public_deletes: true", request{path: "/v1/page", body: pageOf("u1", "")}, [][]string{{"tracking*"}}},
		"people of two levels": {"identity_secret: " + secret,
			request{path: "/v1/batch", body: batchOf("", pageOf("u1", ""), pageOf("u2", ""), pageOf("u3", hash("u3")), pageOf("u4", ""))},
			[][]string{{"tracking", "tracking", "tracking"}, {"verified"}}},
		"a signed call":  {"", request{path: "/webhook", body: pageOf("u1", ""), header: http.Header{"X-Signature": {signatureOf(pageOf("u1", ""))}}}, [][]string{{"signed*"}}},
		"a signed array": {"", request{path: "/webhook", body: array, header: http.Header{"X-Signature": {signatureOf(array)}}}, [][]string{{"signed*", "signed*", "signed*"}}},
		"an array signed in its first call": {"allow_public_deletes: true\nidentity_secret: " + secret,
			request{path: "/webhook", body: array, header: http.Header{"X-Signature": {signatureOf(pageOf("u1", ""))}}},
			[][]string{{"signed*"}, {"tracking", "tracking"}}},
	} {
		t.Run(name, func(t *testing.T) {
			in, call := listenSegmentHTTP(t, "webhook_secret: S\n"+test.config, nil)
			answered := call.later(t, test.q)
			var got [][]string
			var acks []service.AckFunc
			for range test.want {
				batch, ack := readOne(t, in)
				got, acks = append(got, trusted(batch)), append(acks, ack)
			}
			assert.Equal(t, test.want, got)
			for i, ack := range acks {
				assert.Empty(t, answered, "not before batch %d of %d is acknowledged", i+1, len(acks))
				require.NoError(t, ack(t.Context(), nil))
			}
			assert.Equal(t, 200, (<-answered).status)
			assert.Zero(t, in.handler.allowance.used.Load())
		})
	}
}

// The threads of a pipeline take batches in any order, so calls of one person that have two levels are not handed over
// together.
func TestTrust_NoCallOvertakesAnEarlierOneOfItsPerson(t *testing.T) {
	in, call := listenSegmentHTTP(t, "identity_secret: I\ntimeout: 10s", nil)
	proof := func(id string) string { return segment.SignUser([]byte("I"), id) }
	answered := call.later(t, request{path: "/v1/batch", body: batchOf("",
		pageOf("u1", ""), pageOf("u2", proof("u2")), pageOf("u1", proof("u1")), pageOf("u2", ""), pageOf("u3", ""))})
	users := func(batch service.MessageBatch) (ids []string) {
		for _, msg := range batch {
			id, _ := msg.MetaGet(shMetaUserID)
			ids = append(ids, id)
		}
		return ids
	}
	for _, wave := range [][][]string{{{"u1", "u3"}, {"u2"}}, {{"u1"}, {"u2"}}} {
		var acks []service.AckFunc
		for _, want := range wave {
			batch, ack := readOne(t, in)
			assert.Equal(t, want, users(batch))
			acks = append(acks, ack)
		}
		for _, ack := range acks {
			assert.Empty(t, in.handler.handover.parcels, "what comes later is still here")
			require.NoError(t, ack(t.Context(), nil))
		}
	}
	assert.Equal(t, 200, (<-answered).status)
}

func TestTrust_NothingFollowsACallThatFailed(t *testing.T) {
	in, call := listenSegmentHTTP(t, "webhook_secret: S\ndedupe_cache: ids\ntimeout: 10s", newTestCache())
	first := pageOf("u1", "")
	answered := call.later(t, request{path: "/webhook", body: "[" + first + `,{"type":"page","userId":"u1","messageId":"later"}]`, header: http.Header{"X-Signature": {signatureOf(first)}}})
	_, ack := readOne(t, in)
	require.NoError(t, ack(t.Context(), errors.New("no")))
	assert.Equal(t, 503, (<-answered).status)
	assert.Empty(t, in.handler.dedupe.flights)
	assert.Zero(t, in.handler.allowance.used.Load())
	ctx, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer done()
	_, _, err := in.ReadBatch(ctx)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestWavesOf_KeepTheOrderOfEachPerson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var messages service.MessageBatch
		var ids []callID
		people := map[*service.Message][]string{}
		place := map[*service.Message]int{}
		for i := range rapid.IntRange(1, 20).Draw(t, "calls") {
			msg := service.NewMessage(nil)
			id := callID{trust: segment.Trust(rapid.IntRange(1, 3).Draw(t, "trust")), previousID: rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "previous")}
			for _, key := range []string{shMetaUserID, shMetaAnonymousID} {
				setMetaCopy(msg, key, rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, key))
			}
			people[msg], place[msg] = peopleOf(msg, id), i
			messages, ids = append(messages, msg), append(ids, id)
		}
		type turn struct{ wave, batch, at, call int }
		seen := map[string][]turn{}
		count := 0
		for w, wave := range wavesOf(messages, ids) {
			for b, batch := range wave {
				require.Len(t, batch.ids, len(batch.messages))
				for at, msg := range batch.messages {
					count++
					assert.Equal(t, batch.trust, ids[place[msg]].trust)
					assert.Equal(t, batch.trust, batch.ids[at].trust)
					for _, person := range people[msg] {
						seen[person] = append(seen[person], turn{w, b, at, place[msg]})
					}
				}
			}
		}
		assert.Equal(t, len(messages), count)
		for person, turns := range seen {
			for i := range turns[1:] {
				before, after := turns[i], turns[i+1]
				assert.LessOrEqual(t, before.call, after.call, person)
				assert.True(t, before.wave < after.wave || before.batch == after.batch, "%s is in two batches of one wave", person)
			}
		}
	})
}

func TestTrust_ARequestFailsWithOneOfItsBatches(t *testing.T) {
	first := pageOf("u1", "")
	array := "[" + first + "," + pageOf("u2", "") + "]"
	q := request{path: "/webhook", body: array, header: http.Header{"X-Signature": {signatureOf(first)}}}
	for failing := range 2 {
		t.Run(fmt.Sprint("batch ", failing), func(t *testing.T) {
			in, call := listenSegmentHTTP(t, "webhook_secret: S\ndedupe_cache: ids\ntimeout: 10s", newTestCache())
			answered := call.later(t, q)
			for i := range 2 {
				_, ack := readOne(t, in)
				var outcome error
				if i == failing {
					outcome = errors.New("no")
				}
				require.NoError(t, ack(t.Context(), outcome))
			}
			assert.Equal(t, 503, (<-answered).status)
			assert.Empty(t, in.handler.dedupe.flights)
			assert.Zero(t, in.handler.allowance.used.Load())

			again := call.later(t, q)
			batch, ack := readOne(t, in)
			require.Len(t, batch, 1)
			content, _ := batch[0].AsBytes()
			assert.Contains(t, string(content), fmt.Sprintf(`"userId":"u%d"`, failing+1), "the other one is remembered")
			require.NoError(t, ack(t.Context(), nil))
			assert.Equal(t, 200, (<-again).status)
		})
	}
}

// The pipeline takes the first batch of a request and nothing more: the second is never delivered.
func TestTrust_WhatTheSecondBatchDidNotReachIsTakenBack(t *testing.T) {
	first := pageOf("u1", "")
	array := "[" + first + "," + pageOf("u2", "") + "]"
	in, call := listenSegmentHTTP(t, "webhook_secret: S\ntimeout: 200ms", nil)
	answered := call.later(t, request{path: "/webhook", body: array, header: http.Header{"X-Signature": {signatureOf(first)}}})
	_, ack := readOne(t, in)
	assert.Equal(t, 504, (<-answered).status)
	require.NoError(t, ack(t.Context(), nil))
	assert.Zero(t, in.handler.allowance.used.Load())
	ctx, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer done()
	_, _, err := in.ReadBatch(ctx)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestTrust_AWrongProofIsRejected(t *testing.T) {
	in, call := listenSegmentHTTP(t, "identity_secret: I\nvalidate: false", nil)
	far := run(t, in)
	stolen := segment.SignUser([]byte("I"), "u1")
	got := call.postTo(t, "/v1/page", pageOf("u2", stolen))
	assert.Equal(t, `{"success":false,"code":"identity_hash_invalid","message":"context.userHash: must be the HMAC-SHA-256 of the call's userId, in hex"}`, got.body)
	got = call.postTo(t, "/v1/batch", batchOf(`,"context":{"userHash":"`+stolen+`"}`, pageOf("u1", ""), pageOf("u2", "")))
	assert.Contains(t, got.body, `"rejected":1,"errors":[{"index":1,"code":"identity_hash_invalid"`)
	calls := far.rest()
	require.Len(t, calls, 1)
	assert.Equal(t, "u1", calls[0]["userId"])

	got = call.postTo(t, "/v1/batch", batchOf("", `{"type":"x","userId":"u1","context":{"userHash":"`+stolen+`"}}`))
	assert.NotContains(t, got.body, "identity_hash_invalid", "what is wrong with this call is its type")
}

// The proof is good for every call of its user. It stays here: behind the input are queues and dead letters.
func TestTrust_AProofIsNotPassedOn(t *testing.T) {
	in, call := listenSegmentHTTP(t, "identity_secret: I\nvalidate: false", nil)
	far := run(t, in)
	proof := segment.SignUser([]byte("I"), "u1")
	for _, body := range []string{
		batchOf("", pageOf("u1", proof)),
		batchOf(`,"context":{"ip":"203.0.113.9","userHash":"`+proof+`"}`, pageOf("u1", "")),
		batchOf(`,"context":{"userHash":"`+proof+`"}`, pageOf("u1", proof), `{"type":"page","userId":"u1","context":[]}`, `{"type":"page","userId":"u1","context":{"\u0075serHash":"`+proof+`","userHash":1}}`),
	} {
		assert.Equal(t, 200, call.postTo(t, "/v1/batch", body).status)
		for _, got := range far.rest() {
			assert.NotContains(t, fmt.Sprint(got), proof)
			assert.NotContains(t, fmt.Sprint(got), "userHash")
			assert.Contains(t, got, "context")
		}
	}
	in, call = listenSegmentHTTP(t, "webhook_secret: S", nil)
	far = run(t, in)
	assert.Equal(t, 200, call.postTo(t, "/v1/page", pageOf("u1", proof)).status)
	assert.Equal(t, 200, call.hook(t, pageOf("u1", proof), "S").status)
	assert.NotContains(t, fmt.Sprint(far.rest()), proof, "nor before the secret is set, or by way of Segment")
}

// Whatever validate says, nothing passes that a component behind could take for more than one call, nor a delete in a
// spelling that a mapping may tidy up.
func TestTrust_TheDoorIsClosedForWhatIsNoCallOfAStranger(t *testing.T) {
	const inner = `[{"type":"delete","userId":"victim"}]`
	for name, test := range map[string]struct{ call, reason string }{
		"an envelope with an unknown type":  {`{"type":"x","batch":` + inner + `}`, "invalid_json"},
		"an envelope without a type":        {`{"batch":` + inner + `}`, "invalid_json"},
		"an envelope that is a call":        {`{"type":"track","event":"e","userId":"u","batch":` + inner + `}`, "invalid_json"},
		"a batch by another spelling":       {`{"type":"x","\u0062atch":` + inner + `}`, "invalid_json"},
		"two batches":                       {`{"type":"x","batch":null,"batch":` + inner + `}`, "invalid_json"},
		"a batch that is no list":           {`{"type":"page","userId":"u","batch":{"0":1}}`, "invalid_json"},
		"an array":                          {inner, "invalid_json"},
		"a delete":                          {`{"type":"delete","userId":"victim"}`, "delete_not_allowed"},
		"a delete in capitals":              {`{"type":"DELETE","userId":"victim"}`, "delete_not_allowed"},
		"a delete with space around it":     {`{"type":"\t delete\u00a0","userId":"victim"}`, "delete_not_allowed"},
		"a delete with escapes":             {`{"\u0074ype":"\u0064elete","userId":"victim"}`, "delete_not_allowed"},
		"a delete that is not valid either": {`{"type":" delete ","userId":{}}`, "delete_not_allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, validate := range []string{"true", "false"} {
				in, call := listenSegmentHTTP(t, "webhook_secret: S\nvalidate: "+validate, nil)
				far := run(t, in)
				for _, path := range []string{"/v1/batch", "/v1/import", "/v1/b"} {
					got := call.postTo(t, path, batchOf("", test.call))
					assert.Equal(t, 200, got.status)
					assert.Contains(t, got.body, `"rejected":1,"errors":[{"index":0,"code":"`+test.reason+`"`, path)
				}
				for _, path := range []string{"/v1/identify", "/v1/t", "/v1/page"} {
					got := call.postTo(t, path, test.call)
					assert.Equal(t, 400, got.status, path)
				}
				tail := "[" + onePage[:len(onePage)-1] + `,"type":"page"},` + test.call + "]"
				first := onePage[:len(onePage)-1] + `,"type":"page"}`
				got := call.send(t, request{path: "/webhook", body: tail, header: http.Header{"X-Signature": {signatureOf(first)}}})
				assert.Contains(t, got.body, `"rejected":1,"errors":[{"index":1,"code":"`+test.reason+`"`)
				assert.Len(t, far.rest(), 1, "the signed call alone")
			}
		})
	}
}

// A call that anybody can send must not make a signed one look like a repeat of it, and the other way round a captured
// request brings nothing with another tail.
func TestTrust_DedupeKeepsLevelsApart(t *testing.T) {
	const deletes = `{"type":"delete","userId":"u1","messageId":"del-42"}`
	const public = `{"type":"track","event":"A","userId":"u1","messageId":"del-42"}`
	in, call := listenSegmentHTTP(t, "write_keys: [KEY, OTHER]\nwebhook_secret: S\nidentity_secret: I\ndedupe_cache: ids", newTestCache())
	far := run(t, in)
	as := func(key, body string) int {
		assert.Equal(t, 200, call.send(t, request{path: "/v1/track", body: body, header: basic(key + ":")}).status)
		return len(far.rest())
	}
	hook := func(body, signed string) int {
		assert.Equal(t, 200, call.send(t, request{path: "/webhook", body: body, header: http.Header{"X-Signature": {signatureOf(signed)}}}).status)
		return len(far.rest())
	}
	assert.Equal(t, 1, as("KEY", public))
	assert.Equal(t, 0, as("KEY", public))
	assert.Equal(t, 1, as("OTHER", public), "another source")
	verified := strings.Replace(public, `"userId"`, `"context":{"userHash":"`+segment.SignUser([]byte("I"), "u1")+`"},"userId"`, 1)
	assert.Equal(t, 1, as("KEY", verified), "another level")
	assert.Equal(t, 1, hook("["+pageOf("u9", "")+"]", pageOf("u9", "")))
	assert.Equal(t, 1, hook("["+pageOf("u9", "")+","+public+"]", pageOf("u9", "")), "the tail of a captured request")
	assert.Equal(t, 1, hook(deletes, deletes), "the signed delete after all of that")

	assert.Equal(t, 0, hook(deletes, deletes), "captured and sent again")
	assert.Equal(t, 0, hook("["+deletes+"]", deletes), "in an array")
	assert.Equal(t, 0, hook("["+deletes+","+public+"]", deletes), "with a tail that is known, too")
	assert.Equal(t, 1, hook("["+deletes+","+pageOf("u8", "")+"]", deletes), "of which a new one has the trust of a write key")
}

func TestTrust_ADeleteWithoutAnIDIsKnownAgain(t *testing.T) {
	const deletes = `{"type":"delete","userId":"u1"}`
	in, call := listenSegmentHTTP(t, "webhook_secret: S\ndedupe_cache: ids", newTestCache())
	far := run(t, in)
	for _, want := range []int{1, 0} {
		assert.Equal(t, 200, call.hook(t, deletes, "S").status)
		assert.Len(t, far.rest(), want)
	}
	for range 2 {
		assert.Equal(t, 200, call.postTo(t, "/v1/page", onePage).status)
		assert.Equal(t, 200, call.hook(t, `{"type":"page","userId":"u1"}`, "S").status)
		assert.Len(t, far.rest(), 2, "of other calls nobody can tell")
	}
}

func TestTrust_WarnsAtTheStart(t *testing.T) {
	for config, want := range map[string]string{
		"write_keys: [K]":                    "",
		"write_keys: [K]\nwebhook_secret: S": "webhook_array_signature is either",
		"write_keys: [K]\nwebhook_secret: S\nwebhook_array_signature: whole":                                 "",
		"write_keys: [K]\nidentity_secret: too short":                                                        "identity_secret has less than 32 characters",
		"write_keys: [K]\nidentity_secret: 0123456789abcdef0123456789abcdef":                                 "",
		"write_keys: [K]\nallow_public_deletes: true":                                                        "anybody with a write key can delete any person",
		"tracking_api: false\nwebhook_secret: S\nwebhook_array_signature: whole\nallow_public_deletes: true": "",
	} {
		parsed, err := segmentHTTPSpec().ParseYAML(config, nil)
		require.NoError(t, err)
		c, err := segmentHTTPConfigFromParsed(parsed)
		require.NoError(t, err)
		var log bytes.Buffer
		newSegmentHTTP(c, nil, service.NewLoggerFromSlog(slog.New(slog.NewTextHandler(&log, nil))), nil)
		if want == "" {
			assert.Empty(t, log.String(), config)
		} else {
			assert.Contains(t, log.String(), want, config)
		}
	}
}
