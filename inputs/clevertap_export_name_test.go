package inputs

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEvents_TheNameStandsOnceAndUnescaped(t *testing.T) {
	const name = "<Käufe> & \"x\" \\ 🙂\t\x01"
	const quoted = `"<Käufe> & \"x\" \\ 🙂\t\u0001"`
	for record, want := range map[string]string{
		`{"ts":20260310120000,"n":1.10}`:         `{"event_name":` + quoted + `,"ts":20260310120000,"n":1.10}`,
		`{}`:                                     `{"event_name":` + quoted + `}`,
		`{"ts":1,"event_name":"own"}`:            `{"ts":1,"event_name":"own"}`,
		`{"\u0065vent_name":"own"}`:              `{"\u0065vent_name":"own"}`,
		`{"event_props":{"event_name":"inner"}}`: `{"event_name":` + quoted + `,"event_props":{"event_name":"inner"}}`,
	} {
		x := newExportTest(t, "UTC", strings.Replace(bought("a", 1, today), `"Bought"`, quoted, 1))
		x.answering(http.MethodGet, 200, `{"status":"success","records":[`+record+`]}`)
		r := x.events("event_names: [x]\n")
		r.config.names = []string{name}
		pages := x.rest(r)
		require.Len(t, pages, 1, record)
		content, err := pages[0][0].AsBytes()
		require.NoError(t, err)
		assert.Equal(t, want, string(content))
		assert.True(t, json.Valid(content))
		meta, _ := pages[0][0].MetaGet(metaEventName)
		assert.Equal(t, name, meta)
	}
}
