package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

const webhookSecret = "TEST-SECRET"

// webhook starts the webhook example and returns it with the address to post to.
func webhook(t *testing.T, settings ...string) (*process, string) {
	t.Helper()
	address, admin := testenv.FreeAddress(t), testenv.FreeAddress(t)
	p := start(t, "webhook_to_clevertap.yaml", append(settings,
		"WEBHOOK_ADDRESS="+address, "http.address="+admin, "SEGMENT_WEBHOOK_SECRET="+webhookSecret)...)
	eventually(t, "the webhook listens", func() bool { return answers("http://" + admin + "/ready") })
	return p, "http://" + address + "/webhook"
}

// post sends a signed request and returns the status of the answer.
func post(t *testing.T, url, body, secret string) int {
	t.Helper()
	request, err := signedRequest(url, body, secret)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// signedRequest is a request of Segment's webhook destination.
func signedRequest(url, body, secret string) (*http.Request, error) {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(body))
	request.Header.Set("X-Signature", hex.EncodeToString(mac.Sum(nil)))
	return request, nil
}

var signedUp = signedUpAs("m1")

// noEventName is not valid.
const noEventName = `{"type":"track","userId":"u1"}`

func signedUpAs(messageID string) string {
	return `{"type":"track","event":"Signed Up","userId":"u1","messageId":"` + messageID + `"}`
}

func TestE2EWebhookAnswersAfterDelivery(t *testing.T) {
	strictAndNot(t, func(t *testing.T, strict string) {
		fake, url := fakeClevertap(t, clevertaptest.Options{})
		p, hook := webhook(t, strict, "CLEVERTAP_URL="+url)

		assert.Equal(t, 200, post(t, hook, signedUp, webhookSecret))
		assert.Len(t, fake.Events(), 1, "accepted before the answer")

		assert.Equal(t, 400, post(t, hook, noEventName, webhookSecret), "not valid")
		assert.Equal(t, 200, post(t, hook, `[`+signedUpAs("m2")+`,`+noEventName+`,`+signedUpAs("m3")+`]`, webhookSecret))
		assert.Len(t, fake.Events(), 3)
		assert.Equal(t, 200, post(t, hook, signedUp, webhookSecret), "once more")
		assert.Len(t, fake.Events(), 3)
		assert.Empty(t, p.deadLetters("dead"), "calls that are not valid are not stored")

		assert.Equal(t, 200, post(t, hook, `{"type":"track","event":"Order Completed","userId":"u1","properties":{"products":3}}`, webhookSecret))
		dead := p.deadLetters("dead")
		require.Len(t, dead, 1)
		assert.Equal(t, "invalid_products", dead[0].Reason)

		// One request, three records, one of them refused: the others are not in the dead letter.
		refused := `{"type":"track","event":"Signed Up","anonymousId":"` + strings.Repeat("x", 80) + `"}`
		assert.Equal(t, 200, post(t, hook, `[`+signedUpAs("m4")+`,`+refused+`,`+signedUpAs("m5")+`]`, webhookSecret))
		assert.Len(t, fake.Events(), 5)
		dead = p.deadLetters("dead")
		require.Len(t, dead, 2)
		assert.Equal(t, 526, dead[1].Code)

		assert.Equal(t, 401, post(t, hook, `{"type":"delete","userId":"u1"}`, "WRONG-SECRET"))
		assert.Empty(t, fake.Deletions())
		assert.Equal(t, 200, post(t, hook, `{"type":"delete","userId":"u1"}`, webhookSecret))
		assert.Len(t, fake.Deletions(), 1)
		p.stop()
		assert.Equal(t, 2, p.metric(`segment_http_rejected_total\{[^\n]*"event_not_defined"[^\n]*\}`))
		assert.Contains(t, p.log.String(), "segment_http: event_not_defined: refused 1 calls since the last report")
		assert.Contains(t, p.log.String(), "segment_http: event_not_defined: refused 1 requests since the last report")
	})
}

func TestE2EWebhookAnswersWithAnErrorWhenNothingCanBeKept(t *testing.T) {
	strictAndNot(t, func(t *testing.T, strict string) {
		fake, url := fakeClevertap(t, clevertaptest.Options{Faults: clevertaptest.Faults{ErrorRate: 1}})
		p, hook := webhook(t, strict, "CLEVERTAP_URL="+url, "DEAD_LETTER="+t.TempDir(),
			"output.switch.cases.1.output.fallback.0.clevertap.max_retries=0")
		assert.Equal(t, 503, post(t, hook, signedUp, webhookSecret))
		fake.SetFaults(clevertaptest.Faults{})
		assert.Equal(t, 200, post(t, hook, signedUp, webhookSecret))
		assert.Len(t, fake.Events(), 1)
		p.stop()
	})
}
