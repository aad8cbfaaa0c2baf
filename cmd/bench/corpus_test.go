package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACorpusKnowsWhatItHolds(t *testing.T) {
	c, err := makeCorpus(t.TempDir(), calls, options{calls: 500})
	require.NoError(t, err)
	text := readAll(t, c.path)
	assert.Equal(t, 500, c.Lines)
	assert.Equal(t, 500, strings.Count(text, "\n"))
	assert.Equal(t, len(text), c.Bytes+c.Lines)
	assert.InDelta(t, callBytes, c.Bytes/c.Lines, 20)
	assert.Positive(t, c.Tokens)
	assert.Less(t, c.Kept, c.Lines, "some calls ask not to go to CleverTap")
	assert.Equal(t, c.Kept+c.Tokens, c.Messages)
}

func TestALongCorpusIsTheCorpusAgainAndAgain(t *testing.T) {
	dir := t.TempDir()
	c, err := makeCorpus(dir, calls, options{calls: 20})
	require.NoError(t, err)
	long, err := repeated(dir, c, 50)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat(readAll(t, c.path), 3), readAll(t, long.path))
	assert.Equal(t, 3*c.Messages, long.Messages)
}

// The same calls but for the ids, or the comparison would be about other calls.
func TestTheCallsOfOnePersonAreTheSameCalls(t *testing.T) {
	dir := t.TempDir()
	many, err := makeCorpus(dir, calls, options{calls: 300})
	require.NoError(t, err)
	one, err := makeCorpus(dir, hotCalls, options{calls: 300})
	require.NoError(t, err)
	assert.Equal(t, many.tally, one.tally)
	users := map[string]bool{}
	for _, m := range userID.FindAllString(readAll(t, one.path), -1) {
		users[m] = true
	}
	assert.Len(t, users, 1)
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
