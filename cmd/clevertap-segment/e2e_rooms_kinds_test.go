package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

const (
	freshPairs = "fresh-pairs"

	hostileBody     = 512 << 10 // the largest that the example takes
	hostileCrowd    = 300
	hostileDepth    = 100_000
	gzipEncoded     = "Content-Encoding: gzip"
	largestEnvelope = 30 << 10
)

// hostileKinds are all of them. What a kind sends holds its name, so that what is stored of it is known again.
func hostileKinds() []*hostileKind {
	var kinds []*hostileKind
	add := func(name string, make func(mark string) func(s *hostileSender)) {
		kinds = append(kinds, &hostileKind{name: name, send: make("hostile-" + name + "-"), statuses: map[int]int{}})
	}
	add("gzip-bombs", gzipBombs)
	add("gzip-grown", gzipGrown)
	add("envelopes", envelopes)
	add("invalid-gzip", invalidPacked)
	add("dead-letters", deadLetters)
	add("dead-gzip", deadLettersPacked)
	add("dead-envelopes", deadEnvelopes)
	add("dead-envelopes-gzip", deadEnvelopesPacked)
	add("dead-grown", deadGrown)
	add("dead-envelopes-grown", deadEnvelopesGrown)
	add("dead-small", deadSmall)
	add("dead-records", deadRecords)
	add("fresh-ids", freshIDs)
	add(freshPairs, freshLinks)
	add("fresh-names", freshNames)
	add("drips", drips)
	add("values", manyValues)
	add("nesting", nesting)
	add("broken-gzip", brokenGzip)
	add("idle", idle)
	add("wrong-length", wrongLengths)
	add("mixture", mixture)
	return kinds
}

// hostileTrack is a valid call; members begin with a comma.
func hostileTrack(mark, event, members string) string {
	return `{"type":"track","event":"` + event + `","userId":"` + mark + `"` + members + `}`
}

// brokenOrder is valid at the door, and no mapping knows what to do with its products.
func brokenOrder(mark string) string {
	return hostileTrack(mark, "Order Completed", `,"properties":{"products":3}`)
}

// times repeats a call until a batch of it has this size.
func times(call string, size int) string {
	return strings.TrimSuffix(strings.Repeat(call+",", size/(len(call)+1)), ",")
}

func inEnvelope(context int, calls string) string {
	return `{"context":{"a":"` + strings.Repeat("x", context) + `"},"batch":[` + calls + `]}`
}

func zipped(text string) string { return string(zip([]byte(text))) }

// gzipBombs are half a megabyte of one call in a kilobyte or two.
func gzipBombs(mark string) func(s *hostileSender) {
	valid := zipped(batchOf(times(hostileTrack(mark, "e", ""), hostileBody-100)))
	spaces := zipped(`{"batch":[` + hostileTrack(mark, "e", "") + strings.Repeat(" ", hostileBody-200) + `]}`)
	tooLarge := zipped(strings.Repeat(" ", 8<<20))
	return func(s *hostileSender) {
		s.post("/v1/batch", valid, gzipEncoded)
		s.post("/v1/batch", spaces, gzipEncoded)
		s.post("/v1/batch", tooLarge, gzipEncoded)
	}
}

// envelopes repeat 30 KB in each of many calls: as many as are accepted, and far more.
func envelopes(mark string) func(s *hostileSender) {
	call := hostileTrack(mark, "e", "")
	accepted := inEnvelope(largestEnvelope, times(call, 250*(len(call)+1)))
	tooMany := inEnvelope(largestEnvelope, times(call, hostileBody-largestEnvelope-100))
	packed, packedTooMany := zipped(accepted), zipped(tooMany)
	return func(s *hostileSender) {
		s.post("/v1/batch", accepted)
		s.post("/v1/batch", packed, gzipEncoded)
		s.post("/v1/batch", tooMany)
		s.post("/v1/batch", packedTooMany, gzipEncoded)
	}
}

// invalidPacked are calls that are not valid, each with 30 KB of its envelope. They must not be stored.
func invalidPacked(mark string) func(s *hostileSender) {
	call := `{"type":"track","userId":"` + mark + `"}`
	body := zipped(inEnvelope(largestEnvelope, times(call, 250*(len(call)+1))))
	return func(s *hostileSender) { s.post("/v1/batch", body, gzipEncoded) }
}

