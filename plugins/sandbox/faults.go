package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

// Faults are the knobs of the page, of the command line and of POST /sandbox/faults.
type Faults struct {
	// Those of CleverTap.
	CommonFaults
	// PartialFailures is the probability that a good record is refused.
	PartialFailures float64 `json:"partial_failures"`

	Segment SegmentFaults `json:"segment"`
}

// CommonFaults are knobs that both services have.
type CommonFaults struct {
	// Latency and Drip are durations such as "200ms".
	Latency string `json:"latency"`
	Drip    string `json:"drip"`
	// ErrorRate, LostReplies and NoReply are probabilities.
	ErrorRate   float64 `json:"error_rate"`
	LostReplies float64 `json:"lost_replies"`
	NoReply     float64 `json:"no_reply"`
	// RateLimit is the number of parallel calls before a 429; 0 is the service's own.
	RateLimit int `json:"rate_limit"`
}

// SegmentFaults are the knobs of Segment.
type SegmentFaults struct {
	CommonFaults
	// Throttled is the probability of a 429.
	Throttled float64 `json:"throttled"`
}

// segmentRetryAfter is how many seconds a 429 asks to wait.
const segmentRetryAfter = 1

// cleverTap checks the knobs and turns them into faults of the stand-in for CleverTap.
func (f Faults) cleverTap() (clevertaptest.Faults, error) {
	latency, drip, err := f.check("")
	if err == nil {
		err = probability("partial_failures", f.PartialFailures)
	}
	return clevertaptest.Faults{
		Latency: latency, Drip: drip, ErrorRate: f.ErrorRate, PartialRate: f.PartialFailures,
		CutRate: f.LostReplies, BlackHoleRate: f.NoReply, MaxConcurrent: f.RateLimit,
	}, err
}

// segment does the same for Segment.
func (f SegmentFaults) segment() (segmenttest.Faults, error) {
	latency, drip, err := f.check("segment.")
	if err == nil {
		err = probability("segment.throttled", f.Throttled)
	}
	return segmenttest.Faults{
		Latency: latency, Drip: drip, ErrorRate: f.ErrorRate, ThrottleRate: f.Throttled, RetryAfter: segmentRetryAfter,
		CutRate: f.LostReplies, BlackHoleRate: f.NoReply, MaxConcurrent: f.RateLimit,
	}, err
}

// check also reads the durations. The prefix stands before the names in an error.
func (f CommonFaults) check(prefix string) (latency, drip time.Duration, err error) {
	for _, rate := range []struct {
		name  string
		value float64
	}{{"error_rate", f.ErrorRate}, {"lost_replies", f.LostReplies}, {"no_reply", f.NoReply}} {
		if err := probability(prefix+rate.name, rate.value); err != nil {
			return 0, 0, err
		}
	}
	if f.RateLimit < 0 {
		return 0, 0, fmt.Errorf("%srate_limit: must not be negative", prefix)
	}
	if latency, err = duration(prefix+"latency", f.Latency); err != nil {
		return 0, 0, err
	}
	drip, err = duration(prefix+"drip", f.Drip)
	return latency, drip, err
}

func probability(name string, rate float64) error {
	if rate >= 0 && rate <= 1 {
		return nil
	}
	return fmt.Errorf("%s: must be from 0 to 1", name)
}

func duration(name, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > time.Hour {
		return 0, fmt.Errorf("%s: must be a duration such as 200ms, up to 1h", name)
	}
	return d, nil
}

// SetFaults puts faults in force, from the next call on: all of them, or none if one is not valid.
func (s *Sandbox) SetFaults(f Faults) error {
	clevertap, err := f.cleverTap()
	if err != nil {
		return err
	}
	segment, err := f.Segment.segment()
	if err != nil {
		return err
	}
	s.clevertap.SetFaults(clevertap)
	s.segment.SetFaults(segment)
	return nil
}

// Faults returns those in force.
func (s *Sandbox) Faults() Faults {
	c, g := s.clevertap.Faults(), s.segment.Faults()
	return Faults{
		CommonFaults: CommonFaults{
			Latency: c.Latency.String(), Drip: c.Drip.String(), ErrorRate: c.ErrorRate,
			LostReplies: c.CutRate, NoReply: c.BlackHoleRate, RateLimit: c.MaxConcurrent,
		},
		PartialFailures: c.PartialRate,
		Segment: SegmentFaults{
			CommonFaults: CommonFaults{
				Latency: g.Latency.String(), Drip: g.Drip.String(), ErrorRate: g.ErrorRate,
				LostReplies: g.CutRate, NoReply: g.BlackHoleRate, RateLimit: g.MaxConcurrent,
			},
			Throttled: g.ThrottleRate,
		},
	}
}

func (s *Sandbox) getFaults(w http.ResponseWriter, _ *http.Request) { answer(w, s.Faults()) }

// postFaults changes the knobs that the body names and leaves the others.
func (s *Sandbox) postFaults(w http.ResponseWriter, r *http.Request) {
	f := s.Faults()
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	d.DisallowUnknownFields()
	err := d.Decode(&f)
	if err == nil {
		err = s.SetFaults(f)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, s.Faults())
}
