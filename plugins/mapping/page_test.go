package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// textBytes are lengths of text with which records end everywhere in a page, and beyond it.
var textBytes = []int{1, 300, 900, roomy - 200, roomy, pageBytes / 2, pageBytes - 100, pageBytes, 2*pageBytes + 1, 40}

func TestRecordsThatShareAPageStayAsTheyAre(t *testing.T) {
	options := DefaultOptions(Server)
	options.Nested = Keep
	mapper, err := NewMapper(options)
	require.NoError(t, err)
	var records [][]byte
	var wanted []string
	for i := range 300 {
		text := strings.Repeat("é", textBytes[i%len(textBytes)]/2)
		call := fmt.Sprintf(`{"type":"track","userId":"u-%d","event":"Saved","properties":{"list":["%s"]}}`, i, text)
		result := mapped(t, mapper, call)
		records = append(records, result.Records[0].JSON)
		wanted = append(wanted, fmt.Sprintf(
			`{"type":"event","identity":"u-%d","evtName":"Saved","evtData":{"CT Source":"segment","list":["%s"]}}`, i, text))
	}
	for i, record := range records {
		require.Equal(t, wanted[i], string(record), i)
		require.Equal(t, len(record), cap(record), "what is appended would go into the next record")
	}
}

func TestALargeRecordSharesNoMemory(t *testing.T) {
	assert.Equal(t, pageBytes, cap(rest(make([]byte, 10, pageBytes+roomy+10))))
}

func TestARecordIsWrittenWhereThePageGoesOn(t *testing.T) {
	page := make([]byte, pageBytes)
	record := page[:pageBytes-roomy]
	room := rest(record)
	require.Empty(t, room)
	assert.Equal(t, roomy, cap(room))
	assert.Same(t, &page[len(record)], &room[:1][0])
	assert.Equal(t, pageBytes, cap(rest(page[:pageBytes-roomy+1])), "what is left is too little")
}