// deadLetters fill the dead letter with calls that are valid and cannot be mapped.
func deadLetters(mark string) func(s *hostileSender) {
	order, orders, longIDs := unmappable(mark)
	return func(s *hostileSender) {
		s.post("/v1/track", order)
		s.post("/v1/batch", orders)
		s.post("/v1/batch", longIDs)
	}
}

func deadLettersPacked(mark string) func(s *hostileSender) {
	_, orders, longIDs := unmappable(mark)
	orders, longIDs = zipped(orders), zipped(longIDs)
	return func(s *hostileSender) {
		s.post("/v1/batch", orders, gzipEncoded)
		s.post("/v1/batch", longIDs, gzipEncoded)
	}
}

// unmappable returns a call whose products are not a list, a batch of such calls, and a batch of calls with ids that are too long.
func unmappable(mark string) (order, orders, longIDs string) {
	longID := hostileTrack(mark+strings.Repeat("x", 1100), "e", "")
	return brokenOrder(mark), batchOf(times(brokenOrder(mark), hostileBody-100)), batchOf(times(longID, hostileBody-100))
}

// deadEnvelopes repeat 30 KB in as many dead letters as the input accepts of one request.
func deadEnvelopes(mark string) func(s *hostileSender) {
	body := deadEnvelope(mark)
	return func(s *hostileSender) { s.post("/v1/batch", body) }
}

func deadEnvelopesPacked(mark string) func(s *hostileSender) {
	body := zipped(deadEnvelope(mark))
	return func(s *hostileSender) { s.post("/v1/batch", body, gzipEncoded) }
}

func deadEnvelope(mark string) string {
	order := brokenOrder(mark)
	return inEnvelope(largestEnvelope, times(order, 250*(len(order)+1)))
}

// growths are how many times larger than what is sent its calls are. Where the input has a bound, some stay within it.
var growths = []int{25, 45, 70, 95}

// grown packs so many calls and an envelope for each, and noise that makes the growth as it is asked for.
func grown(growth, context, n int, call string) string {
	const stamps = 170 // the ids and times that each call gets
	pack := func(noise int) string {
		body := inEnvelope(context, times(call, n*(len(call)+1)))
		return zipped(strings.TrimSuffix(body, "}") + `,"noise":"` + noiseOf(noise) + `"}`)
	}
	bare := pack(0)
	// A byte of noise is two digits, and gzip makes little more than a byte of them.
	return pack(2 * max(0, n*(context+len(call)+stamps)/growth-len(bare)))
}

// noiseOf is a text of so many hexadecimal digits that gzip cannot make much smaller.
func noiseOf(digits int) string {
	var out strings.Builder
	for out.Len() < digits {
		out.WriteString(fresh())
	}
	return out.String()[:digits]
}

func sendGrown(context, n int, call string) func(s *hostileSender) {
	var bodies []string
	for _, growth := range growths {
		bodies = append(bodies, grown(growth, context, n, call))
	}
	return func(s *hostileSender) {
		for _, body := range bodies {
			s.post("/v1/batch", body, gzipEncoded)
		}
	}
}

// gzipGrown are bombs that stay within a bound.
func gzipGrown(mark string) func(s *hostileSender) {
	return sendGrown(0, 2000, hostileTrack(mark, "e", ""))
}

func deadGrown(mark string) func(s *hostileSender) { return sendGrown(0, 2000, brokenOrder(mark)) }

func deadEnvelopesGrown(mark string) func(s *hostileSender) {
	return sendGrown(largestEnvelope, 100, brokenOrder(mark))
}

// deadSmall are dead letters in requests so small that a bound may not look at them.
func deadSmall(mark string) func(s *hostileSender) {
	order := brokenOrder(mark)
	body := zipped(batchOf(times(order, 40*(len(order)+1))))
	return func(s *hostileSender) {
		for range 10 {
			s.post("/v1/batch", body, gzipEncoded)
		}
	}
}

