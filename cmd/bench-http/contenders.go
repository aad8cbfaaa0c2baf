package main

import (
	"fmt"
	"slices"
	"strings"
)

// contender is one of the pipelines that are compared. All of them drop what they get.
type contender struct {
	name string
	// input is the config of the input with %[1]s for the address and %[2]s for the path that is called.
	input string
	more  string
	// binary is another than the one to measure, if it is not empty.
	binary string
}

const writeKey = "BENCH-WRITE-KEY"

const (
	coreInput = `
input:
  http_server: { address: "%[1]s", path: "%[2]s" }
`
	// No call of the generator turns the destination "Benchmark" off, so that both deliver the same calls.
	segmentInput = `
input:
  segment_http: { address: "%[1]s", write_keys: [ ` + writeKey + ` ], integration: Benchmark }
`
	segmentDedupeInput = `
input:
  segment_http: { address: "%[1]s", write_keys: [ ` + writeKey + ` ], integration: Benchmark, dedupe_cache: ids }
cache_resources:
  - label: ids
    memory: { default_ttl: 5m }
`
	segmentRedisInput = `
input:
  segment_http: { address: "%[1]s", write_keys: [ ` + writeKey + ` ], integration: Benchmark, dedupe_cache: ids }
cache_resources:
  - label: ids
    redis: { url: "REDIS", prefix: "bench-http:", default_ttl: 5m }
`
	parseCalls  = "pipeline: { processors: [ segment_parse: {} ] }\n"
	unpackCalls = "pipeline: { processors: [ decompress: { algorithm: gzip }, segment_parse: {} ] }\n"
)

// The first of a list is what the others are compared with: it does the same work as segment_http.
var (
	plainContenders = []contender{
		{name: "http_server, segment_parse", input: coreInput, more: parseCalls},
		{name: "segment_http", input: segmentInput},
		{name: "segment_http, dedupe_cache", input: segmentDedupeInput},
		{name: "http_server, not parsed", input: coreInput},
	}
	packedContenders = []contender{
		{name: "http_server, decompress, segment_parse", input: coreInput, more: unpackCalls},
		{name: "segment_http", input: segmentInput},
	}
)

func (c contender) config(address, path, debug string) string {
	engine := "http: { enabled: false }\n"
	if debug != "" {
		engine = fmt.Sprintf("http: { address: %q, debug_endpoints: true }\n", debug)
	}
	return fmt.Sprintf(engine+"logger: { level: ERROR }"+c.input+c.more+"output: { drop: {} }\n", address, path)
}

// under is what a measurement is called: who was measured, and under what load.
func (c contender) under(w workload) string { return c.name + ", " + w.String() }

// workload is what the callers do.
type workload struct {
	calls, callers int
	packed         bool
}

func (w workload) String() string {
	name := fmt.Sprintf("%d calls in a body", w.calls)
	if w.calls == 1 {
		name = "1 call in a body"
	}
	if w.packed {
		name += ", gzip"
	}
	return fmt.Sprintf("%s, %d callers", name, w.callers)
}

// contenders are those for the workload, one with its dedupe_cache in Redis if there is an address of one, and one of another
// binary if there is one. With any of those that -only names comes the first, which they are compared with.
func (o options) contenders(w workload) []contender {
	list := slices.Clone(w.standing())
	if o.redis != "" && !w.packed {
		input := strings.ReplaceAll(segmentRedisInput, "REDIS", o.redis)
		list = append(list, contender{name: "segment_http, dedupe_cache in Redis", input: input})
	}
	if o.before != "" {
		list = append(list, contender{name: "segment_http, before", input: segmentInput, binary: o.before})
	}
	others := slices.DeleteFunc(slices.Clone(list), func(c contender) bool { return !o.only.MatchString(c.under(w)) })
	if len(others) == 0 || others[0] == list[0] {
		return others
	}
	return append(list[:1], others...)
}

func (w workload) standing() []contender {
	if w.packed {
		return packedContenders
	}
	return plainContenders
}

// workloads are all combinations; packed bodies come from the fewest callers only.
func (o options) workloads() (all []workload) {
	for _, calls := range o.calls {
		for _, callers := range o.callers {
			all = append(all, workload{calls: calls, callers: callers})
		}
		all = append(all, workload{calls: calls, callers: o.callers[0], packed: true})
	}
	return all
}
