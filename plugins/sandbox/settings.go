package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// Settings are what a client needs to use the sandbox.
type Settings struct {
	URL       string `json:"url"`
	AccountID string `json:"accountId"`
	Passcode  string `json:"passcode"`
	TimeZone  string `json:"timezone"`
	WriteKey  string `json:"writeKey"`
	// YAML, SegmentYAML and EventsYAML are what to paste into a pipeline: an output to CleverTap, one to Segment, and an
	// input that exports events from CleverTap.
	YAML        string `json:"yaml"`
	SegmentYAML string `json:"segmentYaml"`
	EventsYAML  string `json:"eventsYaml"`
}

// Settings returns them for clients that reach the sandbox at this URL.
func (s *Sandbox) Settings(url string) Settings {
	o := s.opts.CleverTap
	account := fmt.Sprintf("    url: %q\n    account_id: %q\n    passcode: %q\n", url, o.AccountID, o.Passcode)
	year := time.Now().In(o.TimeZone).Year()
	return Settings{
		URL: url, AccountID: o.AccountID, Passcode: o.Passcode, TimeZone: o.TimeZone.String(), WriteKey: s.opts.WriteKey,
		YAML:        "output:\n  clevertap:\n" + account,
		SegmentYAML: fmt.Sprintf("output:\n  segment:\n    endpoint: %q\n    write_key: %q\n", url, s.opts.WriteKey),
		EventsYAML: "input:\n  clevertap_events:\n" + account +
			fmt.Sprintf("    timezone: %q\n    from: \"%d-01-01\"\n    poll_interval: 5s\n", o.TimeZone, year) +
			"    checkpoint_cache: checkpoints\n\ncache_resources:\n  - label: checkpoints\n    memory: {}\n",
	}
}

func (s *Sandbox) settings(w http.ResponseWriter, r *http.Request) {
	answer(w, s.Settings("http://"+r.Host))
}