// deadRecords fill the dead letter with records that CleverTap does not take: an objectId that is too long, with as many and
// as large properties as it takes.
func deadRecords(mark string) func(s *hostileSender) {
	device := `{"type":"track","event":"e","anonymousId":"` + mark + strings.Repeat("x", 80) + `"`
	var properties strings.Builder
	for n := range 50 {
		fmt.Fprintf(&properties, `,"p%d":"%s"`, n, strings.Repeat("x", 500))
	}
	small, large := device+"}", device+`,"properties":{`+properties.String()[1:]+`}}`
	smalls, larges := batchOf(times(small, hostileBody-100)), batchOf(times(large, hostileBody-100))
	packedSmalls, packedLarges := zipped(smalls), zipped(larges)
	return func(s *hostileSender) {
		s.post("/v1/track", large)
		s.post("/v1/batch", smalls)
		s.post("/v1/batch", packedSmalls, gzipEncoded)
		s.post("/v1/batch", packedLarges, gzipEncoded)
	}
}

// fresh returns an id that nobody has seen.
func fresh() string {
	var id [8]byte
	for i, word := 0, rand.Uint64(); i < len(id); i++ {
		id[i] = byte(word >> (8 * i))
	}
	return hex.EncodeToString(id[:])
}

// freshCalls are a batch of so many calls, each with an id of its own.
func freshCalls(n int, call func(id string) string) string {
	calls := make([]string, n)
	for i := range calls {
		calls[i] = call(fresh())
	}
	return batchOf(calls...)
}

// freshIDs fill the cache of delivered ids, half of them by calls that the mapping drops.
func freshIDs(mark string) func(s *hostileSender) {
	return func(s *hostileSender) {
		s.post("/v1/batch", freshCalls(2500, func(id string) string { return hostileTrack(mark, "e", `,"messageId":"`+id+`"`) }))
		s.post("/v1/batch", zipped(freshCalls(2500, func(id string) string {
			return `{"type":"group","groupId":"g","userId":"` + mark + `","messageId":"` + id + `"}`
		})), gzipEncoded)
	}
}

// freshLinks fill the identity cache.
func freshLinks(mark string) func(s *hostileSender) {
	link := func(id string) string {
		return `{"type":"identify","userId":"` + mark + `","anonymousId":"` + id + `"}`
	}
	return func(s *hostileSender) {
		s.post("/v1/batch", freshCalls(500, link))
		s.post("/v1/batch", zipped(freshCalls(500, link)), gzipEncoded)
	}
}

