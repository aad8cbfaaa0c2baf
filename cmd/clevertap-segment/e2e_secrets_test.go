package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// What must not be written anywhere but where it is sent.
const (
	secretPasscode = "PASSCODE-9d2f61"
	secretWriteKey = "WRITEKEY-77ab03"
	secretSDKKey   = "SDKKEY-0f9a12"
	secretHook     = "HOOKSECRET-c41e"
	secretGuess    = "GUESSED-5b1d"
	secretEcho     = "zo%C3%AB.brandt%40example.com"
)

var secrets = []string{secretPasscode, secretWriteKey, secretSDKKey, secretHook, secretGuess, secretEcho}

// personal are values of calls. The dead letter holds calls; nothing else may.
var personal = []string{"zoë.brandt@example.com", "+4915112345678", "u-4711"}

// A run with everything that goes wrong in one day, and then a search through all that it left behind.
func TestE2ENothingSecretIsWritten(t *testing.T) {
	fake := clevertaptest.New(clevertaptest.Options{Passcode: secretPasscode})
	clevertap := httptest.NewServer(fake)
	t.Cleanup(clevertap.Close)
	segment := httptest.NewServer(segmenttest.New(segmenttest.Options{WriteKey: secretWriteKey, RejectWrongKey: true}))
	t.Cleanup(segment.Close)

	address, admin := testenv.FreeAddress(t), testenv.FreeAddress(t)
	settings := []string{
		"WEBHOOK_ADDRESS=" + address, "http.address=" + admin, "SEGMENT_WEBHOOK_SECRET=" + secretHook, "SEGMENT_WRITE_KEY=" + secretWriteKey, "SDK_WRITE_KEY=" + secretSDKKey,
		"CLEVERTAP_URL=" + clevertap.URL, "SEGMENT_ENDPOINT=" + segment.URL, "CLEVERTAP_PASSCODE=" + secretPasscode,
		"IDENTITIES=" + t.TempDir(), "CHECKPOINTS=" + t.TempDir(), "logger.level=TRACE",
		"output.switch.cases.1.output.fallback.0.clevertap.max_retries=1",
		"output.switch.cases.1.output.fallback.0.clevertap.backoff.initial_interval=1ms",
	}
	p := start(t, "both_directions.yaml", settings...)
	eventually(t, "the input listens", func() bool { return answers("http://" + admin + "/ready") })

	person := `"userId":"` + personal[2] + `","traits":{"email":"` + personal[0] + `","phone":"` + personal[1] + `"}`
	hook := "http://" + address + "/webhook"
	send := func(wrong bool) {
		assert.Contains(t, []int{200, 503}, post(t, hook, `{"type":"identify",`+person+`}`, secretHook))
		key := secretSDKKey
		if wrong {
			key = secretGuess
		}
		assert.Contains(t, []int{200, 401, 503}, postAs(t, "http://"+address+"/v1/identify", `{`+person+`}`, key))
	}
	send(false)
	assert.Equal(t, 401, post(t, hook, `{"type":"identify",`+person+`}`, secretGuess))
	assert.Equal(t, 400, post(t, hook, `{"type":"track",`+person+`}`, secretHook), "not valid")
	send(true)
	post(t, hook, `{"type":"track","event":"Order Completed","properties":{"products":"`+personal[0]+`"},`+person+`}`, secretHook)
	fake.Intercept(answerEcho)
	send(false)
	fake.Intercept(nil)
	fake.SetFaults(clevertaptest.Faults{ErrorRate: 1})
	send(false)
	fake.SetFaults(clevertaptest.Faults{PartialRate: 1})
	send(false)
	clevertap.Close()
	send(false)
	p.stop()

	require.NotEmpty(t, p.deadLetters("dead"), "something did go wrong")
	everything := map[string]string{"the log": p.log.String(), "echo": echoed(t, settings)}
	require.NoError(t, filepath.WalkDir(p.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		everything[entry.Name()] = string(text)
		return err
	}))
	require.Contains(t, everything, "metrics")
	for place, text := range everything {
		require.NotEmpty(t, text, place)
		for _, secret := range secrets {
			assert.NotContains(t, text, secret, place)
		}
		for _, value := range personal {
			if place != "dead" {
				assert.NotContains(t, text, value, place)
			}
		}
	}
}

// answerEcho refuses a request and quotes a value, also behind the end of the answer.
func answerEcho(w http.ResponseWriter, r *http.Request) bool {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return false
	}
	defer conn.Close()
	body := `{"status":"fail","error":"Email ` + secretEcho + ` is not valid","code":400}`
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s%s", len(body), body, secretEcho)
	_, _ = io.Copy(io.Discard, conn) // until the client hangs up
	return true
}

// postAs sends a request with a write key.
func postAs(t *testing.T, url, body, key string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	request.SetBasicAuth(key, "")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	return response.StatusCode
}

// echoed is the config as the engine prints it.
func echoed(t *testing.T, settings []string) string {
	t.Helper()
	binary, err := buildOnce()
	require.NoError(t, err)
	command := exec.Command(binary, "echo", "config-examples/both_directions.yaml")
	command.Dir, command.Env = root, append(os.Environ(), settings...)
	text, err := command.CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(text), "segment_http")
	return string(text)
}
