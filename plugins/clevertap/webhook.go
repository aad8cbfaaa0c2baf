package clevertap

import (
	"encoding/json"
	"errors"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

const (
	// MaxWebhookProfiles bounds the profiles of one call. How many CleverTap sends in a broadcast is not documented.
	MaxWebhookProfiles = 10_000
	// maxTargetID bounds the id of a campaign, a number of ten digits.
	maxTargetID = 64
	// maxWebhookDepth leaves room for the array that a single profile is put into.
	maxWebhookDepth = jsontree.MaxDepth - 1
)

// What can be wrong with the body of a webhook call. The texts are stable words.
var (
	// ErrWebhookJSON means: not one JSON object, or one that is nested too deeply.
	ErrWebhookJSON = errors.New("invalid_json")
	// ErrWebhookProfiles means: `profiles` is neither an object nor an array, or a member that decides is there twice.
	ErrWebhookProfiles = errors.New("invalid_profiles")
	// ErrWebhookTooLarge means: too many profiles.
	ErrWebhookTooLarge = errors.New("too_large")
)

// Webhook is one call of CleverTap's webhook channel, taken apart.
type Webhook struct {
	// Test marks the call that CleverTap makes when a template is saved. Its profiles are invented.
	Test bool
	// TargetID is the id of the campaign as it was written, empty if there is none.
	TargetID string
	// Bodies holds one body per profile: the call as sent, byte for byte, but with an array of this one profile. A
	// call without `profiles`, from a template with a JSON body of its own, is one body.
	Bodies [][]byte
}

// SplitWebhook takes the body of a call apart. It reads all documented shapes: many profiles or one in an array, or one
// that stands alone. Before it repeats the body for each profile it asks for room for the bytes that this takes, and fails
// with that error if there is none.
// https://docs.clevertap.com/docs/create-message-webhook
func SplitWebhook(body []byte, room func(bytes int64) error) (Webhook, error) {
	if !json.Valid(body) || !isObject(body) || depth(body) > maxWebhookDepth {
		return Webhook{}, ErrWebhookJSON
	}
	var call Webhook
	var start, end int
	seen := map[string]bool{}
	twice := false
	eachMember(body, func(name string, from, to int) bool {
		switch name {
		case "is_test":
			call.Test = string(body[from:to]) == "true"
		case "targetId":
			call.TargetID = targetID(body[from:to])
		case "profiles":
			start, end = from, to
		default:
			return true
		}
		twice = twice || seen[name]
		seen[name] = true
		return true
	})
	var err error
	switch {
	case twice:
		return Webhook{}, ErrWebhookProfiles
	case !seen["profiles"]:
		call.Bodies = [][]byte{body}
	default:
		call.Bodies, err = splitProfiles(body, start, end, room)
	}
	return call, err
}

// splitProfiles repeats the body for each profile of the value at start.
func splitProfiles(body []byte, start, end int, room func(bytes int64) error) ([][]byte, error) {
	profiles, err := listProfiles(body[start:end])
	if err != nil {
		return nil, err
	}
	rest := len(body) - (end - start) + len("[]")
	if err := room(int64(rest)*int64(len(profiles)) + int64(end-start)); err != nil {
		return nil, err
	}
	bodies := make([][]byte, len(profiles))
	for i, profile := range profiles {
		out := make([]byte, 0, rest+len(profile))
		out = append(append(out, body[:start]...), '[')
		out = append(append(out, profile...), ']')
		bodies[i] = append(out, body[end:]...)
	}
	return bodies, nil
}

func listProfiles(raw []byte) ([][]byte, error) {
	switch raw[0] {
	case '{':
		return [][]byte{raw}, nil
	case '[':
	default:
		return nil, ErrWebhookProfiles
	}
	var profiles [][]byte
	eachElement(raw, func(profile []byte) bool {
		profiles = append(profiles, profile)
		return len(profiles) <= MaxWebhookProfiles
	})
	if len(profiles) > MaxWebhookProfiles {
		return nil, ErrWebhookTooLarge
	}
	return profiles, nil
}

func targetID(raw []byte) string {
	var text string
	switch {
	case len(raw) > maxTargetID:
	case raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
		return text
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return string(raw)
	}
	return ""
}
