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

func TestWhereTheRecordAfterOneGoes(t *testing.T) {
	for name, c := range map[string]struct {
		used, record int // bytes
		next         int // of room
		samePage     bool
	}{
		"right behind it": {0, 100, pageBytes - 100, true},
		"right behind it, as long as that is worth it":       {100, pageBytes - 100 - roomy, roomy, true},
		"into a new page when too little is left":            {100, pageBytes - 100 - roomy + 1, pageBytes, false},
		"into a new page when it did not fit":                {pageBytes - roomy, roomy + 1, pageBytes, false},
		"into what a large one that did not fit left behind": {pageBytes - roomy, pageBytes/2 + 1, roomy, true},
		"into what one larger than a page left behind":       {100, 2 * pageBytes, pageBytes - 100, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPage()
			whole := p.free[:pageBytes]
			p.keep(append(p.free, make([]byte, c.used)...))
			record := p.keep(append(p.free, make([]byte, c.record)...))
			assert.Len(t, record, c.record)
			assert.Equal(t, len(record), cap(record))
			require.Empty(t, p.free)
			require.Equal(t, c.next, cap(p.free))
			assert.Equal(t, c.samePage, &p.free[:1][0] == &whole[pageBytes-c.next])
		})
	}
}
