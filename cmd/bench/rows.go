package main

import (
	"cmp"
	"regexp"
)

// row is one pipeline that is measured.
type row struct {
	// name is for -only, for profiles and for targets.
	name  string
	title string
	input corpusKind
	// cores is GOMAXPROCS of the process, and of the server beside it.
	cores int
	// threads are those of the pipeline; 0 is one a core, as the engine has it by default.
	threads int
	// processors and output are YAML in one line. In them, {mapping} is the path of the Bloblang mapping and {server}
	// the address of the server.
	processors, output string
	// peer is what the server answers like; empty is no server.
	peer peer
	// mapper is set when there is no pipeline: the mapping alone.
	mapper mapperKind
	// delivered is how many messages must arrive.
	delivered func(tally) int
	// bases are the names of the rows that this one is compared with.
	bases []string
	// stock leaves the garbage collector as Go has it, in place of the binary's rarer collections: the engine as it comes.
	stock bool
	// joined is for outputs that see a batch as one message: only the server knows how many arrived.
	joined bool
	// once is for rows of which only the memory counts.
	once bool
	// often is for short rows whose ratio is a target: they run several times a round, in turns.
	often bool
}

// oftenTurns is how often. A neighbour that comes for seconds then spoils one comparison of many.
const oftenTurns = 3

// turns is how often the row runs in a round.
func (r row) turns(round int) int {
	switch {
	case r.once && round > 0:
		return 0
	case r.often:
		return oftenTurns
	}
	return 1
}

const (
	toDrop = `drop: {}`

	// busyThreads are enough for both cores to have something to do while messages are handed over, one at a time. They
	// pass each other, so a pipeline that keeps the order has one thread.
	busyThreads = 32

	// Outputs wait this long for the last batch to fill up, which falls on the whole run. With their default of a second
	// that would be a measurable part of it; full batches come far more often.
	lastWait = `period: 100ms`

	toClevertap = `clevertap: { account_id: TEST-ACCOUNT, passcode: TEST-PASSCODE, url: "{server}", batching: { count: 1000, ` + lastWait + ` } }`

	// The same batches, and as many requests at once as the clevertap output has by default.
	toClevertapByCore = `http_client: { url: "{server}/1/upload", verb: POST, max_in_flight: 10, ` +
		`headers: { Content-Type: application/json, X-CleverTap-Account-Id: TEST-ACCOUNT, X-CleverTap-Passcode: TEST-PASSCODE }, ` +
		`batching: { count: 1000, ` + lastWait + `, processors: [ archive: { format: json_array }, ` +
		`mapping: 'root = "{\"d\":" + content().string() + "}"' ] } }`

	toSegment = `segment: { write_key: TEST-WRITE-KEY, endpoint: "{server}", batching: { count: 250, ` + lastWait + ` } }`

	// Tokens need requests of their own, so what they cost is the number of requests. CleverTap takes no others.
	withoutTokens = `segment_to_clevertap: { push_tokens: "off" }`

	byHand = `mapping: 'from "{mapping}"'`
)

func rows(o options) []row {
	all := append(alone(), oneCore()...)
	all = append(all, delivering()...)
	if o.memoryCalls > 0 {
		all = append(all, row{
			name: "memory", title: "clevertap with a longer file, once", input: longCalls, cores: 2, threads: busyThreads,
			processors: `segment_to_clevertap: {}`, output: toClevertap, peer: clevertapPeer, delivered: tally.records, once: true,
		})
	}
	return all
}

// alone are rows without an engine.
func alone() []row {
	return []row{
		{name: "mapper", title: "mapping alone, Segment to CleverTap, no engine", input: calls, cores: 1, mapper: forwardMapper, delivered: tally.records, bases: []string{"none"}, often: true},
		{name: "mapper_crowd", title: "mapper with ten times as many people, and phone numbers to check", input: crowdCalls, cores: 1, mapper: forwardMapper, delivered: tally.records, bases: []string{"mapper"}},
		{name: "back_mapper", title: "mapping alone, CleverTap to Segment, no engine", input: exports, cores: 1, mapper: backMapper, delivered: tally.back},
	}
}

// oneCore are pipelines from a file to nowhere. Rows that are compared stand next to each other: what else runs on the
// machine comes and goes.
func oneCore() []row {
	list := append(asTheEngineComes(), asTheBinaryRuns()...)
	for i := range list {
		list[i].cores, list[i].output = 1, toDrop
	}
	return list
}

