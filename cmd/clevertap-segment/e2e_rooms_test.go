package main

import (
	"context"
	"flag"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

var hostileLong = flag.Bool("hostile.long", false, "let hostile senders go on for a minute, and allow honest ones no retry and no second")

// What strangers can make the public example take up, however they send.
const (
	hostileSenders = 8
	honestSenders  = 4
	honestPause    = 50 * time.Millisecond

	// mostMemory is the most that may ever be resident.
	mostMemory = 300_000_000
	// mostStored is the most bytes in files for each byte that strangers send, over all they do, and mostStoredByKind the
	// most for each byte of the kind that costs most: the smallest calls, of which a dead letter is eight times as large, in
	// a body that gzip has made thirty times smaller.
	mostStored       = 20
	mostStoredByKind = 240
	// mostStoredBase is what the start of a run may add to that: a short one sends little of each kind.
	mostStoredBase = 1 << 20
)

// Eight strangers with the public write key do everything they can for a minute, in `make test` for five seconds, while four
// honest senders go on. It is about the room that strangers take up in memory and on disk.
func TestE2ERooms_OfStrangersAreBounded(t *testing.T) {
	length, hold := 5*time.Second, 300*time.Millisecond
	if *hostileLong {
		length, hold = time.Minute, 3*time.Second
	}
	clevertap := newRoomsTarget(t)
	address, admin := testenv.FreeAddress(t), testenv.FreeAddress(t)
	p := start(t, "sdks_to_clevertap.yaml", "CLEVERTAP_URL="+clevertap.url, "ADDRESS="+address, "http.address="+admin)
	eventually(t, "the endpoint listens", func() bool { return answers("http://" + admin + "/ready") })
	rooms := newRooms(t, p)
	kinds := hostileKinds()

	ctx, done := context.WithTimeout(t.Context(), length)
	defer done()
	var hostile, honest sync.WaitGroup
	people := make([]*honestSender, honestSenders)
	for i := range people {
		people[i] = newHonestSender(address, i)
		honest.Go(func() { people[i].sendUntil(ctx) })
	}
	for i := range hostileSenders {
		hostile.Go(func() { newHostileSender(address, hold).sendUntil(ctx, kinds, i*len(kinds)/hostileSenders) })
	}
	hostile.Go(func() { rooms.watch(ctx, done) })
	hostile.Wait()
	honest.Wait()

	rooms.measure(kinds)
	answered := waitsOf(people)
	t.Log(rooms.report(kinds, answered, clevertap))

	assert.False(t, rooms.overrun, "ended early, before it fills the machine")
	assert.Less(t, rooms.memory, int64(mostMemory), "resident memory")
	for _, k := range kinds {
		assert.LessOrEqual(t, k.stored, mostStoredBase+mostStoredByKind*k.wire.Load(), "bytes stored, by %s", k.name)
	}
	assert.LessOrEqual(t, rooms.stored, mostStoredBase+mostStored*rooms.wire, "bytes stored")

	assert.Zero(t, answered.never, "honest calls that were not answered 200, with all retries")
	assert.GreaterOrEqual(t, clevertap.honest.Load(), int64(answered.count), "honest calls that arrived")
	if *hostileLong {
		assert.Zero(t, answered.retried, "honest calls that were not answered 200 at once")
		assert.Less(t, answered.percentile(99), time.Second)
	}
	require.NotContains(t, p.log.String(), "panic")
	p.stop()
}
