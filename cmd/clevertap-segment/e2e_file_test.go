package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// accepted counts what has arrived: records of uploads, and ids to delete whether the server knew them or not.
func accepted(fake *clevertaptest.Server) int {
	sum := len(fake.Deletions())
	for _, n := range fake.Stats().Accepted {
		sum += int(n)
	}
	return sum
}

func count(letters []deadLetter, kind string) (n int) {
	for _, d := range letters {
		if d.Kind == kind {
			n++
		}
	}
	return n
}

func TestE2EBackfillAccountsForEveryCallAndRecord(t *testing.T) {
	strictAndNot(t, func(t *testing.T, strict string) {
		fake, url := fakeClevertap(t, clevertaptest.Options{})
		p := start(t, "file_to_clevertap.yaml", strict, "CLEVERTAP_URL="+url, "PROGRESS_EVERY=500")
		p.wait()

		const calls = 1200 // in config-examples/data/segment-calls.jsonl.gz
		dead := p.deadLetters("dead")
		made := p.metric("segment_to_clevertap_records_total")
		assert.Equal(t, calls, p.metric("input_received"))
		assert.Equal(t, p.metric("segment_to_clevertap_errors_total"), count(dead, "call"))
		assert.Equal(t, made, accepted(fake)+count(dead, "record"), "delivered or refused, each record once")
		assert.Positive(t, count(dead, "call"))
		assert.Positive(t, count(dead, "record"))
		assertOnceEach(t, fake.Rejections(), dead)
		assert.LessOrEqual(t, fake.Stats().MaxInFlight, 10)

		assert.Contains(t, p.log.String(), "500 calls read")
		assert.Contains(t, p.log.String(), "1000 calls read")
		assert.Less(t, strings.Count(p.log.String(), "\n"), 12, "the log is for progress")
		for _, d := range dead {
			assert.NotContains(t, d.Error, "TEST-PASSCODE")
			assert.NotEmpty(t, d.Reason)
			assert.Equal(t, 1, d.Attempt)
		}
	})
}

// assertOnceEach compares what the server has refused with what the dead letter says it has refused.
func assertOnceEach(t *testing.T, refused []clevertaptest.Rejection, dead []deadLetter) {
	t.Helper()
	var atServer, inFile []clevertap.Code
	for _, r := range refused {
		atServer = append(atServer, r.Code)
	}
	for _, d := range dead {
		if d.Kind == "record" {
			inFile = append(inFile, clevertap.Code(d.Code))
		}
	}
	assert.ElementsMatch(t, atServer, inFile)
}

func TestE2ENothingIsLostWhileClevertapIsDown(t *testing.T) {
	fake, url := fakeClevertap(t, clevertaptest.Options{Faults: clevertaptest.Faults{ErrorRate: 1}})
	p := start(t, "file_to_clevertap.yaml", "CLEVERTAP_URL="+url, "output.switch.cases.1.output.fallback.0.clevertap.max_retries=1")
	p.wait()
	assert.Zero(t, accepted(fake))
	assert.Equal(t, p.metric("segment_to_clevertap_records_total"), count(p.deadLetters("dead"), "record"))
}

func TestE2EMobileModeSendsAllButTheBadCall(t *testing.T) {
	strictAndNot(t, func(t *testing.T, strict string) {
		fake, url := fakeClevertap(t, clevertaptest.Options{AllowUnknownTokenDevices: true})
		p := start(t, "mobile_mode.yaml", strict, "CLEVERTAP_URL="+url)
		p.wait()
		reasons := []string{}
		for _, d := range p.deadLetters("dead") {
			reasons = append(reasons, d.Reason)
		}
		assert.ElementsMatch(t, []string{"event_not_defined", "missing_identity"}, reasons)
		profile, found := fake.Profile("user-de-00017")
		require.True(t, found)
		assert.Equal(t, "+493023125042", profile.Attributes["Phone"])
		assert.Equal(t, "gold", profile.Attributes["Customer Type"])
	})
}

func TestE2EWhatFailedArrivesWithARedrive(t *testing.T) {
	strictAndNot(t, func(t *testing.T, strict string) {
		_, url := fakeClevertap(t, clevertaptest.Options{DiscardedEvents: []string{"Trial Started"}})
		first := start(t, "file_to_clevertap.yaml", strict, "CLEVERTAP_URL="+url)
		first.wait()
		dead := first.deadLetters("dead")

		// In the meantime the event was allowed again, and somebody has repaired a kind of call in the file.
		fake, url := fakeClevertap(t, clevertaptest.Options{})
		repair(t, first.path("dead"), `\"type\":\"video\"`, `\"type\":\"track\"`)
		second := start(t, "dead_letter_redrive.yaml", strict, "CLEVERTAP_URL="+url, "REDRIVE="+first.path("dead"))
		second.wait()

		still := second.deadLetters("still_dead")
		assert.Less(t, len(still), len(dead))
		assert.Equal(t, len(dead), len(still)+accepted(fake))
		assert.Equal(t, countReason(dead, "unsupported_type"), len(dead)-len(still)-countCode(dead, 528))
		for _, d := range still {
			assert.Equal(t, 2, d.Attempt)
			assert.NotEqual(t, "unsupported_type", d.Reason)
			assert.NotEqual(t, 528, d.Code)
		}
		assert.Positive(t, countCode(dead, 528))
		assert.Positive(t, countReason(dead, "unsupported_type"))
	})
}

func repair(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600))
}

func countReason(letters []deadLetter, reason string) (n int) {
	for _, d := range letters {
		if d.Reason == reason {
			n++
		}
	}
	return n
}

func countCode(letters []deadLetter, code int) (n int) {
	for _, d := range letters {
		if d.Code == code {
			n++
		}
	}
	return n
}
