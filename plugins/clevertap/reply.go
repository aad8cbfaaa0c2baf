package clevertap

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// The values of status in a reply.
// https://developer.clevertap.com/docs/upload-events-api
const (
	statusSuccess = "success"
	statusPartial = "partial"
	statusFail    = "fail"
)

// reply is what CleverTap answers to uploads and deletes.
type reply struct {
	Status      string       `json:"status"`
	Processed   *looseInt    `json:"processed"`
	Unprocessed []unaccepted `json:"unprocessed"`
	Code        looseInt     `json:"code"`
	Error       looseText    `json:"error"`

	// word is a code that is no number.
	word string
}

// setCode reads a code: a number, a number as a string, or a word.
func (r *reply) setCode(raw json.RawMessage) {
	if r.Code.UnmarshalJSON(raw) == nil && r.Code == 0 {
		_ = json.Unmarshal(raw, &r.word) // any other kind of value is no word
	}
}

// unaccepted is one refused record. The record is echoed too, but not as it was sent, so it is of no use.
type unaccepted struct {
	Code  looseInt  `json:"code"`
	Error looseText `json:"error"`
}

// parseReply tells apart what came broken from what is not a reply.
func parseReply(body []byte) (reply, error) {
	var r reply
	if err := json.Unmarshal(body, &r); err != nil {
		return reply{}, unreadable(err)
	}
	var written struct {
		Code json.RawMessage `json:"code"`
	}
	if json.Unmarshal(body, &written) == nil && written.Code != nil {
		r.setCode(written.Code)
	}
	return r, nil
}

// unreadable is the error of a reply that could not be decoded.
func unreadable(err error) *Error {
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		return otherForm()
	}
	return lostReply()
}

func otherForm() *Error { return unclear("the reply does not have the form of CleverTap's") }

// rejections places each failure of an upload of so many records, or says why that cannot be done.
func (r reply) rejections(records int) ([]Rejection, error) {
	failed := len(r.Unprocessed)
	if r.Processed == nil && r.Status == statusSuccess && failed == 0 {
		return nil, nil
	}
	rejections := make([]Rejection, 0, failed)
	taken := make(map[int]bool, failed)
	for i, u := range r.Unprocessed {
		position := u.position(i, failed == records)
		if position < 0 || position >= records {
			return nil, unclear("the reply does not tell which records failed")
		}
		if taken[position] {
			continue // refused for a second reason
		}
		taken[position] = true
		rejections = append(rejections, Rejection{Position: position, Code: Code(u.Code), Text: string(u.Error)})
	}
	if r.Processed == nil || int(*r.Processed)+len(rejections) != records {
		return nil, unclear("the reply does not account for all records")
	}
	return rejections, nil
}

// position is the record's place, from 0, or -1. The text tells it, counted from 1; where it does not, the order does
// if every record failed.
func (u unaccepted) position(order int, allFailed bool) int {
	matches := skippedNumber.FindAllStringSubmatch(string(u.Error), -1)
	switch {
	case len(matches) > 0:
		// The last one is CleverTap's own: an earlier one could stand in an echoed value.
		number, err := strconv.Atoi(matches[len(matches)-1][1])
		if err != nil {
			return -1
		}
		return number - 1
	case allFailed:
		return order
	}
	return -1
}

// maxReplyNumber bounds the codes and counts of a reply. They have up to four digits, and errors show the codes: a longer
// one could be an id or a phone number.
const maxReplyNumber = 9999

// looseInt takes a number also as a string; anything else is 0.
type looseInt int

func (n *looseInt) UnmarshalJSON(raw []byte) error {
	number, err := strconv.Atoi(strings.Trim(string(raw), `"`))
	if err != nil || number < -maxReplyNumber || number > maxReplyNumber {
		number = 0
	}
	*n = looseInt(number)
	return nil
}

// looseText takes a string, or the first of a list of them; anything else is no text.
type looseText string

func (t *looseText) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*t = looseText(text)
		return nil
	}
	var texts []string
	if json.Unmarshal(raw, &texts) == nil && len(texts) > 0 {
		*t = looseText(texts[0])
	}
	return nil
}
