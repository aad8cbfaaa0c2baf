package segmenttest_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

func TestDiscardedCallsHaveSegmentsReason(t *testing.T) {
	for call, want := range map[string]segment.Reason{
		`5`:                                                         "invalid_json",
		`null`:                                                      "invalid_json",
		`{}`:                                                        "unsupported_type",
		`{"type":"Track","userId":"u"}`:                             "unsupported_type",
		`{"type":"delete","userId":"u"}`:                            "unsupported_type",
		`{"type":"t","userId":"u"}`:                                 "unsupported_type",
		`{"type":"batch","userId":"u"}`:                             "unsupported_type",
		`{"type":7,"userId":"u"}`:                                   "unsupported_type",
		`{"type":"track","event":"E"}`:                              "no_user_anon_id",
		`{"type":"track","userId":null}`:                            "no_user_anon_id",
		`{"type":"identify","userId":5}`:                            "id_not_string",
		`{"type":"identify","userId":""}`:                           "id_not_string",
		`{"type":"page","anonymousId":{}}`:                          "id_not_string",
		`{"type":"alias","userId":"u"}`:                             "id_required",
		`{"type":"alias","previousId":"u"}`:                         "id_required",
		`{"type":"group","userId":"u"}`:                             "id_required",
		`{"type":"group","userId":"u","groupId":1}`:                 "id_not_string",
		`{"type":"track","userId":"u"}`:                             "event_not_defined",
		`{"type":"track","userId":"u","event":" "}`:                 "event_not_defined",
		`{"type":"track","userId":"u","event":1}`:                   "event_not_string",
		`{"type":"track","userId":"u","event":"E","properties":[]}`: "properties_not_object",
		`{"type":"screen","userId":"u","properties":"x"}`:           "properties_not_object",
		`{"type":"identify","userId":"u","traits":[]}`:              "traits_not_object",
		`{"type":"page","userId":"u","name":1}`:                     "name_not_string",
		`{"type":"page","userId":"u","category":{}}`:                "category_not_string",
		`{"type":"page","userId":"u","context":{"consent":{}}}`:     "consent_categorypreferences_should_exist",
		`{"type":"page","userId":"u","context":{"device":{"advertisingId":1}}}`: "device_advertisingid_should_be_string",
		// Nothing is wrong with these.
		`{"type":"track","userId":"u","event":"E","traits":5,"properties":null}`:             "",
		`{"type":"track","userId":"u","event":"E","groupId":{},"context":5}`:                 "",
		`{"type":"page","anonymousId":"a","context":{"consent":{"categoryPreferences":{}}}}`: "",
	} {
		t.Run(call, func(t *testing.T) {
			s := newServer(segmenttest.Options{})
			taken(t, s, "/v1/batch", batch(call, track))
			if want == "" {
				assert.Empty(t, s.Rejections())
				return
			}
			rejections := s.Rejections()
			require.Len(t, rejections, 1)
			assert.Equal(t, want, rejections[0].Reason)
			assert.JSONEq(t, call, string(rejections[0].Call))
			assert.Len(t, s.Calls(), 1, "the other call goes on")
		})
	}
}

func TestRequestsThatHoldNoCalls(t *testing.T) {
	for body, status := range map[string]int{
		``: 400, `[]`: 400, `5`: 400, `null`: 400, `{"batch":`: 400, `{"batch":{}}`: 400, `{}`: 400, `{"batch":null}`: 400,
		`{"batch":[]}`: 200,
	} {
		s := newServer(segmenttest.Options{})
		got, _ := do(t, s, request("/v1/batch", body))
		assert.Equal(t, status, got, body)
		assert.Zero(t, s.Stats().Calls)
		if status == http.StatusOK {
			assert.Equal(t, map[segment.Reason]int64{"empty_batch": 1}, s.Stats().RejectedByReason)
		}
	}
}

// FuzzHandler checks that whatever is sent, the answer is one of the known ones, and every call is kept, discarded with
// a reason, or a duplicate.
func FuzzHandler(f *testing.F) {
	for _, seed := range []string{batch(track), batch(track, `{}`, `5`), `{"batch":[]}`, `{`, track, `{"batch":[{"type":"page","userId":"\ud800"}],"context":{"a":[]}}`} {
		f.Add("batch", seed)
		f.Add("track", seed)
	}
	f.Fuzz(func(t *testing.T, route, body string) {
		s := newServer(segmenttest.Options{})
		r := request("/v1/batch", body)
		r.URL.Path = "/v1/" + route
		status, reply := do(t, s, r)
		var decoded struct {
			Success       bool
			Code, Message string
		}
		if err := json.Unmarshal([]byte(reply), &decoded); err != nil || decoded.Success != (status == 200) || !decoded.Success && decoded.Code == "" {
			t.Fatalf("%d %s", status, reply)
		}
		view := s.Snapshot()
		stats := view.Stats
		if kept := int64(len(view.Calls)); stats.Calls != kept+stats.Rejected-stats.RejectedByReason["empty_batch"]+stats.Duplicates {
			t.Fatalf("%+v", stats)
		}
		if _, err := json.Marshal(view); err != nil {
			t.Fatal(err)
		}
	})
}
