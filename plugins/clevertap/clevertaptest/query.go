package clevertaptest

import (
	"cmp"
	"slices"
	"strings"
)

// Query says which part of the data a View is wanted of. The zero value asks for everything.
type Query struct {
	// Events, Rejections, Deletions, Notices and Identities are the last numbers that the caller knows: only later
	// entries are wanted. Version is that of the last View, for the profiles that have changed since.
	Events, Rejections, Deletions, Notices, Identities int64
	Version                                            uint64
	// Limit bounds each list, the newest count; 0 is no bound.
	Limit int
}

// View is a consistent copy of the data, or of a part. Lists are in the order in which things came; profiles are
// ordered by their last change.
type View struct {
	Version    uint64          `json:"version"`
	Stats      Stats           `json:"stats"`
	Events     []Event         `json:"events"`
	Profiles   []Profile       `json:"profiles"`
	Rejections []Rejection     `json:"rejections"`
	Deletions  []Deletion      `json:"deletions"`
	Notices    []Notice        `json:"notices"`
	Identities []IdentityEvent `json:"identities"`
}

// View returns the part of the data that the query asks for.
func (s *Server) View(q Query) View {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.st
	return View{
		Version: s.version, Stats: st.snapshotStats(),
		Events:     st.eventList(q.Events, 0, q.Limit),
		Profiles:   st.profileList(q.Version, q.Limit),
		Rejections: st.rejections.slice(q.Rejections, q.Limit),
		Deletions:  st.deletions.slice(q.Deletions, q.Limit),
		Notices:    st.notices.slice(q.Notices, q.Limit),
		Identities: st.identities.slice(q.Identities, q.Limit),
	}
}

// Snapshot returns everything that is kept.
func (s *Server) Snapshot() View { return s.View(Query{}) }

// Stats returns the counters.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.snapshotStats()
}

// Events returns the events that are kept, oldest first.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.eventList(0, 0, 0)
}

// EventsBefore returns events older than the one with this number, the newest, at most limit, oldest first.
func (s *Server) EventsBefore(seq int64, limit int) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.eventList(0, seq, limit)
}

// EventsOf returns the events of the profile that has this identity or objectId, the newest, at most limit, oldest first.
func (s *Server) EventsOf(id string, limit int) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Event{}
	p := s.st.lookUp(id)
	for seq := s.st.events.total; p != nil && seq >= s.st.events.oldest() && len(out) < limit; seq-- {
		if s.st.events.at(seq).profile.owner() == p {
			out = append(out, s.st.event(seq))
		}
	}
	slices.Reverse(out)
	return out
}

// EventNames returns the schema: every name seen, sorted.
func (s *Server) EventNames() []EventName {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]EventName, 0, len(s.st.names))
	for _, n := range s.st.names {
		names = append(names, *n)
	}
	slices.SortFunc(names, func(a, b EventName) int { return strings.Compare(a.Name, b.Name) })
	return names
}

// Profiles returns all profiles in the order in which they were made.
func (s *Server) Profiles() []Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.st.profileList(0, 0)
	slices.SortFunc(out, func(a, b Profile) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Profile returns the profile that has this identity or, failing that, this objectId.
func (s *Server) Profile(id string) (Profile, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.st.lookUp(id); p != nil {
		return p.export(), true
	}
	return Profile{}, false
}

func (st *state) lookUp(id string) *profile {
	if p := st.find(ids{identity: id}); p != nil {
		return p
	}
	return st.find(ids{objectID: id})
}

// Search returns the profiles, those changed last first, that have the text in an id, a token or an attribute's
// value, without regard to case. It looks at the newest 50,000 only.
func (s *Server) Search(text string, limit int) []Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, looked := []Profile{}, 0
	text = strings.ToLower(text)
	for e := s.st.recent.Front(); e != nil && len(out) < limit && looked < 50_000; e = e.Next() {
		looked++
		if p := e.Value.(*profile); p.matches(text) {
			out = append(out, p.export())
		}
	}
	return out
}

func (p *profile) matches(text string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	for _, key := range p.identities {
		if has(key[2:]) {
			return true
		}
	}
	for _, t := range p.tokens {
		if has(t.ID) {
			return true
		}
	}
	for _, a := range p.attributes {
		if slices.ContainsFunc(asList(a.value), has) {
			return true
		}
	}
	return slices.ContainsFunc(p.objectIDs, has)
}

// Rejections returns the refused records that are kept, oldest first.
func (s *Server) Rejections() []Rejection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.rejections.slice(0, 0)
}

// Deletions returns the ids that delete calls named, oldest first.
func (s *Server) Deletions() []Deletion {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.deletions.slice(0, 0)
}

// Notices returns what was accepted but not stored as sent, oldest first. A good client causes none.
func (s *Server) Notices() []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.notices.slice(0, 0)
}

// IdentityEvents returns the debug events about identities, oldest first.
func (s *Server) IdentityEvents() []IdentityEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.identities.slice(0, 0)
}

func (st *state) eventList(since, before int64, limit int) []Event {
	out := []Event{}
	first, last := st.events.window(since, before, limit)
	for seq := first; seq <= last; seq++ {
		out = append(out, st.event(seq))
	}
	return out
}

// profileList walks from the profile that changed last until it meets one that the caller knows.
func (st *state) profileList(since uint64, limit int) []Profile {
	out := []Profile{}
	for e := st.recent.Front(); e != nil && (limit <= 0 || len(out) < limit); e = e.Next() {
		p := e.Value.(*profile)
		if p.version <= since && since > 0 {
			break
		}
		out = append(out, p.export())
	}
	return out
}
