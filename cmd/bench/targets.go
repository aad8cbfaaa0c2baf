package main

import "fmt"

// target is a goal for a row, or for how it compares with another. The median over the rounds decides.
type target struct {
	what, row string
	// base is the row that it is compared with, where it is.
	base string
	// atMost turns the comparison round.
	atMost  bool
	wanted  float64
	measure func(r, base result) spread
	format  string
}

// Seconds are those of the machine on which the bounds were set. There a pipeline without a processor takes 9.9 CPU
// seconds per million and does 105,000 events a second, which makes ratios of two bounds that any machine can be held to.
const (
	ofNoneMapping = 2.48 // 9.9 ÷ 4
	ofNoneSending = 0.43 // 45,000 ÷ 105,000
)

var targets = []target{
	{what: "mapping alone, CPU s per million calls", row: "mapper", atMost: true, wanted: 4, measure: cpu, format: "%.2f"},
	{what: "no processor ÷ mapping alone, CPU", row: "mapper", base: "none", wanted: ofNoneMapping, measure: result.cheaperThan, format: "%.2f"},
	{what: "mapping alone, allocations per call", row: "mapper", atMost: true, wanted: 3, measure: allocations, format: "%.2f"},
	{what: "segment_to_clevertap ÷ copying processor, events/s", row: "to_clevertap", base: "copy", wanted: 0.75, measure: result.fasterThan, format: "%.2f"},
	{what: "segment_to_clevertap ÷ no processor, events/s", row: "to_clevertap", base: "none", wanted: 0.5, measure: result.fasterThan, format: "%.2f"},
	{what: "segment_to_clevertap ÷ Bloblang not serialised, events/s", row: "to_clevertap", base: "bloblang", wanted: 4.5, measure: result.fasterThan, format: "%.2f"},
	{what: "to CleverTap on two cores with the server, events/s", row: "clevertap", wanted: 45_000, measure: speed, format: "%.0f"},
	{what: "to CleverTap ÷ no processor on one core, events/s", row: "clevertap", base: "none", wanted: ofNoneSending, measure: result.fasterThan, format: "%.2f"},
	{what: "to CleverTap ÷ Bloblang and http_client, events/s", row: "clevertap", base: "bloblang_http", wanted: 5, measure: result.fasterThan, format: "%.2f"},
	{what: "peak memory to CleverTap, MB", row: "clevertap", atMost: true, wanted: 150, measure: memory, format: "%.0f"},
	{what: "peak memory to CleverTap, long file, MB", row: "memory", atMost: true, wanted: 150, measure: memory, format: "%.0f"},
	{what: "mapping back alone, CPU s per million records", row: "back_mapper", atMost: true, wanted: 6, measure: cpu, format: "%.2f"},
	{what: "export to Segment on two cores with the server, records/s", row: "segment", wanted: 25_000, measure: speed, format: "%.0f"},
	{what: "one person ÷ many, to CleverTap, events/s (1, less what is noise)", row: "one_user", base: "no_tokens", wanted: 0.95, measure: result.fasterThan, format: "%.2f"},
}

func cpu(r, _ result) spread         { return r.cpuPerMillion() }
func allocations(r, _ result) spread { return r.allocationsPerLine() }
func speed(r, _ result) spread       { return r.perSecond() }
func memory(r, _ result) spread      { return r.peakMB() }

// reached tells whether the median is good enough, as it is printed.
func (t target) reached(s spread) bool {
	var shown float64
	if _, err := fmt.Sscan(fmt.Sprintf(t.format, s.median), &shown); err != nil {
		return false
	}
	if t.atMost {
		return shown <= t.wanted
	}
	return shown >= t.wanted
}

func (t target) bound() string {
	if t.atMost {
		return "≤ " + fmt.Sprintf(t.format, t.wanted)
	}
	return "≥ " + fmt.Sprintf(t.format, t.wanted)
}
