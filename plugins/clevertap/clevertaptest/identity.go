package clevertaptest

import (
	"container/list"
	"fmt"
	"slices"
	"strings"
	"time"
)

// profile is one person. After a merge the profile that was given up points to the one that lives on.
type profile struct {
	id         int64
	into       *profile
	attributes map[string]*attribute // by lower-cased name
	order      []string
	identities []string // as in byID, without the kind for plain ones
	objectIDs  []string
	tokens     []Token
	events     int64
	created    time.Time
	updated    time.Time
	lastEvent  int64
	version    uint64
	element    *list.Element
}

type attribute struct {
	name  string // as first written
	value any
}

func (p *profile) owner() *profile {
	for p.into != nil {
		if p.into.into != nil {
			p.into = p.into.into // shorten the chain, merges may be many
		}
		p = p.into
	}
	return p
}

// keys of byID: identities of the three kinds live apart.
func identityKey(id string) string { return "i:" + id }

func (i ids) keys() []string {
	var keys []string
	for _, k := range []struct{ prefix, id string }{{"i:", i.identity}, {"f:", i.fbid}, {"g:", i.gpid}} {
		if k.id != "" {
			keys = append(keys, k.prefix+k.id)
		}
	}
	return keys
}

func (st *state) find(i ids) *profile {
	for _, key := range i.keys() {
		if p := st.byID[key]; p != nil {
			return p.owner()
		}
	}
	if i.identity == "" && i.objectID != "" {
		if p := st.byDevice[strings.ToLower(i.objectID)]; p != nil {
			return p.owner()
		}
	}
	return nil
}

// resolve finds or makes the profile of a record. An identity wins over an objectId; whichever of the record's ids
// nobody has yet becomes this profile's.
func (st *state) resolve(i ids, now time.Time, version uint64) *profile {
	p := st.find(i)
	if p == nil {
		p = st.create(now)
		if i.objectID == "" {
			i.objectID = fmt.Sprintf("ct%030x", p.id)
		}
	}
	for _, key := range i.keys() {
		if st.byID[key] == nil {
			st.attachIdentity(p, key)
		}
	}
	st.attachDevice(p, i.objectID)
	st.changed(p, now, version)
	return p
}

func (st *state) create(now time.Time) *profile {
	st.created++
	p := &profile{id: st.created, attributes: map[string]*attribute{}, created: now}
	p.element = st.recent.PushFront(p)
	return p
}

func (st *state) changed(p *profile, now time.Time, version uint64) {
	p.updated, p.version = now, version
	st.recent.MoveToFront(p.element)
}

func (st *state) attachIdentity(p *profile, key string) {

	st.byID[key] = p
	p.identities = append(p.identities, key)
}

func (st *state) attachDevice(p *profile, objectID string) {
	key := strings.ToLower(objectID)
	if objectID == "" || st.byDevice[key] != nil {
		return
	}
	st.byDevice[key] = p
	p.objectIDs = append(p.objectIDs, objectID)
}

// claimIdentities gives a profile the identities that its attributes name, which may merge it with the one that has
// them already, and returns the profile that lives on.
func (s *Server) claimIdentities(p *profile, attributes []field, now time.Time) *profile {
	for _, f := range attributes {
		prefix := ""
		switch lower := strings.ToLower(f.key); {
		case lower == "identity", lower == "email" && s.opts.EmailIsIdentity, lower == "phone" && s.opts.PhoneIsIdentity:
			prefix = "i:"
		case lower == "fbid":
			prefix = "f:"
		case lower == "gpid":
			prefix = "g:"
		default:
			continue
		}
		if id, ok := scalarText(f.raw); ok && s.validIdentity(id) {
			p = s.claim(p, prefix+id, now)
		} else {
			s.st.notice(now, p, fmt.Sprintf("attribute %q: not taken for an identity", f.key))
		}
	}
	return p
}

// claim raises the platform's debug events, as the dashboard would show them.
// https://docs.clevertap.com/docs/events
func (s *Server) claim(p *profile, key string, now time.Time) *profile {
	st := s.st
	holder := st.byID[key]
	if holder != nil {
		holder = holder.owner()
	}
	identified := len(p.identities) > 0
	raised := IdentityEvent{Name: "Identity Set", ID: key[2:], Source: "API", Time: now}
	switch {
	case holder == p:
		return p
	case identified && s.opts.ForbidMerging:
		raised.Name = "Identity Error"
	case holder == nil:
		raised.Type = "New User"
		if identified {
			raised.Type = "Appended"
		}
		st.attachIdentity(p, key)
	default:
		raised.Type, raised.MergedID = "Merged", p.id
		st.merge(p, holder, now, s.touch())
		p = holder
	}
	raised.Seq, raised.ProfileID = st.identities.total+1, p.id
	st.identities.add(raised)
	return p
}

// merge moves everything of one profile into another, whose own attributes win. No history is dropped.
func (st *state) merge(from, into *profile, now time.Time, version uint64) {
	from.into = into
	st.recent.Remove(from.element)
	into.identities = append(into.identities, from.identities...)
	into.objectIDs = append(into.objectIDs, from.objectIDs...)
	into.tokens = append(into.tokens, from.tokens...)
	into.events += from.events
	into.lastEvent = max(into.lastEvent, from.lastEvent)
	for _, key := range from.order {
		if into.attributes[key] == nil {
			into.attributes[key] = from.attributes[key]
			into.order = append(into.order, key)
		}
	}
	from.attributes, from.order, from.identities, from.objectIDs, from.tokens = nil, nil, nil, nil, nil
	st.changed(into, now, version)
}

// applyToken takes a token only for a device that is known: CleverTap wants to have seen it alive.
// https://developer.clevertap.com/docs/upload-device-tokens-api
func (s *Server) applyToken(r *record, now time.Time, dry bool) *refusal {
	p := s.st.find(r.ids)
	if p == nil && !s.opts.AllowUnknownTokenDevices {
		return r.refuse(530)
	}
	if dry {
		return nil
	}
	p = s.st.resolve(r.ids, now, s.touch())
	p.tokens = slices.DeleteFunc(p.tokens, func(t Token) bool {
		return strings.EqualFold(t.ObjectID, r.token.ObjectID) && t.Type == r.token.Type
	})
	p.tokens = append(p.tokens, r.token)
	return nil
}
