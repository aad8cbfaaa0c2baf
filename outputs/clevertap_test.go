package outputs

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBatchIsSentAndAccepted(t *testing.T) {
	server := newScripted(t, accepting(nil))
	out := newTestOutput(t, server.URL, fastRetries)
	require.NoError(t, out.WriteBatch(t.Context(), batchOf(event("u1", "A"), event("u2", "B"))))
	assert.Equal(t, []string{"A B"}, server.sent())
}

func TestRefusedRecordsFailAloneWithCodeAndText(t *testing.T) {
	server := newScripted(t, accepting(map[string]int{"B": 513, "D": 525}))
	out := newTestOutput(t, server.URL, fastRetries)
	batch := batchOf(event("u1", "A"), event("u1", "B"), event("u1", "C"), event("u1", "D"))
	err := out.WriteBatch(t.Context(), batch)
	assert.Equal(t, map[int]string{1: "clevertap: rejected 513 Refused.", 3: "clevertap: rejected 525 Refused."}, failures(t, batch, err))
	assert.EqualError(t, err, "clevertap: rejected 513 Refused.", "the headline is the first cause")
}

func TestWhatIsNoRecordFailsAloneAndIsNotSent(t *testing.T) {
	server := newScripted(t, accepting(nil))
	out := newTestOutput(t, server.URL, fastRetries)
	batch := batchOf(event("u1", "A"), `secret`, event("u1", "B"), `{"type":"secret"}`, event("u1", "C"))
	batch[2].SetError(errors.New("segment_to_clevertap: missing_identity: userId"))
	err := out.WriteBatch(t.Context(), batch)
	assert.Equal(t, map[int]string{
		1: "clevertap: invalid_record: not valid JSON: syntax error at byte 1",
		2: "clevertap: unmapped: segment_to_clevertap: missing_identity: userId",
		3: "clevertap: invalid_record: type is none of profile, event, token, delete",
	}, failures(t, batch, err))
	assert.Equal(t, []string{"A C"}, server.sent())
}

func TestOnlyRecordsAnswered555AreSentAgain(t *testing.T) {
	answers := 0
	server := newScripted(t, func(r request) (int, string) {
		if answers++; answers == 1 {
			return accepting(map[string]int{"B": 555, "C": 513})(r)
		}
		return accepting(nil)(r)
	})
	out := newTestOutput(t, server.URL, fastRetries)
	batch := batchOf(event("u1", "A"), event("u2", "B"), event("u3", "C"))
	err := out.WriteBatch(t.Context(), batch)
	assert.Equal(t, map[int]string{2: "clevertap: rejected 513 Refused."}, failures(t, batch, err))
	assert.Equal(t, []string{"A B C", "B"}, server.sent())
}

func TestRecordsAnswered555FailWhenTheBudgetIsSpent(t *testing.T) {
	server := newScripted(t, accepting(map[string]int{"A": 555}))
	out := newTestOutput(t, server.URL, fastRetries)
	batch := batchOf(event("u1", "A"), event("u2", "B"), `{"type":"token","objectId":"u1"}`, `{"type":"token","objectId":"u2"}`)
	err := out.WriteBatch(t.Context(), batch)
	assert.Equal(t, map[int]string{
		0: "clevertap: rejected 555 Refused. (attempts: 4)",
		2: "clevertap: held_back: an earlier record of the same person was not delivered",
	}, failures(t, batch, err))
	assert.Equal(t, []string{"A B", "A", "A", "A", `{"type":"token","objectId":"u2"}`}, server.sent())
}

func TestTransientFailuresAreRetriedInPlace(t *testing.T) {
	for name, answer := range map[string]string{
		"connection closed": "0", "408": "408", "429": `429 {"status":"fail","error":"Too many concurrent requests","code":429}`,
		"500": "500", "503": "503", "429 told with a 200": `200 {"status":"fail","error":"Too many concurrent requests","code":429}`,
		"lost reply": `200 {"status":"succ`,
	} {
		t.Run(name, func(t *testing.T) {
			server := newScripted(t, first(answer, answer))
			out := newTestOutput(t, server.URL, fastRetries)
			require.NoError(t, out.WriteBatch(t.Context(), batchOf(event("u1", "A"))))
			assert.Equal(t, []string{"A", "A", "A"}, server.sent())
		})
	}
}

