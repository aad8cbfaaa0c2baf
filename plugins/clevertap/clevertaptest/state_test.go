package clevertaptest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// operators has a row per thing that uploads can do to one attribute, one upload per value.
var operators = []struct {
	name   string
	data   []string
	want   any
	notice string
}{
	{"plain value", []string{`"a"`}, "a", ""},
	{"last value wins", []string{`"a"`, `true`}, true, ""},
	{"numbers keep their digits", []string{`9007199254740993`}, json.Number("9007199254740993"), ""},
	{"list", []string{`["a","b","a"]`}, []string{"a", "b"}, ""},
	{"list of numbers becomes strings", []string{`[1,true]`}, []string{"1", "true"}, ""},
	{"list replaces", []string{`["a"]`, `["b"]`}, []string{"b"}, ""},
	{"add creates", []string{`{"$add":["a"]}`}, []string{"a"}, ""},
	{"add appends once", []string{`["a"]`, `{"$add":["b","a"]}`}, []string{"a", "b"}, ""},
	{"add promotes a scalar", []string{`"a"`, `{"$add":["b"]}`}, []string{"a", "b"}, ""},
	{"the oldest of 101 goes", []string{`["x"]`, `{"$add":["` + strings.Join(manyItems(), `","`) + `"]}`}, manyItems(), ""},
	{"remove", []string{`["a","b"]`, `{"$remove":["a"]}`}, []string{"b"}, ""},
	{"remove promotes a scalar", []string{`"a"`, `{"$remove":["b"]}`}, []string{"a"}, ""},
	{"an emptied list is deleted", []string{`["a"]`, `{"$remove":["a"]}`}, nil, ""},
	{"remove from nothing", []string{`{"$remove":["a"]}`}, nil, ""},
	{"set list", []string{`["a"]`, `{"$set":["x"]}`}, []string{"x"}, ""},
	{"set scalar", []string{`["a"]`, `{"$set":"x"}`}, "x", ""},
	{"delete", []string{`"a"`, `{"$delete":1}`}, nil, ""},
	{"incr creates", []string{`{"$incr":5}`}, json.Number("5"), ""},
	{"incr and decr", []string{`10`, `{"$incr":5}`, `{"$decr":2}`}, json.Number("13"), ""},
	{"incr with fraction", []string{`1.5`, `{"$incr":2}`}, json.Number("3.5"), ""},
	{"incr beyond integers", []string{`9223372036854775807`, `{"$incr":1}`}, json.Number("9.223372036854776e+18"), ""},
	{"incr beyond numbers", []string{`1e308`, `{"$incr":1e308}`, `{"$incr":1e999}`}, json.Number("1e308"), ""},
	{"incr by a negative number", []string{`1`, `{"$incr":-1}`}, json.Number("1"), "positive"},
	{"incr of a string", []string{`"a"`, `{"$incr":1}`}, "a", "no number"},
	{"add of objects", []string{`{"$add":[{}]}`}, nil, "scalars"},
	{"unknown operator", []string{`"a"`, `{"$push":1}`}, "a", "operator must be one of"},
	{"null", []string{`"a"`, `null`}, "a", "null"},
	{"long value", []string{`"` + strings.Repeat("ü", 257) + `"`}, strings.Repeat("ü", 256), "cut to 512 bytes"},
	{"nested object", []string{`{"a":1}`}, nil, "nested"},
	{"list of objects", []string{`[{"a":1}]`}, nil, "nested"},
}

// manyItems are as many as a list may hold.
func manyItems() []string {
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprintf("v%d", i)
	}
	return many
}

func TestAttributeOperators(t *testing.T) {
	for _, test := range operators {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(clevertaptest.Options{})
			for _, d := range test.data {
				accepted(t, s, profileWith("Key", d))
			}
			require.Equal(t, test.want, profile(t, s, "u1").Attributes["Key"])
			if test.notice == "" {
				require.Empty(t, s.Notices())
			} else {
				require.Contains(t, s.Notices()[0].Text, test.notice)
			}
		})
	}
}

func TestAttributeNames(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	accepted(t, s,
		profileOf("u", `{"Customer Type":"Gold","Phone":"+35922333232","MSG-email":false}`),
		profileOf("u", `{"customer type":"Silver","bad.key":1,"category-unsubscribe":{"email":["News"]}}`))
	require.Equal(t, map[string]any{
		"Customer Type": "Silver", "Phone": "+35922333232", "MSG-email": false,
		"category-unsubscribe": map[string]any{"email": []any{"News"}},
	}, profile(t, s, "u").Attributes)
	require.Len(t, s.Notices(), 1)

	accepted(t, s, profileOf("full", properties(256)), profileOf("full", `{"more":1,"p1":"new"}`))
	require.Len(t, profile(t, s, "full").Attributes, 256)
	require.Equal(t, "new", profile(t, s, "full").Attributes["p1"])
	require.Len(t, s.Notices(), 2)
}

