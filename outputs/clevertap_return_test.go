package outputs

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// soon and late are courses of a record of a person.
func soon(person string) course { return course{event(person, "A"), 5 * time.Millisecond, "accepted"} }

func late(person, fate string) course {
	return course{event(person, "A"), 100 * time.Millisecond, fate}
}

func TestABatchReturnsAfterTheEarlierOnesOfItsPeople(t *testing.T) {
	const handedOver = 100*time.Millisecond + clevertapHandOver
	for name, test := range map[string]struct {
		plans []plan
		want  []time.Duration
	}{
		"one that shares nobody returns at once": {
			[]plan{{courses: []course{late("u1", "accepted")}}, {courses: []course{soon("u2")}}},
			[]time.Duration{100 * time.Millisecond, 5 * time.Millisecond},
		},
		"one with no usable record, too": {
			[]plan{{courses: []course{late("u1", "accepted")}}, {courses: []course{{record: "u1"}}}, {}},
			[]time.Duration{100 * time.Millisecond, 0, 0},
		},
		"one that shares somebody waits for the whole batch": {
			[]plan{{courses: []course{soon("u1"), late("u2", "accepted")}}, {courses: []course{soon("u1")}}},
			[]time.Duration{100 * time.Millisecond, handedOver},
		},
		"also for one that fails": {
			[]plan{{courses: []course{soon("u1"), late("u2", "lost")}}, {courses: []course{soon("u1")}}},
			[]time.Duration{100 * time.Millisecond, handedOver},
		},
		"and for one that is refused": {
			[]plan{{courses: []course{soon("u1"), late("u2", "rejected")}}, {courses: []course{soon("u1")}}},
			[]time.Duration{100 * time.Millisecond, handedOver},
		},
		"and one that is stopped for its credentials waits, too": {
			[]plan{{courses: []course{soon("u1"), late("u2", "accepted")}}, {courses: []course{{event("u1", "A"), 0, "unauthorized"}}}},
			[]time.Duration{100 * time.Millisecond, handedOver},
		},
		"it waits through batches between": {
			[]plan{{courses: []course{soon("u1"), late("u2", "accepted")}}, {courses: []course{soon("u1"), soon("u3")}}, {courses: []course{soon("u3")}}},
			[]time.Duration{100 * time.Millisecond, handedOver, handedOver + clevertapHandOver},
		},
		"after a large one it waits longer": {
			[]plan{{courses: slices.Repeat([]course{soon("u1")}, 1001)}, {courses: []course{soon("u1")}}},
			[]time.Duration{10 * time.Millisecond, 10*time.Millisecond + 2*clevertapHandOver},
		},
		"a batch that is interrupted waits no longer": {
			[]plan{{courses: []course{soon("u1"), late("u2", "accepted")}}, {courses: []course{soon("u1")}, interrupt: 50 * time.Millisecond}},
			[]time.Duration{100 * time.Millisecond, 50 * time.Millisecond},
		},
		"and those behind it wait for the ones before it": {
			[]plan{
				{courses: []course{soon("u1"), late("u2", "accepted")}},
				{courses: []course{soon("u1"), soon("u3")}, interrupt: 50 * time.Millisecond},
				{courses: []course{soon("u3")}},
			},
			[]time.Duration{100 * time.Millisecond, 50 * time.Millisecond, handedOver},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var returned []time.Duration
			for _, w := range perform(t, 10, test.plans...) {
				returned = append(returned, w.returned)
			}
			assert.Equal(t, test.want, returned)
		})
	}
}

// Not earlier, and not later either: a write returns in the very moment in which its own records and the batches before
// it allow it.
func TestBatchesReturnWhenTheyMayAndNoLater(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		plans := rapid.SliceOfN(anyPlan(), 1, 30).Draw(r, "plans")
		results := perform(t, rapid.IntRange(1, 10).Draw(r, "in flight"), plans...)
		released, lines := make([]time.Duration, len(plans)), map[string][]int{}
		for i, w := range results {
			turn := time.Duration(0)
			for _, id := range idsOf(r, records(plans[i])) {
				for _, earlier := range lines[id] {
					turn = max(turn, released[earlier])
				}
				lines[id] = append(lines[id], i)
			}
			waits := turn
			if plans[i].interrupt > 0 {
				waits = min(turn, plans[i].interrupt)
			}
			require.Equal(r, max(w.done, waits), w.returned, "batch %d", i)
			released[i] = max(turn, w.returned+clevertapHandOver)
		}
	})
}

func idsOf(t require.TestingT, records []string) (ids []string) {
	for _, raw := range records {
		record, err := clevertap.Inspect([]byte(raw))
		require.NoError(t, err)
		ids = append(ids, record.IDs...)
	}
	return ids
}

func anyPlan() *rapid.Generator[plan] {
	return rapid.Custom(func(t *rapid.T) (p plan) {
		for i := range rapid.IntRange(0, 5).Draw(t, "records") {
			p.courses = append(p.courses, course{
				numbered(i).Draw(t, "record"), time.Duration(rapid.IntRange(0, 60).Draw(t, "ms")) * time.Millisecond,
				rapid.SampledFrom([]string{"accepted", "accepted", "rejected", "lost"}).Draw(t, "fate"),
			})
		}
		if rapid.IntRange(0, 9).Draw(t, "interrupted") == 0 {
			// In between the moments in which something else happens.
			p.interrupt = time.Duration(rapid.IntRange(0, 300).Draw(t, "after"))*time.Millisecond + time.Millisecond/2
		}
		return p
	})
}