// freshNames fill what the mapping remembers of names: those of events, properties, products and attributes.
func freshNames(mark string) func(s *hostileSender) {
	members := func() string {
		all := make([]string, 30)
		for i := range all {
			all[i] = `"` + fresh() + strings.Repeat("n", 80) + `":1`
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	return func(s *hostileSender) {
		s.post("/v1/batch", zipped(freshCalls(100, func(id string) string { return hostileTrack(mark, id, `,"properties":`+members()) })), gzipEncoded)
		s.post("/v1/batch", zipped(freshCalls(100, func(string) string {
			return hostileTrack(mark, "Order Completed", `,"properties":{"products":[`+members()+`]}`)
		})), gzipEncoded)
		s.post("/v1/batch", zipped(freshCalls(100, func(string) string {
			return `{"type":"identify","userId":"` + mark + `","traits":` + members() + `}`
		})), gzipEncoded)
	}
}

// drips announce a large body on hundreds of connections, and send a byte now and then: with the right key, a wrong one and
// none.
func drips(string) func(s *hostileSender) {
	keys := []string{basic(writeKey + ":"), basic("WRONG-KEY:"), "X-Nothing: x"}
	return func(s *hostileSender) {
		s.crowd(hostileCrowd, func(n int) string { return hostileRequest("/v1/batch", " ", hostileBody-1, keys[n%len(keys)]) }, true)
	}
}

// idle opens hundreds of connections and sends nothing, or half a header.
func idle(string) func(s *hostileSender) {
	return func(s *hostileSender) {
		s.crowd(hostileCrowd, func(n int) string { return strings.Repeat("POST /v1/batch HTTP/1.1\r\nHost: ", n%2) }, false)
	}
}

// manyValues are bodies of as many JSON values as possible.
func manyValues(mark string) func(s *hostileSender) {
	numbers := batchOf(times("1", hostileBody-100))
	objects := batchOf(times("{}", hostileBody-100))
	members := hostileTrack(mark, "e", `,"properties":{`+times(`"":0`, hostileBody/2)+`}`)
	inCall := batchOf(times(hostileTrack(mark, "e", `,"properties":{"a":[`+times("1", 30_000)+`]}`), hostileBody-100))
	packed := []string{zipped(numbers), zipped(objects), zipped(members), zipped(inCall)}
	return func(s *hostileSender) {
		s.post("/v1/batch", numbers)
		s.post("/v1/track", members)
		for _, body := range packed {
			s.post("/v1/batch", body, gzipEncoded)
		}
	}
}

func nesting(mark string) func(s *hostileSender) {
	deep := func(levels int) string { return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels) }
	arrays := strings.Repeat("[", hostileDepth) + strings.Repeat("]", hostileDepth)
	refused := zipped(hostileTrack(mark, "e", `,"properties":`+deep(hostileDepth/2)))
	accepted := batchOf(times(hostileTrack(mark, "e", `,"properties":`+deep(100)), hostileBody/2))
	return func(s *hostileSender) {
		s.post("/v1/batch", arrays)
		s.post("/v1/batch", zipped(arrays), gzipEncoded)
		s.post("/v1/track", refused, gzipEncoded)
		s.post("/v1/batch", accepted)
		s.post("/v1/batch", batchOf(arrays))
	}
}

func brokenGzip(mark string) func(s *hostileSender) {
	whole := zipped(batchOf(times(brokenOrder(mark), hostileBody-100)))
	checksum := []byte(whole)
	checksum[len(checksum)-6] ^= 1
	var members strings.Builder
	for range 1000 {
		members.WriteString(zipped(""))
	}
	return func(s *hostileSender) {
		s.post("/v1/batch", whole[:len(whole)/2], gzipEncoded)
		s.post("/v1/batch", string(checksum), gzipEncoded)
		s.post("/v1/batch", whole+"more", gzipEncoded)
		s.post("/v1/batch", members.String(), gzipEncoded)
		s.post("/v1/batch", zipped(whole), gzipEncoded)
	}
}

// wrongLengths announce less than they send, or more and then go, or what is no number.
func wrongLengths(mark string) func(s *hostileSender) {
	body := batchOf(hostileTrack(mark, "e", ""))
	return func(s *hostileSender) {
		key := basic(writeKey + ":")
		for _, text := range []string{
			hostileRequest("/v1/batch", body, len(body)-10, key),
			hostileRequest("/v1/batch", body, -1, key),
			strings.Replace(hostileRequest("/v1/batch", body, 0, key), "Content-Length: 0", "Content-Length: 99999999999999999999", 1),
			hostileRequest("/v1/batch", body, len(body), key, "Content-Length: 5"),
			hostileRequest("/v1/batch", body, len(body), key, "Transfer-Encoding: chunked"),
		} {
			s.request(text, false)
		}
		s.crowd(hostileCrowd/10, func(int) string { return hostileRequest("/v1/batch", body, hostileBody, key) }, false)
	}
}

// mixture is what may make a careless reader panic: other kinds with bytes changed, and values where others belong.
func mixture(mark string) func(s *hostileSender) {
	sources := []string{
		batchOf(hostileTrack(mark, "e", `,"properties":{"a":[1,{"b":null}],"c":"\ud800","d":1e999999}`), brokenOrder(mark)),
		`{"batch":[{"type":"identify","userId":{"a":1},"traits":[]},{"type":"alias","userId":"` + mark + `","previousId":""}],"context":{"device":{"token":{}}}}`,
		`{"batch":[{"type":"page","userId":1e400,"name":[],"properties":{"":{"":{"":0}}}},null,[],"x",{"batch":null}],"sentAt":"9999-99-99T99:99:99Z","context":[]}`,
		`{"batch":[{"type":"track","event":"Charged","userId":"` + mark + `","timestamp":"-1","properties":{"products":[[],null,{"price":"` + strings.Repeat("9", 5000) + `"}],"total":"1.1.1,1"}}]}`,
		`{"batch":[{"type":"identify","userId":"` + mark + `","traits":{"phone":"+","birthday":1e308,"email":"@","gender":{},"avatar":[],"$delete":{"$delete":1}},"context":{"timezone":"../../etc"}}]}`,
	}
	return func(s *hostileSender) {
		for _, source := range sources {
			s.post("/v1/batch", source)
			for range 5 {
				body := []byte(source)
				for range 1 + rand.IntN(4) {
					body[rand.IntN(len(body))] = "\x00\"\\{}[],:0e-\xff "[rand.IntN(14)]
				}
				s.post("/v1/batch", string(body[:len(body)-rand.IntN(3)]))
			}
		}
	}
}
