package main

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryCallCarriesItsNumber(t *testing.T) {
	for n := range 200 {
		text := call(n, 37)
		require.True(t, json.Valid(text), "%s", text)
		assert.Equal(t, []int{n}, markers(text))
		within, err := json.Marshal(map[string]string{"content": string(text)})
		require.NoError(t, err)
		assert.Equal(t, []int{n}, markers(within), "JSON within JSON")
	}
	assert.Empty(t, markers([]byte(`{"marker":"none","markers":{}}`)))
}

func TestTheOutcomeOfARequestIsReadFromItsReply(t *testing.T) {
	request := []byte(`{"d":[{"evtData":{"marker":1}},{"evtData":{"marker":2}},{"profileData":{"marker":3}}]}`)
	for _, c := range []struct {
		rule, reply        string
		status             int
		accepted, deferred []int
	}{
		{"all taken", `{"status":"success","unprocessed":[]}`, 200, []int{1, 2, 3}, nil},
		{"one refused for good", `{"status":"partial","unprocessed":[{"code":528,"record":{ "evtData" : { "marker" : 2 } }}]}`, 200, []int{1, 3}, nil},
		{"one refused for now", `{"status":"partial","unprocessed":[{"code":555,"record":{ "evtData" : { "marker" : 2 } }}]}`, 200, []int{1, 3}, []int{2}},
		{"the whole request refused", `{"status":"fail","code":401}`, 401, nil, nil},
	} {
		t.Run(c.rule, func(t *testing.T) {
			reply := httptest.NewRecorder()
			reply.WriteHeader(c.status)
			reply.Body.WriteString(c.reply)
			accepted, deferred := outcome(request, reply)
			assert.Equal(t, c.accepted, accepted)
			assert.Equal(t, c.deferred, deferred)
		})
	}
}
