package clevertaptest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// deleteProfiles is POST /1/delete/profiles.json. The service deletes within two days, this one at once; ids that
// nobody has are fine.
// https://developer.clevertap.com/docs/delete-user-profile-api
func (s *Server) deleteProfiles(_ *http.Request, body []byte, _ luck) answer {
	identities, guids, ok := deleteIDs(body)
	switch {
	case !ok:
		s.count(func(c *Stats) { c.Malformed++ })
		return failure(http.StatusBadRequest, textMalformed)
	case len(identities) > 0 && len(guids) > 0:
		s.count(func(c *Stats) { c.Malformed++ })
		return failure(http.StatusBadRequest, "Provide either identity or guid, not both")
	case len(identities)+len(guids) > clevertap.MaxDeleteIDs:
		s.count(func(c *Stats) { c.Malformed++ })
		return failure(http.StatusBadRequest, "Too many profiles, at most 100 in a call")
	}
	s.update(func() {
		now := s.opts.Now()
		s.st.stats.DeleteCalls++
		for _, id := range identities {
			s.st.remove(now, Deletion{Identity: id}, s.st.byID[identityKey(id)])
		}
		for _, guid := range guids {
			s.st.remove(now, Deletion{ObjectID: guid}, s.st.byDevice[strings.ToLower(guid)])
		}
	})
	return answer{http.StatusOK, spaced([]byte(`{"status":"success"}`))}
}

// deleteIDs reads `identity` or `guid`, each one id or a list; ok is false when neither names anything.
func deleteIDs(body []byte) (identities, guids []string, ok bool) {
	if !json.Valid(body) {
		return nil, nil, false
	}
	fields, _ := members([]byte(strings.TrimSpace(string(body))))
	ok = true
	for _, f := range fields {
		switch f.key {
		case "identity":
			identities, ok = idList(f.raw, ok)
		case "guid":
			guids, ok = idList(f.raw, ok)
		}
	}
	return identities, guids, ok && len(identities)+len(guids) > 0
}

func idList(raw []byte, ok bool) ([]string, bool) {
	values, isList := elements(raw)
	if !isList {
		values = [][]byte{raw}
	}
	list := make([]string, 0, len(values))
	for _, v := range values {
		id, isScalar := scalarText(v)
		ok = ok && isScalar && strings.TrimSpace(id) != ""
		list = append(list, id)
	}
	return list, ok
}

// remove forgets a profile. Its events stay, as they do at CleverTap, and who comes back is new.
func (st *state) remove(now time.Time, d Deletion, p *profile) {
	d.Seq, d.Time = st.deletions.total+1, now
	if p != nil {
		p = p.owner()
		d.Found, d.ProfileID = true, p.id
		st.stats.Deleted++
		for _, key := range p.identities {
			delete(st.byID, key)
		}
		for _, id := range p.objectIDs {
			delete(st.byDevice, strings.ToLower(id))
		}
		st.recent.Remove(p.element)
	}
	st.deletions.add(d)
}
