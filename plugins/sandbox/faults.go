package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// Faults are the knobs of the page, of the command line and of POST /sandbox/faults.
type Faults struct {
	// Latency and Drip are durations such as "200ms".
	Latency string `json:"latency"`
	Drip    string `json:"drip"`
	// ErrorRate, PartialFailures, LostReplies and NoReply are probabilities.
	ErrorRate       float64 `json:"error_rate"`
	PartialFailures float64 `json:"partial_failures"`
	LostReplies     float64 `json:"lost_replies"`
	NoReply         float64 `json:"no_reply"`
	// RateLimit is the number of parallel calls before a 429; 0 is the account's own.
	RateLimit int `json:"rate_limit"`
}

// cleverTap checks the knobs and turns them into faults of the stand-in for CleverTap.
func (f Faults) cleverTap() (clevertaptest.Faults, error) {
	out := clevertaptest.Faults{
		ErrorRate: f.ErrorRate, PartialRate: f.PartialFailures, CutRate: f.LostReplies, BlackHoleRate: f.NoReply,
		MaxConcurrent: f.RateLimit,
	}
	for name, rate := range map[string]float64{
		"error_rate": f.ErrorRate, "partial_failures": f.PartialFailures,
		"lost_replies": f.LostReplies, "no_reply": f.NoReply,
	} {
		if !(rate >= 0 && rate <= 1) {
			return out, fmt.Errorf("%s: must be from 0 to 1", name)
		}
	}
	if f.RateLimit < 0 {
		return out, fmt.Errorf("rate_limit: must not be negative")
	}
	var err error
	if out.Latency, err = duration("latency", f.Latency); err != nil {
		return out, err
	}
	out.Drip, err = duration("drip", f.Drip)
	return out, err
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

// SetFaults puts faults in force, from the next call on.
func (s *Sandbox) SetFaults(f Faults) error {
	faults, err := f.cleverTap()
	if err == nil {
		s.clevertap.SetFaults(faults)
	}
	return err
}

// Faults returns those in force.
func (s *Sandbox) Faults() Faults {
	f := s.clevertap.Faults()
	return Faults{
		Latency: f.Latency.String(), Drip: f.Drip.String(), ErrorRate: f.ErrorRate, PartialFailures: f.PartialRate,
		LostReplies: f.CutRate, NoReply: f.BlackHoleRate, RateLimit: f.MaxConcurrent,
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
