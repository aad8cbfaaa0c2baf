package outputs

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

func inspectItems(t require.TestingT, raw ...string) []clevertapItem {
	items := make([]clevertapItem, len(raw))
	for i, r := range raw {
		record, err := clevertap.Inspect([]byte(r))
		require.NoError(t, err)
		items[i] = clevertapItem{i, record}
	}
	return items
}

// describe prints requests as their routes and the places of their records.
func describe(requests []clevertapRequest) []string {
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
		"and what follows waits for it":    {[]string{deleteU1, eventOfU1, eventOfU2}, []string{"upload[2]", "delete[0]", "upload[1]"}},
		"the two ways to delete":           {[]string{deleteU1, deleteA1}, []string{"delete[0]", "delete by objectId[1]"}},
		"a link joins two ids":             {[]string{tokenOfA1, linkA1U1, eventOfU1}, []string{"tokens[0]", "upload[1 2]"}},
		"there and back":                   {[]string{eventOfU1, deleteU1, eventOfU1, deleteU1}, []string{"upload[0]", "delete[1]", "upload[2]", "delete[3]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, describe(clevertapSchedule(inspectItems(t, test.records...))))
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
	assert.Len(t, clevertapSchedule(inspectItems(t, records...)), 1+3)
}

func TestScheduleCutsAtTheLimits(t *testing.T) {
	var records []string
	for i := range 2001 {
		records = append(records, fmt.Sprintf(`{"type":"event","identity":"u%d"}`, i%7))
	}
	requests := clevertapSchedule(inspectItems(t, records...))
	require.Len(t, requests, 3)
	assert.Len(t, requests[0].items, clevertap.MaxUploadRecords)
	assert.Len(t, requests[2].items, 1)
}

func TestScheduleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := inspectItems(t, rapid.SliceOfN(anyRecord(), 0, 250).Draw(t, "records")...)
		requests := clevertapSchedule(items)

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
		require.Len(t, request, len(items), "every record is sent")

		last := map[string]int{}
		for _, item := range items {
			for _, id := range item.record.IDs {
				if before, seen := last[id]; seen {
					ordered := request[before] < request[item.index] ||
						request[before] == request[item.index] && place[before] < place[item.index]
					require.True(t, ordered || before == item.index, "records that share an id stay in order")
				}
				last[id] = item.index
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
