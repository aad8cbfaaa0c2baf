package outputs

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// joined is a batch whose records stand in the lines of a queue.
func joined(queue *clevertapQueue, records ...string) *clevertapDelivery {
	turn, done := queue.enter(context.Background(), nil)
	delivery := newClevertapDelivery(batchOf(records...))
	queue.join(turn, done, delivery)
	return delivery
}

// schedule returns the requests of a batch, each of them accepted before the next one is made.
func schedule(t require.TestingT, records ...string) []*clevertapRequest {
	queue := newClevertapQueue()
	queue.handOver = time.Microsecond
	delivery := joined(queue, records...)
	requests := []*clevertapRequest{}
	for {
		request, done := queue.take(delivery)
		if request == nil {
			require.True(t, done)
			queue.returns(delivery)
			requireForgotten(t, queue)
			return requests
		}
		requests = append(requests, request)
		queue.accept(request.items)
	}
}

// describe prints requests as their routes and the places of their records.
func describe(requests ...*clevertapRequest) []string {
	names := [...]string{"upload", "tokens", "delete", "delete by objectId"}
	list := []string{}
	for _, r := range requests {
		places := []int{}
		for _, item := range r.items {
			places = append(places, item.index)
		}
		list = append(list, fmt.Sprint(names[r.route], places))
	}
	return list
}

const (
	eventOfU1   = `{"type":"event","identity":"u1"}`
	eventOfU2   = `{"type":"event","identity":"u2"}`
	profileOfU1 = `{"type":"profile","identity":"u1","profileData":{}}`
	tokenOfA1   = `{"type":"token","objectId":"a1"}`
	linkA1U1    = `{"type":"profile","objectId":"a1","profileData":{"Identity":"u1"}}`
	deleteU1    = `{"type":"delete","identity":"u1"}`
	deleteA1    = `{"type":"delete","objectId":"a1"}`
)

func TestScheduleGroupsAndKeepsOrder(t *testing.T) {
	tests := map[string]struct {
		records []string
		want    []string
	}{
		"nothing":                          {nil, []string{}},
		"profiles and events go together":  {[]string{eventOfU1, profileOfU1, eventOfU2}, []string{"upload[0 1 2]"}},
		"tokens go alone":                  {[]string{eventOfU1, tokenOfA1, eventOfU2}, []string{"upload[0 2]", "tokens[1]"}},
		"a delete waits for what precedes": {[]string{eventOfU1, deleteU1, eventOfU2}, []string{"upload[0 2]", "delete[1]"}},
		"and what follows waits for it":    {[]string{deleteU1, eventOfU1, eventOfU2}, []string{"delete[0]", "upload[1 2]"}},
		"the two ways to delete":           {[]string{deleteU1, deleteA1}, []string{"delete[0]", "delete by objectId[1]"}},
		"a link joins two ids":             {[]string{tokenOfA1, linkA1U1, eventOfU1}, []string{"tokens[0]", "upload[1 2]"}},
		"there and back":                   {[]string{eventOfU1, deleteU1, eventOfU1, deleteU1}, []string{"upload[0]", "delete[1]", "upload[2]", "delete[3]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, describe(schedule(t, test.records...)...))
		})
	}
}

func TestScheduleNeedsFewRequestsWhenKindsAlternate(t *testing.T) {
	var records []string
	for i := range 300 {
		records = append(records,
			fmt.Sprintf(`{"type":"profile","objectId":"a%d"}`, i),
			fmt.Sprintf(`{"type":"token","objectId":"a%d"}`, i),
			fmt.Sprintf(`{"type":"event","identity":"u%d"}`, i))
	}
	assert.Len(t, schedule(t, records...), 1+3)
}

func TestScheduleCutsAtTheLimits(t *testing.T) {
	var records []string
	for i := range 2001 {
		records = append(records, fmt.Sprintf(`{"type":"event","identity":"u%d"}`, i%7))
	}
	requests := schedule(t, records...)
	require.Len(t, requests, 3)
	assert.Len(t, requests[0].items, clevertap.MaxUploadRecords)
	assert.Len(t, requests[2].items, 1)
}

