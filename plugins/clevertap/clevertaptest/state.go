package clevertaptest

import (
	"bytes"
	"container/list"
	"encoding/json"
	"time"
)

// state is everything the server remembers. The server's mutex guards it.
type state struct {
	// byID finds the profile of an identity, FBID or GPID, byDevice that of an objectId. Values may have been merged
	// into another profile since: go through owner().
	byID, byDevice map[string]*profile
	// recent lists the living profiles, the one changed last in front.
	recent  *list.List
	created int64

	events     ring[event]
	rejections ring[Rejection]
	deletions  ring[Deletion]
	identities ring[IdentityEvent]
	notices    ring[Notice]
	// names maps the compared form of an event name to its first spelling and its count.
	names map[string]*EventName
	stats Stats

	// exports finds what a cursor stands for.
	exports map[string]*exportPage
	cursors int64
}

func newState(opts Options) *state {
	return &state{
		byID: map[string]*profile{}, byDevice: map[string]*profile{}, recent: list.New(),
		events:     ring[event]{size: opts.MaxEvents},
		rejections: ring[Rejection]{size: opts.MaxRejections},
		deletions:  ring[Deletion]{size: opts.MaxRejections},
		identities: ring[IdentityEvent]{size: opts.MaxRejections},
		notices:    ring[Notice]{size: opts.MaxRejections},
		names:      map[string]*EventName{},
		exports:    map[string]*exportPage{},
		stats:      Stats{Accepted: map[string]int64{}, RejectedByCode: map[int]int64{}},
	}
}

// event is how an event is kept: its properties stay JSON, which costs a tenth of a map.
type event struct {
	name     string
	key      string // the name as it is compared
	data     []byte
	ts       int64
	received time.Time
	ids      ids
	profile  *profile
	session  []byte // only seeds have one
}

// ring keeps the newest `size` items. Items are numbered from 1 in the order in which they came.
type ring[T any] struct {
	size  int
	total int64
	items []T
}

func (r *ring[T]) add(item T) (seq int64) {
	if len(r.items) < r.size {
		r.items = append(r.items, item)
	} else {
		r.items[r.total%int64(r.size)] = item
	}
	r.total++
	return r.total
}

// oldest is the number of the oldest item kept.
func (r *ring[T]) oldest() int64 { return r.total - int64(len(r.items)) + 1 }

func (r *ring[T]) at(seq int64) *T { return &r.items[(seq-1)%int64(r.size)] }

// window returns the numbers first..last of the items after `since` and before `before` (0 = no bound), at most limit,
// the newest.
func (r *ring[T]) window(since, before int64, limit int) (first, last int64) {
	last = r.total
	if before > 0 && before-1 < last {
		last = before - 1
	}
	first = max(r.oldest(), since+1)
	if limit > 0 {
		first = max(first, last-int64(limit)+1)
	}
	return first, last
}

func (r *ring[T]) slice(since int64, limit int) []T {
	out := []T{}
	first, last := r.window(since, 0, limit)
	for seq := first; seq <= last; seq++ {
		out = append(out, *r.at(seq))
	}
	return out
}

// apply stores a checked record, or refuses it for a reason that only the state knows.
func (s *Server) apply(r *record, now time.Time, dry bool) *refusal {
	if r.kind == kindToken {
		return s.applyToken(r, now, dry)
	}
	if dry {
		return nil
	}
	p := s.st.resolve(r.ids, now, s.touch())
	for _, text := range r.notices {
		s.st.notice(now, p, text)
	}
	at := r.ts
	if at == 0 {
		at = now.Unix()
	}
	if r.kind == kindEvent {
		s.applyEvent(r, p, at, now)
		return nil
	}
	p = s.claimIdentities(p, r.profileData, now)
	s.setAttributes(p, r.profileData, now)
	return nil
}

func (s *Server) applyEvent(r *record, p *profile, at int64, now time.Time) {
	st := s.st
	// The request body would stay in memory as long as one of its events does.
	data := bytes.Clone(r.evtData)
	if bytes.ContainsAny(data, "\n\t\r") {
		var b bytes.Buffer
		if json.Compact(&b, data) == nil {
			data = b.Bytes()
		}
	}
	key := eventKey(r.eventName)
	st.events.add(event{
		name: r.eventName, key: key, data: data, ts: at, received: now, ids: r.ids, profile: p, session: r.session,
	})
	name := st.names[key]
	if name == nil {
		name = &EventName{Name: r.eventName}
		st.names[key] = name
	}
	name.Count++
	p.events++
	p.lastEvent = max(p.lastEvent, at)
}

func (st *state) notice(now time.Time, p *profile, text string) {
	st.notices.add(Notice{Seq: st.notices.total + 1, Time: now, ProfileID: p.id, Text: text})
}

func (st *state) reject(now time.Time, r *refusal) {
	st.stats.Rejected++
	st.stats.RejectedByCode[int(r.code)]++
	var record bytes.Buffer
	_ = json.Compact(&record, r.echo)
	st.rejections.add(Rejection{
		Seq: st.rejections.total + 1, Time: now, Code: r.code, Error: r.text(), Record: record.Bytes(),
	})
}
