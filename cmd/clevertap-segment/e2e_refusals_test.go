package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// Calls of SDKs that are not valid are not stored, and nobody has to guess what became of them: the answer names them, a
// metric counts them and the log sums them up.
func TestE2ERefusals_AreAnsweredCountedAndLogged(t *testing.T) {
	strictAndNot(t, func(t *testing.T, strict string) {
		fake, url := fakeClevertap(t, clevertaptest.Options{})
		p, batch := endpoint(t, strict, "CLEVERTAP_URL="+url)
		send := func(url, body string) (int, string) {
			request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
			require.NoError(t, err)
			request.SetBasicAuth(writeKey, "")
			status, answer, err := read(http.DefaultClient.Do(request))
			require.NoError(t, err)
			return status, answer
		}
		status, answer := send(batch, batchOf(signedUpAs("m1"), noEventName, signedUpAs("m2"), `{"type":"track","event":"e"}`))
		assert.Equal(t, 200, status)
		assert.JSONEq(t, `{"success":true,"rejected":2,"errors":[
			{"index":1,"code":"event_not_defined","message":"event: a track call needs an event name"},
			{"index":3,"code":"no_user_anon_id","message":"userId: a call needs a userId or an anonymousId"}]}`, answer)
		status, answer = send(strings.Replace(batch, "batch", "track", 1), noEventName)
		assert.Equal(t, 400, status)
		assert.Contains(t, answer, `"code":"event_not_defined"`)

		assert.Len(t, fake.Events(), 2)
		p.stop()
		assert.NoFileExists(t, p.path("dead"))
		assert.Equal(t, 2, p.metric(`segment_http_rejected_total\{[^\n]*"event_not_defined"[^\n]*\}`))
		assert.Equal(t, 1, p.metric(`segment_http_rejected_total\{[^\n]*"no_user_anon_id"[^\n]*\}`))
		assert.Contains(t, p.log.String(), "segment_http: event_not_defined: refused 1 calls since the last report")
		assert.Contains(t, p.log.String(), "segment_http: no_user_anon_id: refused 1 calls since the last report")
	})
}
