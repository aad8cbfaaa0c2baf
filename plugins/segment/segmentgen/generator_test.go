package segmentgen_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

func lines(t *testing.T, cfg segmentgen.Config, n int) []string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, segmentgen.New(cfg).WriteLines(&out, n))
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	cfg := segmentgen.Config{Seed: 7, Bad: 0.2, Size: 1500}
	assert.Equal(t, lines(t, cfg, 300), lines(t, cfg, 300))
	cfg.Seed = 8
	assert.NotEqual(t, lines(t, segmentgen.Config{Seed: 7, Bad: 0.2, Size: 1500}, 300), lines(t, cfg, 300))
}

func TestCallsWithoutABadShareAreWholeAndVaried(t *testing.T) {
	all := lines(t, segmentgen.Config{Seed: 1}, 2000)
	types := map[string]int{}
	libraries := map[string]bool{}
	for _, line := range all {
		var c struct {
			Type, UserID, AnonymousID, MessageID string
			Context                              struct{ Library struct{ Name string } }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		require.NotEmpty(t, c.MessageID)
		require.NotEmpty(t, c.UserID+c.AnonymousID)
		types[c.Type]++
		libraries[c.Context.Library.Name] = true
	}
	for _, typ := range []string{"identify", "track", "page", "screen", "alias", "group", "delete"} {
		assert.Positive(t, types[typ], typ)
	}
	assert.Greater(t, len(libraries), 8)
	text := strings.Join(all, "\n")
	for _, want := range []string{`"Order Completed"`, `"token":"`, `:9007199254`, `山田`, `"name":"analytics-swift"`} {
		assert.Contains(t, text, want)
	}
}

func TestPhoneNumbersAreValidAndAddressesOnExampleDomains(t *testing.T) {
	text := strings.Join(lines(t, segmentgen.Config{Seed: 3, People: 1500}, 4000), "\n")
	phones := regexp.MustCompile(`"phone":"([^"]+)"`).FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, phones)
	countries := map[string]bool{}
	for _, m := range phones {
		number, err := phonenumbers.Parse(m[1], "")
		require.NoError(t, err, m[1])
		require.True(t, phonenumbers.IsValidNumber(number), m[1])
		countries[phonenumbers.GetRegionCodeForNumber(number)] = true
	}
	assert.Len(t, countries, 10)
	for _, m := range regexp.MustCompile(`[^"\s]@([^"]+)"`).FindAllStringSubmatch(text, -1) {
		require.Regexp(t, `^example\.(com|org|net)$`, m[1])
	}
}

func TestSpeedMixHasTheWantedSharesAndSize(t *testing.T) {
	const n = 5000
	bytesRead := 0
	counts := map[string]int{}
	for _, line := range lines(t, segmentgen.Config{Seed: 5, Mix: segmentgen.SpeedMix, Size: 1500}, n) {
		bytesRead += len(line)
		var c struct{ Type, Event string }
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		if c.Event == "Order Completed" || c.Event == "Completed Order" {
			c.Type = "order"
		}
		counts[c.Type]++
	}
	assert.InDelta(t, 1500, bytesRead/n, 30)
	for typ, share := range map[string]float64{"track": .60, "order": .10, "identify": .15, "page": .08, "screen": .05, "alias": .02} {
		assert.InDelta(t, share, float64(counts[typ])/n, 0.02, typ)
	}
}

func TestABadShareContainsEveryKindOfFault(t *testing.T) {
	broken := 0
	all := lines(t, segmentgen.Config{Seed: 2, Bad: 1}, 600)
	for _, line := range all {
		if !json.Valid([]byte(line)) {
			broken++
		}
	}
	assert.Positive(t, broken)
	assert.Less(t, broken, len(all)/4)
	text := strings.Join(all, "\n")
	for _, want := range []string{
		`"type":"video"`, `"event":404`, `"properties":"sku=1042"`, `"traits":["vip"]`, `"products":"SKU-1042, SKU-1043"`,
		`"email":"not given"`, `"phone":"12-34"`, `"gender":"prefer not to say"`, `"event":"App Launched"`, `"cookie-`,
	} {
		assert.Contains(t, text, want)
	}
}

func BenchmarkNext(b *testing.B) {
	g := segmentgen.New(segmentgen.Config{Mix: segmentgen.SpeedMix, Size: 1500})
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(g.Next())))
	}
}
