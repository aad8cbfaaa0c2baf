package inputs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	bulkRecords = 100_000
	bulkConfig  = "event_names: [Bought]\n"
)

// bulkSeed is a large export: people with and without identity, over ten days, every twentieth event twice, every
// tenth one late by up to two days.
func bulkSeed(x *exportTest, records int) {
	x.Helper()
	dice := rand.New(rand.NewPCG(1, 2))
	var lines strings.Builder
	for i := 0; i < records; i++ {
		person := fmt.Sprintf(`"identity":"u%d"`, i%3000)
		if i%3 == 0 {
			person = fmt.Sprintf(`"objectId":"anonymous%d"`, i%2000)
		}
		at := today.Add(-time.Duration(dice.IntN(9*24*3600)) * time.Second).Unix()
		arrives := at
		if i%10 == 0 {
			arrives += int64(dice.IntN(2 * 24 * 3600))
		}
		line := fmt.Sprintf(`{"type":"event",%s,"ts":%d,"evtName":"Bought","evtData":{"n":%d},"arrives":%d}`+"\n", person, at, i, arrives)
		lines.WriteString(line)
		if i%20 == 0 {
			i++
			lines.WriteString(line)
		}
	}
	require.NoError(x, x.fake.Seed(strings.NewReader(lines.String())))
}

// TestAHundredThousandRecordsWithTenKills reads a large export, and ten times loses the process at a random moment: while
// a page is being read or delivered, or while something is written to the cache, which is then torn.
func TestAHundredThousandRecordsWithTenKills(t *testing.T) {
	x := newExportTest(t, "America/New_York")
	bulkSeed(x, bulkRecords)
	dice := rand.New(rand.NewPCG(3, 4))
	delivered := map[[sha256.Size]byte]int{}
	repeated := 0
	for kills := 10; ; kills-- {
		pages, finished := lifeOfAProcess(x, dice, kills > 0, delivered)
		repeated += pages
		if finished {
			break
		}
		if kills == 5 {
			x.fake.ExpireCursors()
		}
		x.clock.turn(time.Minute)
	}
	missing := bulkRecords - len(delivered)
	// What had not arrived when its window was opened comes with the next round.
	x.clock.turn(49 * time.Hour)
	_, finished := lifeOfAProcess(x, dice, false, delivered)
	require.True(t, finished)
	assert.Len(t, delivered, bulkRecords)
	assert.Positive(t, missing, "some records were late")
	assert.LessOrEqual(t, repeated, 10, "at most one page per kill")
	assert.GreaterOrEqual(t, x.fake.Stats().ExportPages, int64(2*20))

	x.clock.turn(time.Hour)
	assert.Empty(t, x.rest(x.events(bulkConfig)), "another run finds nothing new")
}

// lifeOfAProcess reads until the export ends or, if the process is to be killed, up to a random moment within the next
// three pages. It counts pages in which anything was repeated.
func lifeOfAProcess(x *exportTest, dice *rand.Rand, kill bool, delivered map[[sha256.Size]byte]int) (repeatedPages int, finished bool) {
	x.Helper()
	r := x.events(bulkConfig)
	moment := dice.IntN(3)
	for page := 0; ; page++ {
		batch, ack, err := r.read(x.Context())
		if errors.Is(err, service.ErrEndOfInput) {
			return repeatedPages, true
		}
		require.NoError(x, err)
		repeats := false
		for i, text := range texts(batch) {
			if kill && page == moment && i == len(batch)/2 && dice.IntN(2) == 0 {
				return repeatedPages, false // half of the page was delivered
			}
			key := hashOf(text)
			repeats = repeats || delivered[key] > 0
			delivered[key]++
		}
		if repeats {
			repeatedPages++
		}
		if kill && page == moment {
			tearAtRandom(x.cache, dice)
		}
		err = ack(context.Background(), nil)
		x.cache.tear, x.cache.fail = nil, nil
		if kill && page == moment {
			return repeatedPages, false
		}
		require.NoError(x, err)
	}
}

// tearAtRandom cuts one of the next writes in half and refuses all after it, as a killed process would.
func tearAtRandom(c *testCache, dice *rand.Rand) {
	left := dice.IntN(14)
	c.tear = func(string) bool {
		left--
		return left == 0
	}
	c.fail = func(op, _ string) error {
		if left < 0 {
			return errors.New("killed")
		}
		return nil
	}
}

func hashOf(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }
