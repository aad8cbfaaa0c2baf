package clevertaptest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// The bodies have the form of the replies recorded in https://github.com/tradeo/clevertap-ruby.
func TestRepliesAsRecorded(t *testing.T) {
	person := func(data string) string {
		return `{"identity":18,"ts":1488816781,"type":"profile","profileData":` + data + `}`
	}
	for _, test := range []struct{ name, body, want string }{
		{"success", envelope(profileOf("1", `{}`)), `{ "status" : "success" , "processed" : 1 , "unprocessed" : [ ]}`},
		{"partial, the phone still a string", envelope(profileOf("1", `{}`), person(`{"Phone":"223"}`)),
			`{ "status" : "partial" , "processed" : 1 , "unprocessed" : [ { "status" : "fail" , "code" : 516 , ` +
				`"error" : "Profile data is incorrect. Phone number is not valid.Skipped record number : 2" , ` +
				`"record" : { "identity" : 18 , "ts" : 1488816781 , "type" : "profile" , "profileData" : ` +
				`{ "Phone" : "223"}}}]}`},
		{"later checks have made the phone a number", envelope(person(`{"identity":11,"Phone":"+35922333232","Married":"x"}`)),
			`{ "status" : "fail" , "processed" : 0 , "unprocessed" : [ { "status" : "fail" , "code" : 519 , ` +
				`"error" : "Profile data is incorrect. Married needs to be Y/N.Skipped record number : 1" , ` +
				`"record" : { "identity" : 18 , "ts" : 1488816781 , "type" : "profile" , "profileData" : ` +
				`{ "identity" : 11 , "Phone" : 35922333232 , "Married" : "x"}}}]}`},
		{"the last check has made the identity a string", envelope(person(`{"identity":13,"Name":"é: {\"x\"}","Age":"aa"}`)),
			`{ "status" : "fail" , "processed" : 0 , "unprocessed" : [ { "status" : "fail" , "code" : 520 , ` +
				`"error" : "Profile data is incorrect. Age is invalid.Skipped record number : 1" , ` +
				`"record" : { "identity" : 18 , "ts" : 1488816781 , "type" : "profile" , "profileData" : ` +
				`{ "identity" : "13" , "Name" : "é: {\"x\"}" , "Age" : "aa"}}}]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := post(t, newServer(clevertaptest.Options{}), "/1/upload", test.body)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, test.want, body)
		})
	}
}

func TestRepliesOf2017(t *testing.T) {
	s := newServer(clevertaptest.Options{LegacyReplies: true})
	_, body := post(t, s, "/1/upload", envelope(`{"identity":"","type":"event","evtName":"e","evtData":{}}`))
	require.Equal(t, `{ "status" : "success" , "processed" : 0 , "unprocessed" : [ { "status" : "fail" , "code" : 523 , `+
		`"error" : "'identity' or 'fbId' or 'gpId' or 'objectId' is necessary under 120 chars to identify the user. `+
		`Skipped record number : 1" , "record" : "{ \"identity\" : \"\" , \"type\" : \"event\" , `+
		`\"evtName\" : \"e\" , \"evtData\" : { }}"}]}`, body)
}

func TestRequestsThatFailAsAWhole(t *testing.T) {
	event := eventOf("u", "e", `{}`)
	token := `{"type":"token","objectId":"d","tokenData":{"id":"t","type":"fcm"}}`
	const malformed = `{ "status" : "fail" , "error" : "Malformed request" , "code" : 400}`
	for _, test := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"broken JSON", "/1/upload", `{"d":[`, 400, malformed},
		{"comment", "/1/upload", `{"d":[/**/` + event + `]}`, 400, malformed},
		{"no d", "/1/upload", `{"e":[]}`, 400, malformed},
		{"empty d", "/1/upload", `{"d":[]}`, 400, malformed},
		{"d no list", "/1/upload", `{"d":` + event + `}`, 400, malformed},
		{"a bare list", "/1/upload", `[` + event + `]`, 400, malformed},
		{"nothing", "/1/upload", ``, 400, malformed},
		{"1001 records", "/1/upload", envelope(event + strings.Repeat(","+event, 1000)), 400, ""},
		{"101 tokens", "/1/upload", envelope(token + strings.Repeat(","+token, 100)), 400, ""},
		{"too many bytes", "/1/upload", envelope(eventOf("u", "e", `{"a":"`+strings.Repeat("x", 1<<20)+`"}`)), 413, ""},
		{"delete without id", "/1/delete/profiles.json", `{}`, 400, malformed},
		{"delete of an empty list", "/1/delete/profiles.json", `{"identity":[]}`, 400, malformed},
		{"delete with broken JSON", "/1/delete/profiles.json", `{"identity"`, 400, malformed},
		{"delete of an object", "/1/delete/profiles.json", `{"identity":[{}]}`, 400, malformed},
		{"delete by both ids", "/1/delete/profiles.json", `{"identity":"a","guid":"b"}`, 400, ""},
		{"delete of 101", "/1/delete/profiles.json", `{"guid":["x"` + strings.Repeat(`,"x"`, 100) + `]}`, 400, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(clevertaptest.Options{MaxBodyBytes: 1 << 20})
			status, body := post(t, s, test.path, test.body)
			require.Equal(t, test.status, status)
			require.Contains(t, body, `{ "status" : "fail" , "error" : "`)
			if test.want != "" {
				require.Equal(t, test.want, body)
			}
			require.Empty(t, s.Events())
		})
	}
}

func TestCredentialsAndPaths(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	for _, header := range []string{"X-CleverTap-Account-Id", "X-CleverTap-Passcode"} {
		r := request("/1/upload", envelope(eventOf("u", "e", `{}`)))
		r.Header.Set(header, "wrong")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Equal(t, `{ "status" : "fail" , "error" : "Invalid Credentials" , "code" : 401}`, w.Body.String())
		require.Equal(t, "application/json;charset=utf-8", w.Header().Get("Content-Type"))
	}
	status, body := post(t, s, "/1/nothing", "")
	require.Equal(t, 200, status)
	require.Empty(t, body)
	status, _ = post(t, newServer(clevertaptest.Options{UnknownPath404: true}), "/1/nothing", "")
	require.Equal(t, 404, status)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/1/upload", nil))
	require.Equal(t, 405, w.Code)
	require.EqualValues(t, 2, s.Stats().Unauthorized)
}

func TestDryRunStoresNothing(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	status, body := post(t, s, "/1/upload?dryRun=1",
		envelope(eventOf("u", "e", `{}`), eventOf("u", "App Launched", `{}`), tokenOf("d", `{"id":"t","type":"fcm"}`)))
	require.Equal(t, 200, status)
	require.Contains(t, body, `"partial" , "processed" : 1`)
	require.Contains(t, body, `"code" : 513`)
	require.Contains(t, body, `"code" : 530`)
	view := s.Snapshot()
	require.Empty(t, view.Events)
	require.Empty(t, view.Profiles)
	require.Empty(t, view.Rejections)
	require.EqualValues(t, 1, view.Stats.DryRuns)
	post(t, s, "/1/upload?dryRun=0", envelope(eventOf("u", "e", `{}`)))
	require.Len(t, s.Events(), 1)
}