func TestSecondRequestFailsAndFirstStaysDelivered(t *testing.T) {
	server := newScripted(t, first(`200 {"status":"success","processed":2,"unprocessed":[]}`, "503", "503", "503", "503"))
	out := newTestOutput(t, server.URL, fastRetries)
	batch := batchOf(event("u1", "A"), `{"type":"token","objectId":"a1"}`, event("u2", "B"), `{"type":"token","objectId":"a2"}`)
	err := out.WriteBatch(t.Context(), batch)
	const text = "clevertap: server_error 503 Service Unavailable (attempts: 4)"
	assert.Equal(t, map[int]string{1: text, 3: text}, failures(t, batch, err))
}

func TestWhatFollowsAnUndeliveredRecordIsHeldBack(t *testing.T) {
	server := newScripted(t, first("503", "503", "503", "503"))
	out := newTestOutput(t, server.URL, fastRetries)
	batch := batchOf(
		`{"type":"profile","objectId":"a1","profileData":{"Identity":"u1"}}`,
		`{"type":"delete","identity":"u1"}`, // held back
		`{"type":"token","objectId":"a1"}`,  // held back
		`{"type":"token","objectId":"a2"}`,
		event("u1", "A"), // held back, behind the delete
	)
	err := out.WriteBatch(t.Context(), batch)
	const held = "clevertap: held_back: an earlier record of the same person was not delivered"
	assert.Equal(t, map[int]string{0: "clevertap: server_error 503 Service Unavailable (attempts: 4)", 1: held, 2: held, 4: held}, failures(t, batch, err))
	assert.Equal(t, `{"type":"token","objectId":"a2"}`, server.sent()[4])
	assert.Len(t, server.sent(), 5)
}

func TestARefusalHoldsNothingBack(t *testing.T) {
	server := newScripted(t, accepting(map[string]int{"A": 513}))
	out := newTestOutput(t, server.URL, fastRetries)
	batch := batchOf(event("u1", "A"), `{"type":"delete","identity":"u1"}`)
	err := out.WriteBatch(t.Context(), batch)
	assert.Equal(t, map[int]string{0: "clevertap: rejected 513 Refused."}, failures(t, batch, err))
	assert.Equal(t, []string{"A", "u1"}, server.sent())
}

func TestRefusedCredentialsEndTheBatchAtOnce(t *testing.T) {
	for _, status := range []string{"401", "403"} {
		server := newScripted(t, first(status+` {"status":"fail","error":"Invalid Credentials"}`))
		out := newTestOutput(t, server.URL, fastRetries)
		batch := batchOf(event("u1", "A"), `{"type":"token","objectId":"a1"}`)
		err := out.WriteBatch(t.Context(), batch)
		text := "clevertap: unauthorized " + status + " the credentials are refused, check account id, passcode and region: Invalid Credentials"
		assert.Equal(t, map[int]string{0: text, 1: text}, failures(t, batch, err))
		assert.Len(t, server.sent(), 1)
	}
}

func TestRefusedRequestsAreHalvedUntilTheBadRecordStandsAlone(t *testing.T) {
	for _, status := range []int{400, 413} {
		server := newScripted(t, func(r request) (int, string) {
			for _, raw := range r.records {
				if raw == event("u5", "F") {
					return status, `{"status":"fail","error":"Malformed request","code":400}`
				}
			}
			return accepting(map[string]int{"B": 513})(r)
		})
		out := newTestOutput(t, server.URL, fastRetries)
		batch := batchOf(event("u0", "A"), event("u1", "B"), event("u2", "C"), event("u3", "D"), event("u4", "E"), event("u5", "F"), event("u5", "G"))
		got := failures(t, batch, out.WriteBatch(t.Context(), batch))
		assert.Len(t, got, 2)
		assert.Equal(t, "clevertap: rejected 513 Refused.", got[1])
		assert.Regexp(t, `^clevertap: rejected 4\d\d Malformed request$`, got[5])
		assert.Equal(t, []string{"A B C D E F G", "A B C", "D E F G", "D E", "F G", "F", "G"}, server.sent())
	}
}

func TestUnclearRepliesFailAllRecordsAndAreNotRepeated(t *testing.T) {
	for name, answer := range map[string]string{
		"counts":  `200 {"status":"success","processed":1,"unprocessed":[]}`,
		"address": "200 ",
	} {
		t.Run(name, func(t *testing.T) {
			server := newScripted(t, first(answer))
			out := newTestOutput(t, server.URL, fastRetries)
			batch := batchOf(event("u1", "A"), event("u2", "B"))
			got := failures(t, batch, out.WriteBatch(t.Context(), batch))
			assert.Len(t, got, 2)
			assert.Regexp(t, "^clevertap: unclear_reply: ", got[0])
			assert.Len(t, server.sent(), 1)
		})
	}
}