func TestEventsAreKeptAsSent(t *testing.T) {
	s := newServer(clevertaptest.Options{LongValues: clevertaptest.TruncateLongValues})
	accepted(t, s,
		`{"type":"event","identity":"u","ts":1700000000,"evtName":"Sign Up","evtData":{"Price": 4.50, "n":null, "a>b":1}}`,
		eventOf("u", "signup", `{"long":"`+strings.Repeat("é", 300)+`"}`))
	events := s.Events()
	require.Equal(t, "Sign Up", events[0].Name)
	require.Equal(t, map[string]any{"Price": json.Number("4.50")}, events[0].Properties)
	require.EqualValues(t, 1700000000, events[0].TS)
	require.Equal(t, noon.Unix(), events[1].TS)
	require.Equal(t, strings.Repeat("é", 256), events[1].Properties["long"])
	require.Equal(t, []clevertaptest.EventName{{Name: "Sign Up", Count: 2}}, s.EventNames())
	require.Len(t, s.Notices(), 2)
	require.EqualValues(t, 2, profile(t, s, "u").Events)
}

func TestOnlyTheNewestEventsAreKept(t *testing.T) {
	s := newServer(clevertaptest.Options{MaxEvents: 10, MaxRejections: 2})
	for i := range 25 {
		accepted(t, s, eventOf("u", fmt.Sprintf("e%d", i), `{}`))
		upload(t, s, `{}`)
	}
	events := s.Events()
	require.Len(t, events, 10)
	require.EqualValues(t, 16, events[0].Seq)
	require.Equal(t, "e24", events[9].Name)
	require.Len(t, s.Rejections(), 2)
	require.EqualValues(t, 25, s.Stats().Accepted["event"])
	require.EqualValues(t, 25, s.Stats().Rejected)

	view := s.View(clevertaptest.Query{Events: 22, Limit: 2})
	require.Equal(t, []int64{24, 25}, seqs(view.Events))
	require.Equal(t, []int64{18, 19}, seqs(s.EventsBefore(20, 2)))
	require.Empty(t, s.View(clevertaptest.Query{Events: 25}).Events)
	require.Empty(t, s.EventsBefore(3, 10))
}

func seqs(events []clevertaptest.Event) []int64 {
	var out []int64
	for _, e := range events {
		out = append(out, e.Seq)
	}
	return out
}

func TestProfilesThatChangedSince(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	accepted(t, s, profileOf("a", `{"Name":"Ada"}`), profileOf("b", `{"Name":"Bo"}`))
	view := s.View(clevertaptest.Query{})
	require.Len(t, view.Profiles, 2)
	require.Empty(t, s.View(clevertaptest.Query{Version: view.Version}).Profiles)
	changed := s.Changed()
	accepted(t, s, eventOf("a", "e", `{}`))
	<-changed
	later := s.View(clevertaptest.Query{Version: view.Version})
	require.Len(t, later.Profiles, 1)
	require.Equal(t, "Ada", later.Profiles[0].Person)
	require.Equal(t, "Ada", later.Events[0].Person)
	require.Len(t, s.Search("ADA", 10), 1)
	require.Len(t, s.Search("", 1), 1)
	require.Empty(t, s.Search("nobody", 10))
	s.Reset()
	require.Empty(t, s.Profiles())
	require.Zero(t, s.Stats().Requests)
}

func TestDeletes(t *testing.T) {
	s := newServer(clevertaptest.Options{})
	accepted(t, s, eventOf("a", "e", `{}`), eventOf("b", "e", `{}`), eventOf("7", "e", `{}`),
		`{"objectId":"__gABC",`+event+`}`)
	for _, body := range []string{`{"identity":"a"}`, `{"identity":["b",7,"unknown"]}`, ` {"guid":["__gabc"]}`} {
		status, reply := post(t, s, "/1/delete/profiles.json", body)
		require.Equal(t, 200, status)
		require.Equal(t, `{ "status" : "success"}`, reply)
	}
	require.Empty(t, s.Profiles())
	require.Len(t, s.Events(), 4)
	require.Len(t, s.Deletions(), 5)
	require.False(t, s.Deletions()[3].Found)
	require.EqualValues(t, 4, s.Stats().Deleted)
	accepted(t, s, eventOf("a", "e", `{}`))
	require.EqualValues(t, 1, profile(t, s, "a").Events, "who comes back is new")
}
