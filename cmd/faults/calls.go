package main

import (
	"bytes"
	"fmt"
	"strconv"
)

// Every call and every record carries its number in the ledger as the trait or property `marker`.
const markerKey = "marker"

// discardedEvent is one that the account has discarded: CleverTap refuses it with 528, for good.
const discardedEvent = "Trial Ended"

// call is the n-th call of a test: profiles and events in turn, now and then one that cannot be mapped, one that
// CleverTap refuses, and one that needs the identity cache. The plan must be the same in each run, so nothing is diced.
func call(n, people int) []byte {
	person := n % people
	head := fmt.Sprintf(`"messageId":"message-%d","userId":"person-%d","timestamp":"2026-03-02T08:00:00Z"`, n, person)
	switch {
	case n%50 == 13:
		return fmt.Appendf(nil, `{"type":"track",%s,"event":"Order Completed","properties":{"%s":%d,"products":"none"}}`, head, markerKey, n)
	case n%50 == 29:
		return fmt.Appendf(nil, `{"type":"track",%s,"event":"%s","properties":{"%s":%d}}`, head, discardedEvent, markerKey, n)
	case n%10 == 4:
		return fmt.Appendf(nil, `{"type":"identify",%s,"anonymousId":"device-%d","traits":{"%s":%d,"visits":%d}}`,
			head, person, markerKey, n, n/people)
	case n%2 == 0:
		return fmt.Appendf(nil, `{"type":"identify",%s,"traits":{"%s":%d,"visits":%d,"plan":"Gold","city":"Bengaluru"}}`,
			head, markerKey, n, n/people)
	}
	return fmt.Appendf(nil, `{"type":"track",%s,"event":"Order Viewed","properties":{"%s":%d,"currency":"INR","value":1999}}`,
		head, markerKey, n)
}

// markers finds the numbers in a text of calls or records, also when they are JSON within JSON.
func markers(text []byte) []int {
	var numbers []int
	for key := []byte(markerKey); ; {
		at := bytes.Index(text, key)
		if at < 0 {
			return numbers
		}
		text = bytes.TrimLeft(text[at+len(key):], `\" :`)
		digits := 0
		for digits < len(text) && '0' <= text[digits] && text[digits] <= '9' {
			digits++
		}
		if n, err := strconv.Atoi(string(text[:digits])); err == nil {
			numbers = append(numbers, n)
		}
	}
}
