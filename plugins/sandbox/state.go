package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

// maxRows bounds every list of one answer; a page that has more to catch up with shows the newest.
const maxRows = 300

// update is what a page needs to catch up. Reset says that the data has started anew and what the page shows is gone.
type update struct {
	Cursor    string             `json:"cursor"`
	Reset     bool               `json:"reset"`
	CleverTap clevertaptest.View `json:"clevertap"`
	Segment   segmenttest.View   `json:"segment"`
}

// cursor is how far a page has come, in each list.
type cursor struct {
	epoch   string
	query   clevertaptest.Query
	segment segmenttest.Query
}

func (c cursor) String() string {
	q := c.query
	return fmt.Sprintf("%s.%d.%d.%d.%d.%d.%d.%d.%d", c.epoch,
		q.Version, q.Events, q.Rejections, q.Deletions, q.Notices, q.Identities, c.segment.Calls, c.segment.Rejections)
}

// parseCursor reads a cursor; one from another epoch, or none, is the beginning.
func parseCursor(text, epoch string) (c cursor, reset bool) {
	c.epoch = epoch
	theirs, rest, _ := strings.Cut(text, ".")
	q := &c.query
	_, err := fmt.Sscanf(rest, "%d.%d.%d.%d.%d.%d.%d.%d", &q.Version, &q.Events, &q.Rejections, &q.Deletions,
		&q.Notices, &q.Identities, &c.segment.Calls, &c.segment.Rejections)
	if theirs != epoch || err != nil {
		return cursor{epoch: epoch}, true
	}
	return c, false
}

// catchUp returns what has come since the cursor, which is empty at first.
func (s *Sandbox) catchUp(since string, limit int) update {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, reset := parseCursor(since, s.epoch())
	c.query.Limit = limit
	view := s.clevertap.View(c.query)
	q := &c.query
	q.Version = view.Version
	advance(&q.Events, view.Events, func(e clevertaptest.Event) int64 { return e.Seq })
	advance(&q.Rejections, view.Rejections, func(e clevertaptest.Rejection) int64 { return e.Seq })
	advance(&q.Deletions, view.Deletions, func(e clevertaptest.Deletion) int64 { return e.Seq })
	advance(&q.Notices, view.Notices, func(e clevertaptest.Notice) int64 { return e.Seq })
	advance(&q.Identities, view.Identities, func(e clevertaptest.IdentityEvent) int64 { return e.Seq })
	c.segment.Limit = limit
	calls := s.segment.View(c.segment)
	advance(&c.segment.Calls, calls.Calls, func(e segmenttest.Call) int64 { return e.Seq })
	advance(&c.segment.Rejections, calls.Rejections, func(e segmenttest.Rejection) int64 { return e.Seq })
	return update{Cursor: c.String(), Reset: reset, CleverTap: view, Segment: calls}
}

func advance[T any](seq *int64, list []T, of func(T) int64) {
	if len(list) > 0 {
		*seq = of(list[len(list)-1])
	}
}

// state answers GET /sandbox/state?since=CURSOR, or with ?before=SEQ the events older than one that the page has, or
// with &service=segment the calls.
func (s *Sandbox) state(w http.ResponseWriter, r *http.Request) {
	limit := rows(r)
	if before, err := strconv.ParseInt(r.FormValue("before"), 10, 64); err == nil && before > 0 {
		if r.FormValue("service") == "segment" {
			answer(w, s.callsBefore(before, limit))
			return
		}
		answer(w, s.clevertap.EventsBefore(before, limit))
		return
	}
	answer(w, s.catchUp(r.FormValue("since"), limit))
}

// callsBefore returns the calls next to one, on the older side.
func (s *Sandbox) callsBefore(seq int64, limit int) []segmenttest.Call {
	calls := s.segment.View(segmenttest.Query{
		Calls: max(0, seq-1-int64(limit)), Rejections: math.MaxInt64,
	}).Calls
	end := slices.IndexFunc(calls, func(c segmenttest.Call) bool { return c.Seq >= seq })
	if end < 0 {
		end = len(calls)
	}
	return calls[max(0, end-limit):end]
}

func (s *Sandbox) profiles(w http.ResponseWriter, r *http.Request) {
	answer(w, s.clevertap.Search(r.FormValue("q"), rows(r)))
}

// profile answers GET /sandbox/profile?id=ID with a profile and its newest events.
func (s *Sandbox) profile(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("id")
	p, ok := s.clevertap.Profile(id)
	if !ok {
		http.Error(w, "No profile has this id.", http.StatusNotFound)
		return
	}
	answer(w, map[string]any{"profile": p, "events": s.clevertap.EventsOf(id, min(50, rows(r)))})
}

func rows(r *http.Request) int {
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n > 0 {
		return min(n, maxRows)
	}
	return maxRows
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}
