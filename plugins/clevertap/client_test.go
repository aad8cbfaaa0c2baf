package clevertap_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

const (
	testAccount  = "ACC-123"
	testPasscode = "PASS-456"
)

func newClient(t *testing.T, url string, change func(*clevertap.Config)) *clevertap.Client {
	t.Helper()
	config := clevertap.Config{AccountID: testAccount, Passcode: testPasscode, BaseURL: url, HTTPClient: &http.Client{}, Timeout: 5 * time.Second}
	if change != nil {
		change(&config)
	}
	client, err := clevertap.NewClient(config)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func records(t *testing.T, raw ...string) []clevertap.Record {
	t.Helper()
	list := make([]clevertap.Record, len(raw))
	for i, r := range raw {
		record, err := clevertap.Inspect([]byte(r))
		require.NoError(t, err)
		list[i] = record
	}
	return list
}

func TestUploadSendsRecordsAsTheyAre(t *testing.T) {
	first, second := `{"type":"event","identity":"u1","n":1.50,"big":12345678901234567890}`, ` {"type" : "profile","identity":"\u00fc"} `
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.Equal(t, http.MethodPost, r.Method)
		assert.Equal(t, "/api/1/upload", r.URL.Path)
		assert.Empty(t, r.URL.RawQuery)
		assert.Equal(t, testAccount, r.Header.Get("X-CleverTap-Account-Id"))
		assert.Equal(t, testPasscode, r.Header.Get("X-CleverTap-Passcode"))
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		assert.Equal(t, `{"d":[`+first+`,`+second+`]}`, string(body))
		_, _ = io.WriteString(w, `{ "status" : "success" , "processed" : 2 , "unprocessed" : [ ] }`)
	})
	rejections, err := newClient(t, url+"/api/", nil).Upload(t.Context(), records(t, first, second))
	require.NoError(t, err)
	assert.Empty(t, rejections)
}

func TestUploadAsDryRun(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "dryRun=1", r.URL.RawQuery)
		_, _ = io.WriteString(w, `{"status":"success","processed":1,"unprocessed":[]}`)
	})
	client := newClient(t, url, func(c *clevertap.Config) { c.DryRun = true })
	_, err := client.Upload(t.Context(), records(t, `{"type":"event"}`))
	require.NoError(t, err)
	require.Error(t, client.Delete(t.Context(), clevertap.DeleteByIdentity, []string{"u1"}))
}

func TestUploadReturnsRejectionsWithoutTheirData(t *testing.T) {
	for _, status := range []string{"partial", "success"} {
		url := serve(t, answering(200, `{"status":"`+status+`","processed":1,"unprocessed":[{"status":"fail","code":515,
			"error":"Profile data is incorrect. Email ada at home is not valid.Skipped record number : 2","record":{"identity":"u2"}}]}`))
		rejections, err := newClient(t, url, nil).Upload(t.Context(), records(t,
			`{"type":"profile","identity":"u1"}`, `{"type":"profile","identity":"u2","profileData":{"Email":"ada at home"}}`))
		require.NoError(t, err)
		assert.Equal(t, []clevertap.Rejection{{Position: 1, Code: 515, Text: "Profile data is incorrect. Email *** is not valid."}}, rejections)
	}
}

func TestUploadAgainstTheFakeServer(t *testing.T) {
	server := httptest.NewServer(clevertaptest.New(clevertaptest.Options{AccountID: testAccount, Passcode: testPasscode}))
	t.Cleanup(server.Close)
	client := newClient(t, server.URL, nil)
	good, bad := `{"type":"event","identity":"u1","evtName":"A","evtData":{}}`, `{"type":"event","identity":"u1","evtName":"Stayed","evtData":{}}`

	rejections, err := client.Upload(t.Context(), records(t, good, bad, good))
	require.NoError(t, err)
	require.Len(t, rejections, 1)
	assert.Equal(t, 1, rejections[0].Position)
	assert.Equal(t, clevertap.CodeEventRestricted, rejections[0].Code)

	rejections, err = client.Upload(t.Context(), records(t, bad, bad))
	require.NoError(t, err)
	assert.Len(t, rejections, 2)

	require.NoError(t, client.Delete(t.Context(), clevertap.DeleteByIdentity, []string{"u1"}))
	require.NoError(t, client.Delete(t.Context(), clevertap.DeleteByObjectID, []string{"a1"}))
}

func TestWholeRequestFailures(t *testing.T) {
	tests := map[string]struct {
		status    int
		body      string
		text      string
		transient bool
	}{
		"malformed":           {400, `{"status":"fail","error":"Malformed request","code":400}`, "rejected 400 Malformed request", false},
		"credentials":         {401, `{"status":"fail","error":"Invalid Credentials","code":401}`, "unauthorized 401 the credentials are refused, check account id, passcode and region: Invalid Credentials", false},
		"echoed credentials":  {401, `{"status":"fail","error":"Account ACC-123 with PASS-456 is not valid","code":401}`, "unauthorized 401 the credentials are refused, check account id, passcode and region: Account *** with *** is not valid", false},
		"throttled":           {429, `{"status":"fail","error":"Too many concurrent requests","code":429}`, "throttled 429 Too many concurrent requests", true},
		"a gateway's page":    {502, `<html>secret</html>`, "server_error 502 Bad Gateway", true},
		"failure with a 200":  {200, `{"status":"fail","error":"An unknown error occurred","code":500}`, "server_error 500 An unknown error occurred", true},
		"echoed record":       {200, `{"status":"fail","error":"cannot take private-id","code":400}`, "rejected 400 cannot take ***", false},
		"empty":               {200, ``, "unclear_reply: the reply is empty, as it is from a wrong address: check region and url", false},
		"cut":                 {200, `{"status":"success","proc`, "unclear_reply: the reply was cut off or is not JSON", true},
		"unknown status":      {200, `{"status":"maybe","processed":1}`, "unclear_reply: the reply has no known status", false},
		"another form":        {200, `["success"]`, "unclear_reply: the reply does not have the form of CleverTap's", false},
		"unprocessed no list": {200, `{"status":"partial","processed":1,"unprocessed":{}}`, "unclear_reply: the reply does not have the form of CleverTap's", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, serve(t, answering(test.status, test.body)), nil)
			_, err := client.Upload(t.Context(), records(t, `{"type":"event","identity":"private-id"}`))
			var failed *clevertap.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.text, err.Error())
			assert.Equal(t, test.transient, failed.Transient())
		})
	}
}

