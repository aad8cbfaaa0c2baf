package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The same records make the same sum, however many requests they come in.
func TestTheServerTellsHowLongTheRecordsAre(t *testing.T) {
	one := exchange(t, []string{"clevertap"}, `{"d":[{"n":1},{"n":22}]}`)
	two := exchange(t, []string{"clevertap"}, `{"d":[{"n":1}]}`, `{"d":[{"n":22}]}`)
	require.EqualValues(t, 1, one.Requests)
	require.EqualValues(t, 2, two.Requests)
	assert.Equal(t, one.content(clevertapPeer), two.content(clevertapPeer))
	assert.EqualValues(t, len(`{"n":1},{"n":22},`), one.content(clevertapPeer))
	assert.Zero(t, one.Records, "requests are not taken apart")
}

func TestTheServerCountsRecordsWhenAsked(t *testing.T) {
	got := exchange(t, []string{"segment", counted}, `{"batch":[{},{},{}]}`, `{"batch":[{}]}`, `{"batch":[]}`)
	assert.EqualValues(t, 4, got.Records)
	assert.EqualValues(t, 2, got.Requests, "a probe without calls does not count")
}

func exchange(t *testing.T, args []string, bodies ...string) (got received) {
	t.Helper()
	end, stop := io.Pipe()
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serveUntil(end, in, args) }()
	address := make([]byte, 100)
	n, err := out.Read(address)
	require.NoError(t, err)
	for _, body := range bodies {
		response, err := http.Post(strings.TrimSpace(string(address[:n])), "application/json", strings.NewReader(body))
		require.NoError(t, err)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.True(t, json.Valid(answer))
	}
	require.NoError(t, stop.Close())
	text := make([]byte, 1000)
	n, err = out.Read(text)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(bytes.TrimSpace(text[:n]), &got))
	require.NoError(t, <-done)
	return got
}
