package clevertaptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// exportKind is one of the two exports, which differ in what they give out and how long their cursors live.
type exportKind int

const (
	eventExport exportKind = iota
	profileExport
)

const (
	defaultExportBatch = 500
	codeInProgress     = 2
	codeUsage          = 3
	codeDates          = 4002
)

// exportOf is POST /1/events.json or /1/profiles.json, and GET (or POST) with a cursor.
// https://developer.clevertap.com/docs/get-events-api
func (s *Server) exportOf(kind exportKind) func(*http.Request, []byte, luck) answer {
	return func(r *http.Request, body []byte, _ luck) answer {
		query := r.URL.Query()
		if query.Has("cursor") {
			return s.exportPage(kind, query.Get("cursor"))
		}
		if r.Method == http.MethodGet {
			body = []byte(query.Get("query"))
		}
		return s.openExport(kind, body, query)
	}
}

// exportRequest is the body of a request that opens an export.
type exportRequest struct {
	Event string `json:"event_name"`
	From  int    `json:"from"`
	To    int    `json:"to"`
}

func (s *Server) openExport(kind exportKind, body []byte, query map[string][]string) answer {
	var q exportRequest
	if json.Unmarshal(body, &q) != nil || q.Event == "" {
		s.count(func(c *Stats) { c.Malformed++ })
		return failure(http.StatusBadRequest, textMalformed)
	}
	var reply answer
	s.update(func() {
		now := s.opts.Now()
		if refused := s.refuseExport(q, now); refused != nil {
			reply = *refused
			return
		}
		s.st.stats.Exports++
		s.st.forgetCursors(now)
		e := &openedExport{
			kind: kind, event: q.Event, created: now, size: pageSize(query),
			app: flag(query, "app", false), summary: flag(query, "events", true), custom: flag(query, "profile", true),
		}
		e.events = s.st.snapshot(q, now, s.opts.TimeZone)
		if kind == profileExport {
			e.people = peopleOf(e.events)
			e.events = nil
		}
		cursor := s.st.newCursor(&exportPage{export: e, used: now})
		reply = answer{http.StatusOK, spaced([]byte(`{"status":"success","cursor":` + string(quote(cursor)) + `}`))}
	})
	return reply
}

// refuseExport holds the checks in the order: event, dates.
func (s *Server) refuseExport(q exportRequest, now time.Time) *answer {
	refuse := func(a answer) *answer { return &a }
	from, errFrom := day(q.From)
	to, errTo := day(q.To)
	today, _ := strconv.Atoi(now.In(s.opts.TimeZone).Format("20060102"))
	switch {
	case !exportable(q.Event):
		return refuse(failure(http.StatusBadRequest, "Export not allowed for this event"))
	case s.st.names[eventKey(q.Event)] == nil:
		list, _ := json.Marshal([]string{"Invalid event : " + q.Event})
		return refuse(failure(http.StatusBadRequest, string(list)))
	case errFrom != nil || errTo != nil || to.Before(from) || q.To > today:
		return refuse(failureCode(http.StatusBadRequest, codeDates, "Invalid date range"))
	}
	return nil
}

func day(number int) (time.Time, error) { return time.Parse("20060102", strconv.Itoa(number)) }

// exportable refuses the events that only storage exports hold. The exact list is not published.
// https://github.com/bruin-data/ingestr (pkg/source/clevertap)
func exportable(name string) bool {
	key := eventKey(name)
	return !strings.HasPrefix(key, "notification") && !strings.HasPrefix(key, "channel") &&
		key != "pushimpressions" && key != "controlgroup"
}

// pageSize is a multiple of the 23 buckets of the store; less than one each is taken for no limit, which is 0.
func pageSize(query map[string][]string) int {
	size := defaultExportBatch
	if values := query["batch_size"]; len(values) > 0 {
		if n, err := strconv.Atoi(values[0]); err == nil {
			size = n
		}
	}
	size = min(size, clevertap.MaxExportBatch)
	return size / clevertap.MinExportBatch * clevertap.MinExportBatch
}

func flag(query map[string][]string, name string, fallback bool) bool {
	values := query[name]
	if len(values) == 0 {
		return fallback
	}
	return strings.EqualFold(values[0], "true")
}

// snapshot copies the matching events that have arrived, by bucket and then by time.
func (st *state) snapshot(q exportRequest, now time.Time, zone *time.Location) []*event {
	key := eventKey(q.Event)
	found := []*event{}
	for seq := st.events.oldest(); seq <= st.events.total; seq++ {
		e := st.events.at(seq)
		if e.received.After(now) || e.key != key {
			continue
		}
		// By the calendar: where clocks change at midnight, a day has no first second to compare with.
		year, month, day := time.Unix(e.ts, 0).In(zone).Date()
		if number := year*10000 + int(month)*100 + day; number >= q.From && number <= q.To {
			kept := *e
			found = append(found, &kept)
		}
	}
	slices.SortStableFunc(found, func(x, y *event) int {
		if d := x.profile.bucket() - y.profile.bucket(); d != 0 {
			return d
		}
		return int(x.ts - y.ts)
	})
	return found
}

// bucket is where the store keeps the person.
func (p *profile) bucket() int { return int(p.owner().id % clevertap.MinExportBatch) }

func peopleOf(events []*event) []*profile {
	seen, people := map[*profile]bool{}, []*profile{}
	for _, e := range events {
		if p := e.profile.owner(); !seen[p] {
			seen[p] = true
			people = append(people, p)
		}
	}
	return people
}

// schema is /getSchema?type=events.
// https://developer.clevertap.com/docs/get-schema
func (s *Server) schema(r *http.Request, _ []byte, _ luck) answer {
	if r.URL.Query().Get("type") != "events" {
		return answer{http.StatusOK, spaced([]byte(`{"status":"success","userProperties":[]}`))}
	}
	var b bytes.Buffer
	for i, name := range s.EventNames() {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":%s,"eventCount":%d}`, quote(name.Name), name.Count)
	}
	return answer{http.StatusOK, spaced([]byte(`{"status":"success","events":[` + b.String() + `]}`))}
}