func TestQueueLetsUnrelatedPeoplePass(t *testing.T) {
	queue := newClevertapQueue()
	one := joined(queue, eventOfU1)
	underWay := take(t, queue, one)
	two := joined(queue, eventOfU1, eventOfU2)
	assert.Equal(t, []string{"upload[1]"}, describe(take(t, queue, two)), "only u1 waits")
	requireNothing(t, queue, two)
	queue.accept(underWay.items)
	assert.Equal(t, []string{"upload[0]"}, describe(take(t, queue, two)))
}

func TestQueueTakesOtherBatchesAlong(t *testing.T) {
	queue := newClevertapQueue()
	batches := []*clevertapDelivery{}
	for range 5 {
		batches = append(batches, joined(queue, eventOfU2, eventOfU1, eventOfU2))
	}
	underWay := take(t, queue, batches[0])
	byPerson := map[string][]string{}
	for _, item := range underWay.items {
		person := item.record.Identity
		byPerson[person] = append(byPerson[person], fmt.Sprint(slices.Index(batches, item.delivery), item.index))
	}
	assert.Equal(t, map[string][]string{
		"u1": {"0 1", "1 1", "2 1", "3 1", "4 1"},
		"u2": {"0 0", "0 2", "1 0", "1 2", "2 0", "2 2", "3 0", "3 2", "4 0", "4 2"},
	}, byPerson, "each person in the order of the batches")
	for _, batch := range batches {
		requireNothing(t, queue, batch)
	}
	queue.accept(underWay.items)
	for _, batch := range batches {
		assert.Zero(t, batch.undecided)
	}
}

func TestQueueTakesAlongWhatFits(t *testing.T) {
	queue := newClevertapQueue()
	full := make([]string, clevertap.MaxUploadRecords-1)
	for i := range full {
		full[i] = eventOfU1
	}
	one, two := joined(queue, full...), joined(queue, eventOfU1, tokenOfA1, eventOfU1)
	underWay := take(t, queue, one)
	assert.Len(t, underWay.items, clevertap.MaxUploadRecords)
	assert.Equal(t, []string{"tokens[1]"}, describe(take(t, queue, two)))
	requireNothing(t, queue, two)
	queue.accept(underWay.items)
	assert.Equal(t, []string{"upload[2]"}, describe(take(t, queue, two)))
}

func TestQueueWaitsThroughLinks(t *testing.T) {
	queue := newClevertapQueue()
	token, link, event := joined(queue, tokenOfA1), joined(queue, linkA1U1), joined(queue, eventOfU1)
	underWay := take(t, queue, token)
	requireNothing(t, queue, link)
	requireNothing(t, queue, event)
	queue.accept(underWay.items)
	requireNothing(t, queue, event)
	assert.Equal(t, []string{"upload[0 0]"}, describe(take(t, queue, link)))
}

func TestQueueWaitsForARecordThatIsSentAgain(t *testing.T) {
	queue := newClevertapQueue()
	one := joined(queue, eventOfU1, eventOfU1)
	underWay := take(t, queue, one)
	two := joined(queue, eventOfU1)
	queue.accept(underWay.items[1:])
	requireNothing(t, queue, two)
	queue.accept(underWay.items[:1])
	assert.Equal(t, []string{"upload[0]"}, describe(take(t, queue, two)))
}

func TestQueueWaitsForADecisionAndNotForSuccess(t *testing.T) {
	failed := newClevertapFailure("server_error", "503")
	for name, decide := range map[string]func(*clevertapQueue, *clevertapRequest){
		"rejected": func(q *clevertapQueue, r *clevertapRequest) { q.reject(r.items[0], failed) },
		"lost":     func(q *clevertapQueue, r *clevertapRequest) { q.lose(r.items, failed) },
		"stopped":  func(q *clevertapQueue, r *clevertapRequest) { q.stop(r.owner, r.items, failed) },
	} {
		t.Run(name, func(t *testing.T) {
			queue := newClevertapQueue()
			one := joined(queue, eventOfU1)
			underWay := take(t, queue, one)
			two := joined(queue, eventOfU1)
			requireNothing(t, queue, two)
			decide(queue, underWay)
			assert.Len(t, queue.sendable(take(t, queue, two).items), 1)
		})
	}
}

