package clevertap_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// reasonsOf are those of an answer to a request for a page, and to one that opens an export.
func reasonsOf(t *testing.T, status int, body string) (page, open clevertap.Reason) {
	t.Helper()
	client, _ := exportClient(t, status, body)
	var failed *clevertap.Error
	_, err := client.ExportPage(t.Context(), clevertap.ExportEvents, "c")
	require.True(t, errors.As(err, &failed), "%v", err)
	page = failed.Reason
	_, err = client.OpenExport(t.Context(), clevertap.ExportEvents, clevertap.ExportQuery{Event: "Foo"})
	require.True(t, errors.As(err, &failed), "%v", err)
	return page, failed.Reason
}

func TestExport_ReasonsComeFromTheErrorAndNotFromOtherText(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		reason clevertap.Reason
	}{
		"a record with the text":              {400, `{"status":"fail","error":"Malformed request","code":400,"records":[{"event_props":{"note":"Invalid cursor"}}]}`, clevertap.ReasonRejected},
		"a failed page with the text":         {200, `{"status":"fail","error":"Malformed request","code":400,"records":[{"event_props":{"note":"still in progress"}}]}`, clevertap.ReasonRejected},
		"another member":                      {400, `{"status":"fail","error":"Malformed request","hint":"export not allowed","code":400}`, clevertap.ReasonRejected},
		"an unknown event called like it":     {400, `{"status":"fail","error":"[\"Invalid event : Request still in progress\"]","code":400}`, clevertap.ReasonUnknownEvent},
		"an unknown event called differently": {200, `{"status":"fail","error":"[\"Invalid event : Export not allowed\"]","code":400}`, clevertap.ReasonUnknownEvent},
		"a name inside another error":         {400, `{"status":"fail","error":"The event Invalid cursor is archived","code":400}`, clevertap.ReasonRejected},
		"a name with the word of the code":    {400, `{"status":"fail","error":"The event CURSOR_INVALIDATED is archived","code":400}`, clevertap.ReasonRejected},
		"a code that is only similar":         {400, `{"status":"fail","error":"no","code":"NOT_CURSOR_INVALIDATED"}`, clevertap.ReasonRejected},
		"a page of HTML":                      {500, `<html>still in progress</html>`, clevertap.ReasonServerError},
		"a list and not its text":             {400, `{"status":"fail","error":["Invalid event : Foo"],"code":400}`, clevertap.ReasonUnknownEvent},
		"an unknown event without a list":     {400, `{"status":"fail","error":"Invalid event : Foo","code":400}`, clevertap.ReasonUnknownEvent},
		"in other letters":                    {400, `{"status":"fail","error":"EXPORT NOT ALLOWED FOR THIS EVENT."}`, clevertap.ReasonNotExportable},
	} {
		t.Run(name, func(t *testing.T) {
			page, open := reasonsOf(t, test.status, test.body)
			assert.Equal(t, test.reason, page)
			assert.Equal(t, test.reason, open)
		})
	}
}

func TestExport_IncorrectUsageIsAboutTheCursorOnlyWhereOneWasSent(t *testing.T) {
	page, open := reasonsOf(t, 400, `{"status":"fail","error":"Incorrect Usage","code":3}`)
	assert.Equal(t, clevertap.ReasonInvalidCursor, page)
	assert.Equal(t, clevertap.ReasonRejected, open)
}

func TestExport_MembersMayComeInAnyOrderAndBeNull(t *testing.T) {
	for body, want := range map[string]clevertap.Page{
		`{"records":[{"a":1}, {"b" : [ 1 ]}],"previous_cursor":{"x":[1]},"next_cursor":"n","status":"success"}`: {Next: "n"},
		`{"records":null,"next_cursor":null,"error":null,"code":null,"status":"success"} `:                      {},
		`{"status":"success","records":[]}`: {},
	} {
		client, _ := exportClient(t, 200, body)
		page, err := client.ExportPage(t.Context(), clevertap.ExportEvents, "c")
		require.NoError(t, err, body)
		assert.Equal(t, want.Next, page.Next)
		if want.Next != "" {
			require.Len(t, page.Records, 2)
			assert.Equal(t, `{"b" : [ 1 ]}`, string(page.Records[1]))
		}
	}
}

func TestExport_RepliesThatAreBroken(t *testing.T) {
	const page = `{"status":"success","next_cursor":"n","records":[{"a":1},{"b":"\u0041"}]}`
	lost := func(body string) bool {
		client, _ := exportClient(t, 200, body)
		_, err := client.ExportPage(t.Context(), clevertap.ExportEvents, "c")
		var failed *clevertap.Error
		require.True(t, errors.As(err, &failed), "%q: %v", body, err)
		require.Equal(t, clevertap.ReasonUnclearReply, failed.Reason, body)
		return failed.Transient()
	}
	for end := 1; end < len(page); end++ {
		assert.True(t, lost(page[:end]), "cut off after %d bytes", end)
	}
	for _, body := range []string{page + `x`, page + `{}`, `{"status":"success","records":[{"a":1}{"b":1}]}`, `{"status":"success" "records":[]}`, `{"status":"success","records":[{"a":tru}]}`} {
		assert.True(t, lost(body), body)
	}
	for _, body := range []string{`[]`, `"success"`, `{"status":1}`, `{"status":"success","records":"x"}`, `{"status":"success","next_cursor":1}`, "\n"} {
		assert.False(t, lost(body), body)
	}
}

// endless answers with a page that never ends.
func endless(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"status":"success","records":[{"a":1}`)
	record := strings.Repeat(`,{"text":"`+strings.Repeat("x", 1<<10)+`"}`, 1<<10)
	for {
		if _, err := io.WriteString(w, record); err != nil {
			return
		}
	}
}

func TestExport_APageThatIsTooLargeNamesTheRemedy(t *testing.T) {
	client := newClient(t, serve(t, endless), func(c *clevertap.Config) { c.Timeout = time.Minute })
	_, err := client.ExportPage(t.Context(), clevertap.ExportEvents, "c")
	var failed *clevertap.Error
	require.True(t, errors.As(err, &failed), "%v", err)
	assert.Equal(t, clevertap.ReasonPageTooLarge, failed.Reason)
	assert.False(t, failed.Transient())
	assert.Equal(t, "page_too_large: the page has more than 64 MB, lower batch_size", err.Error())
}

func TestExport_TheQueryKeepsNamesAsTheyAre(t *testing.T) {
	client, seen := exportClient(t, 200, `{"status":"success","cursor":"c"}`)
	_, err := client.OpenExport(t.Context(), clevertap.ExportEvents, clevertap.ExportQuery{Event: "<Käufe> & \"x\" \\ 🙂\n\x01", From: 1, To: 2})
	require.NoError(t, err)
	assert.Equal(t, `{"event_name":"<Käufe> & \"x\" \\ 🙂\n\u0001","from":1,"to":2}`+"\n", (*seen)[2])
}
