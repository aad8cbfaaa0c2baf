package main

import (
	"math/rand/v2"
	"time"
)

// trouble is one way in which CleverTap can fail. Rates are probabilities from 0 to 1, diced per request.
type trouble struct {
	name string

	// latency is how long each request takes, besides.
	latency time.Duration

	// Before anything is processed.
	throttle, fail, reset, silence float64
	wrongAccount                   bool

	// Records that are in order are refused with 555, each by itself.
	partial float64

	// After the request was processed: the bridge does not learn how it went.
	resetAfter, silenceAfter, cut, garble float64

	// The reply comes in eight pieces.
	drip time.Duration

	// impatient says that the retry budget of the bridge ends before the trouble does.
	impatient bool
}

// troubles are the failures of the matrix.
var troubles = []trouble{
	{name: "throttled", throttle: 0.9},
	{name: "server errors", fail: 0.9},
	{name: "connections reset", reset: 0.7},
	{name: "connections reset after the work", resetAfter: 0.5},
	{name: "half-written replies", cut: 0.5},
	{name: "broken replies with 200", garble: 0.5},
	{name: "silence until the timeout", silence: 0.4},
	{name: "silence after the work", silenceAfter: 0.4},
	{name: "some records refused for now", partial: 0.3},
	{name: "all records refused for now", partial: 1},
	{name: "replies in drops", drip: 40 * time.Millisecond},
	{name: "wrong account or region", wrongAccount: true},
	{name: "down until it recovers", fail: 1},
	{name: "down for longer than the retries last", fail: 1, impatient: true},
}

// mixed is a little of everything: about a tenth of the requests meet with trouble.
func mixed(rate float64) trouble {
	each := rate / 8
	return trouble{
		name: "mixed", throttle: each, fail: each, reset: each, silence: each / 4, partial: each / 10,
		resetAfter: each, silenceAfter: each / 4, cut: each, garble: each,
	}
}

// fate is what the dice have decided for one request.
type fate int

const (
	fateServed fate = iota
	fateThrottled
	fateFailed
	fateReset
	fateSilence
	fateUnauthorized
	fateResetAfter
	fateSilenceAfter
	fateCut
	fateGarbled
	fateDripped
)

// replyLost tells whether the bridge cannot know what became of its records.
func (f fate) replyLost() bool { return f >= fateResetAfter && f <= fateGarbled }

func (t trouble) roll(dice *rand.Rand) fate {
	if t.wrongAccount {
		return fateUnauthorized
	}
	at := dice.Float64()
	for _, c := range []struct {
		rate float64
		fate fate
	}{
		{t.throttle, fateThrottled}, {t.fail, fateFailed}, {t.reset, fateReset}, {t.silence, fateSilence},
		{t.resetAfter, fateResetAfter}, {t.silenceAfter, fateSilenceAfter}, {t.cut, fateCut}, {t.garble, fateGarbled},
	} {
		if at -= c.rate; at < 0 {
			return c.fate
		}
	}
	if t.drip > 0 {
		return fateDripped
	}
	return fateServed
}
