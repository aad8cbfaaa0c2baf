package sandbox

import (
	"fmt"
	"net/http"
)

// Settings are what a client needs to use the sandbox.
type Settings struct {
	URL       string `json:"url"`
	AccountID string `json:"accountId"`
	Passcode  string `json:"passcode"`
	WriteKey  string `json:"writeKey"`
	// YAML is the output to paste into a pipeline.
	YAML string `json:"yaml"`
}

// Settings returns them for clients that reach the sandbox at this URL.
func (s *Sandbox) Settings(url string) Settings {
	o := s.opts.CleverTap
	return Settings{
		URL: url, AccountID: o.AccountID, Passcode: o.Passcode, WriteKey: s.opts.WriteKey,
		YAML: fmt.Sprintf("output:\n  clevertap:\n    url: %q\n    account_id: %q\n    passcode: %q\n", url, o.AccountID, o.Passcode),
	}
}

func (s *Sandbox) settings(w http.ResponseWriter, r *http.Request) {
	answer(w, s.Settings("http://"+r.Host))
}