func TestDeletesAreGroupedByTheWayTheyName(t *testing.T) {
	server := newScripted(t, accepting(nil))
	out := newTestOutput(t, server.URL, fastRetries)
	require.NoError(t, out.WriteBatch(t.Context(), batchOf(
		`{"type":"delete","identity":"u1"}`, `{"type":"delete","objectId":"a1"}`, `{"type":"delete","identity":7}`)))
	assert.Equal(t, []string{"u1 7", "a1"}, server.sent())
	assert.Equal(t, "/1/delete/profiles.json", server.requests[0].path)
}

func TestDryRunSendsNoDeletes(t *testing.T) {
	server := newScripted(t, accepting(nil))
	out := newTestOutput(t, server.URL, fastRetries+"dry_run: true\n")
	require.NoError(t, out.WriteBatch(t.Context(), batchOf(event("u1", "A"), `{"type":"delete","identity":"u1"}`)))
	require.Len(t, server.requests, 1)
	assert.Equal(t, "dryRun=1", server.requests[0].query)
}

func TestUnreachableHostGivesOneClearSentence(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	out := newTestOutput(t, "http://"+address, fastRetries)
	batch := batchOf(event("u1", "A"))
	err = out.WriteBatch(t.Context(), batch)
	assert.Equal(t, map[int]string{0: "clevertap: unreachable: connecting to " + address + ": the connection was refused (attempts: 4)"}, failures(t, batch, err))
}

func TestStoppingEndsTheWaiting(t *testing.T) {
	server := newScripted(t, func(request) (int, string) { return 503, "" })
	out := newTestOutput(t, server.URL, "backoff: { initial_interval: 1h, max_interval: 1h, max_elapsed_time: 0s }\n")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	batch := batchOf(event("u1", "A"), `{"type":"token","objectId":"a1"}`)
	err := out.WriteBatch(ctx, batch)
	const text = "clevertap: stopped: sending was interrupted"
	assert.Equal(t, map[int]string{0: text, 1: text}, failures(t, batch, err))
	assert.Len(t, server.sent(), 1)
}

func TestStoppingEndsTheWaitForAnotherDelete(t *testing.T) {
	server := newScripted(t, accepting(nil))
	out := newTestOutput(t, server.URL, fastRetries)
	out.sender.deleting <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, out.WriteBatch(ctx, batchOf(`{"type":"delete","identity":"u1"}`)), "stopped")
	assert.Empty(t, server.sent())
}

func TestEveryRequestWaitsForTheRateLimit(t *testing.T) {
	server := newScripted(t, first("503"))
	var asked atomic.Int32
	mgr := service.MockResources(service.MockResourcesOptAddRateLimit("limit", func(context.Context) (time.Duration, error) {
		if asked.Add(1)%2 == 1 {
			return time.Millisecond, nil
		}
		return 0, nil
	}))
	parsed, err := clevertapSpec().ParseYAML("account_id: A\npasscode: P\nrate_limit: limit\nurl: "+server.URL+"\n"+fastRetries, nil)
	require.NoError(t, err)
	out, _, _, err := newClevertapFromParsed(parsed, mgr)
	require.NoError(t, err)
	require.NoError(t, out.WriteBatch(t.Context(), batchOf(event("u1", "A"))))
	assert.EqualValues(t, 4, asked.Load())

	_, _, _, err = newClevertapFromParsed(parsed, service.MockResources())
	require.ErrorContains(t, err, "not defined")
}

func TestConnectionTest(t *testing.T) {
	server := newScripted(t, accepting(map[string]int{"Connection": 513}))
	out := newTestOutput(t, server.URL, fastRetries)
	results := out.ConnectionTest(t.Context())
	require.Len(t, results, 1)
	require.NoError(t, results[0].Err)
	assert.Equal(t, "dryRun=1", server.requests[0].query)

	server.answer = first("401")
	require.ErrorContains(t, out.ConnectionTest(t.Context())[0].Err, "clevertap: unauthorized 401")
}

func TestCloseMayBeRepeated(t *testing.T) {
	out := newTestOutput(t, "http://127.0.0.1:1", "")
	require.NoError(t, out.Close(t.Context()))
	require.NoError(t, out.Close(t.Context()))
}