func asTheEngineComes() []row {
	list := []row{
		{name: "none", title: "file → drop, no processor", delivered: tally.lines, often: true},
		{name: "bytes", title: "file → Go processor that does AsBytes and SetBytes → drop", processors: `bench_bytes: {}`, delivered: tally.lines, bases: []string{"none"}},
		{name: "copy", title: "file → Go processor that copies, sets bytes and two metadata keys → drop", processors: `bench_copy: {}`, delivered: tally.lines, bases: []string{"none"}, often: true},
		{name: "to_clevertap", title: "file → segment_to_clevertap → drop", processors: `segment_to_clevertap: {}`, delivered: tally.records, bases: []string{"copy", "none", "bloblang", "bloblang_bytes"}, often: true},
		{name: "bloblang", title: "file → Bloblang by hand → drop, not serialised", input: halfCalls, processors: byHand, delivered: tally.kept, bases: []string{"none"}},
		{name: "bloblang_bytes", title: "file → Bloblang by hand → drop, serialised", input: halfCalls, processors: byHand + `, bench_serialise: {}`, delivered: tally.kept, bases: []string{"none"}},
		{name: "structured", title: "file → Go processor that only calls AsStructured → drop", processors: `bench_structured: {}`, delivered: tally.lines, bases: []string{"none"}},
	}
	for i := range list {
		list[i].stock = true
	}
	return list
}

func asTheBinaryRuns() []row {
	return []row{
		{name: "startup", title: "start and stop: an empty file", input: empty, delivered: tally.lines},
		{name: "none_rare", title: "none, with the binary's rarer garbage collections", delivered: tally.lines},
		{name: "copy_rare", title: "copy, likewise", processors: `bench_copy: {}`, delivered: tally.lines, bases: []string{"none_rare"}},
		{name: "to_clevertap_rare", title: "to_clevertap, likewise", processors: `segment_to_clevertap: {}`, delivered: tally.records, bases: []string{"copy_rare", "none_rare", "to_clevertap"}},
		{name: "export_none", title: "export → drop, no processor", input: exports, delivered: tally.lines},
		{name: "to_segment", title: "export → clevertap_to_segment → drop", input: exports, processors: `clevertap_to_segment: {}`, delivered: tally.back, bases: []string{"export_none"}},
	}
}

// delivering are pipelines that send to a server on loopback, which runs beside them.
func delivering() []row {
	list := []row{
		{
			name: "clevertap", title: "file → segment_to_clevertap → clevertap", cores: 2, delivered: tally.records,
			processors: `segment_to_clevertap: {}`, output: toClevertap, peer: clevertapPeer, bases: []string{"bloblang_http", "none"},
		},
		{
			name: "in_order", title: "clevertap with one thread, which keeps the order", cores: 2, threads: 1, delivered: tally.records,
			processors: `segment_to_clevertap: {}`, output: toClevertap, peer: clevertapPeer, bases: []string{"clevertap"},
		},
		{
			name: "bloblang_http", title: "file → Bloblang by hand → http_client, batches alike, as the engine comes", input: halfCalls, cores: 2, delivered: tally.kept,
			processors: byHand, output: toClevertapByCore, peer: clevertapPeer, joined: true, stock: true,
		},
		{
			name: "no_tokens", title: "clevertap without push tokens", cores: 2, delivered: tally.kept,
			processors: withoutTokens, output: toClevertap, peer: clevertapPeer,
		},
		{
			name: "one_user", title: "without push tokens, all calls about one person", input: hotCalls, cores: 2, delivered: tally.kept,
			processors: withoutTokens, output: toClevertap, peer: clevertapPeer, bases: []string{"no_tokens"},
		},
		{
			name: "one_user_tokens", title: "all calls about one person, push tokens among them", input: hotCalls, cores: 2, delivered: tally.records,
			processors: `segment_to_clevertap: {}`, output: toClevertap, peer: clevertapPeer, bases: []string{"clevertap"},
		},
		{
			name: "segment", title: "export → clevertap_to_segment → segment", input: exports, cores: 2, delivered: tally.back,
			processors: `clevertap_to_segment: {}`, output: toSegment, peer: segmentPeer,
		},
	}
	for i := range list {
		list[i].threads = cmp.Or(list[i].threads, busyThreads)
	}
	return list
}

// choose returns the rows that are asked for and those that they are compared with.
func choose(all []row, pattern *regexp.Regexp) (chosen []row) {
	wanted := map[string]bool{}
	for _, r := range all {
		if pattern.MatchString(r.name) {
			wanted[r.name] = true
			for _, base := range r.bases {
				wanted[base] = true
			}
		}
	}
	for _, r := range all {
		if wanted[r.name] {
			chosen = append(chosen, r)
		}
	}
	return chosen
}