func TestQueueJoinsBatchesInTheOrderOfTheirArrival(t *testing.T) {
	queue := newClevertapQueue()
	turn, done := queue.enter(context.Background(), nil)
	second := make(chan *clevertapDelivery)
	go func() { second <- joined(queue, eventOfU1) }()
	requireEntered(t, queue, done)
	one := newClevertapDelivery(batchOf(eventOfU1))
	queue.join(turn, done, one)
	two := <-second
	requireNothing(t, queue, two)
	assert.Equal(t, []string{"upload[0 0]"}, describe(take(t, queue, one)))
}

func take(t *testing.T, queue *clevertapQueue, d *clevertapDelivery) *clevertapRequest {
	t.Helper()
	request, _ := queue.take(d)
	require.NotNil(t, request)
	return request
}

func requireNothing(t *testing.T, queue *clevertapQueue, d *clevertapDelivery) {
	t.Helper()
	request, done := queue.take(d)
	require.Nil(t, request)
	require.False(t, done)
}

// requireEntered waits until another batch than the one with the given channel was the last to enter.
func requireEntered(t require.TestingT, queue *clevertapQueue, before chan<- struct{}) {
	require.Eventually(t, func() bool { return latest(queue) != before }, 10*time.Second, 50*time.Microsecond)
}

func latest(queue *clevertapQueue) chan<- struct{} {
	queue.mu.Lock()
	defer queue.mu.Unlock()
	return queue.joined
}

func TestScheduleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(anyRecord(), 0, 250).Draw(t, "records")
		requests := schedule(t, records...)

		request, place := map[int]int{}, map[int]int{}
		for n, r := range requests {
			require.NotEmpty(t, r.items)
			require.LessOrEqual(t, len(r.items), r.route.limit())
			for p, item := range r.items {
				require.Equal(t, r.route, routeOf(item.record), "requests hold one route")
				require.NotContains(t, request, item.index, "records are sent once")
				request[item.index], place[item.index] = n, p
			}
		}
		require.Len(t, request, len(records), "every record is sent")

		last := map[string]int{}
		for i, raw := range records {
			record, err := clevertap.Inspect([]byte(raw))
			require.NoError(t, err)
			for _, id := range record.IDs {
				if before, seen := last[id]; seen {
					ordered := request[before] < request[i] || request[before] == request[i] && place[before] < place[i]
					require.True(t, ordered || before == i, "records that share an id stay in order")
				}
				last[id] = i
			}
		}
	})
}

func anyRecord() *rapid.Generator[string] {
	person := rapid.IntRange(0, 6)
	return rapid.Custom(func(t *rapid.T) string {
		shape := rapid.SampledFrom([]string{
			`{"type":"event","identity":"p%d"}`,
			`{"type":"profile","identity":"P%d"}`,
			`{"type":"profile","objectId":"p%d","profileData":{"identity":"p%d"}}`,
			`{"type":"token","objectId":"p%d"}`,
			`{"type":"delete","identity":"p%d"}`,
			`{"type":"delete","objectId":"p%d"}`,
			`{"type":"event"}`,
		}).Draw(t, "shape")
		switch n := countVerbs(shape); n {
		case 0:
			return shape
		case 1:
			return fmt.Sprintf(shape, person.Draw(t, "person"))
		default:
			return fmt.Sprintf(shape, person.Draw(t, "person"), person.Draw(t, "other"))
		}
	})
}

func countVerbs(shape string) int {
	n := 0
	for _, c := range shape {
		if c == '%' {
			n++
		}
	}
	return n
}