func TestDeleteSendsOneKindOfID(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.Equal(t, "/1/delete/profiles.json", r.URL.Path)
		assert.JSONEq(t, `{"guid":["a","b"]}`, string(body))
		_, _ = io.WriteString(w, `{"status":"success"}`)
	})
	require.NoError(t, newClient(t, url, nil).Delete(t.Context(), clevertap.DeleteByObjectID, []string{"a", "b"}))
}

func TestDeleteFailures(t *testing.T) {
	tests := map[string]struct{ body, text string }{
		"refused":        {`{"status":"fail","error":"bad private-id","code":400}`, "rejected 400 bad ***"},
		"cut":            {`{"status":`, "unclear_reply: the reply was cut off or is not JSON"},
		"unknown status": {`{}`, "unclear_reply: the reply has no known status"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := newClient(t, serve(t, answering(200, test.body)), nil).Delete(t.Context(), clevertap.DeleteByIdentity, []string{"private-id"})
			assert.EqualError(t, err, test.text)
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the credentials went to another host") })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	})
	_, err := newClient(t, url, nil).Upload(t.Context(), records(t, `{"type":"event"}`))
	assert.EqualError(t, err, "rejected 307 Temporary Redirect")
}

func TestRetryAfterIsTold(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := newClient(t, url, nil).Upload(t.Context(), records(t, `{"type":"event"}`))
	var failed *clevertap.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, 3*time.Second, failed.RetryAfter)
}

func TestReplyWithoutBoundIsRefused(t *testing.T) {
	url := serve(t, answering(200, strings.Repeat(" ", 2<<20)))
	_, err := newClient(t, url, nil).Upload(t.Context(), records(t, `{"type":"event"}`))
	assert.EqualError(t, err, "unclear_reply: the reply is too long")
}

func TestTransportFailuresArePlainSentences(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closedPort := listener.Addr().String()
	require.NoError(t, listener.Close())
	reset := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"status":"success"`)
	})
	plain := strings.Replace(serve(t, answering(200, "")), "http:", "https:", 1)
	untrusted := httptest.NewUnstartedServer(answering(200, ""))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)

	tests := map[string]struct{ url, text string }{
		"refused":   {"http://" + closedPort, "unreachable: connecting to " + closedPort + ": the connection was refused"},
		"closed":    {reset, "unreachable: connecting to " + reset[7:] + ": the connection was closed before an answer came"},
		"cut":       {cut, "unclear_reply: the reply was cut off or is not JSON"},
		"no TLS":    {plain, "unreachable: connecting to " + plain[8:] + ": the server does not speak TLS"},
		"untrusted": {untrusted.URL, "unreachable: connecting to " + untrusted.URL[8:] + ": the server's certificate is not trusted"},
		"unknown":   {"http://host.invalid", "unreachable: connecting to host.invalid: the host name is not known"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, test.url, func(c *clevertap.Config) { c.HTTPClient = &http.Client{Transport: &http.Transport{}} })
			_, err := client.Upload(t.Context(), records(t, `{"type":"event"}`))
			var failed *clevertap.Error
			require.ErrorAs(t, err, &failed)
			assert.EqualError(t, err, test.text)
			assert.True(t, failed.Transient())
		})
	}
}

func TestSlowAnswerIsATimeout(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	client := newClient(t, url, func(c *clevertap.Config) { c.Timeout = 20 * time.Millisecond })
	_, err := client.Upload(t.Context(), records(t, `{"type":"event"}`))
	assert.EqualError(t, err, fmt.Sprintf("timeout: no answer from %s within 20ms", url[7:]))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Upload(ctx, records(t, `{"type":"event"}`))
	require.ErrorIs(t, err, context.Canceled)
	_, known := clevertap.ReasonOf(err)
	assert.False(t, known)
}

func TestConnectionsAreReused(t *testing.T) {
	addresses := map[string]bool{}
	statuses := []int{200, 400, 429, 503, 200}
	var n int
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		addresses[r.RemoteAddr] = true
		answering(statuses[n], `{"status":"success","processed":1}`)(w, r)
		n++
	})
	client := newClient(t, url, nil)
	for range statuses {
		_, _ = client.Upload(t.Context(), records(t, `{"type":"event"}`))
	}
	assert.Len(t, addresses, 1)
}

func TestConfigIsChecked(t *testing.T) {
	for name, config := range map[string]clevertap.Config{
		"no account":         {Passcode: "p", BaseURL: "https://api.clevertap.com"},
		"no passcode":        {AccountID: "a", BaseURL: "https://api.clevertap.com"},
		"no url":             {AccountID: "a", Passcode: "p"},
		"no host":            {AccountID: "a", Passcode: "p", BaseURL: "https:///x"},
		"another scheme":     {AccountID: "a", Passcode: "p", BaseURL: "ftp://x"},
		"credentials in url": {AccountID: "a", Passcode: "p", BaseURL: "https://u:secret@x"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clevertap.NewClient(config)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}
