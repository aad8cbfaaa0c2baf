package clevertaptest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// Event is an accepted event.
type Event struct {
	// Seq numbers events from 1 in the order in which they came.
	Seq  int64  `json:"seq"`
	Name string `json:"name"`
	// Properties hold strings, booleans, json.Number, and for the items of a purchase a list of maps.
	Properties map[string]any `json:"properties"`
	// TS is the event's time in Unix seconds: its own, or that of receipt.
	TS       int64     `json:"ts"`
	Received time.Time `json:"received"`
	// Identity and the others are the ids of the record as it was sent.
	Identity string `json:"identity,omitempty"`
	ObjectID string `json:"objectId,omitempty"`
	FBID     string `json:"fbid,omitempty"`
	GPID     string `json:"gpid,omitempty"`
	// ProfileID is the profile that has the event now, after all merges. Person is a name to show for it.
	ProfileID int64  `json:"profileId"`
	Person    string `json:"person"`
}

// EventName is a name of the schema: names that differ in case or spaces only are one, spelled as the first was.
type EventName struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// Profile is a person.
type Profile struct {
	// ID numbers profiles from 1 in the order in which they were made.
	ID         int64    `json:"id"`
	Person     string   `json:"person"`
	Identities []string `json:"identities"`
	FBIDs      []string `json:"fbids,omitempty"`
	GPIDs      []string `json:"gpids,omitempty"`
	// ObjectIDs are the profile's devices.
	ObjectIDs []string `json:"objectIds"`
	// Attributes hold strings, booleans, json.Number, []string, and maps for subscription groups.
	Attributes map[string]any `json:"attributes"`
	Tokens     []Token        `json:"tokens"`
	Events     int64          `json:"events"`
	LastEvent  int64          `json:"lastEvent"`
	Created    time.Time      `json:"created"`
	Updated    time.Time      `json:"updated"`
}

// Token is a push token of a device.
type Token struct {
	ObjectID string `json:"objectId"`
	ID       string `json:"id"`
	Type     string `json:"type"`
}

// Rejection is a record that was refused, as the reply told it.
type Rejection struct {
	Seq    int64           `json:"seq"`
	Time   time.Time       `json:"time"`
	Code   clevertap.Code  `json:"code"`
	Error  string          `json:"error"`
	Record json.RawMessage `json:"record"`
}

// Deletion is one id that a delete call named.
type Deletion struct {
	Seq       int64     `json:"seq"`
	Time      time.Time `json:"time"`
	Identity  string    `json:"identity,omitempty"`
	ObjectID  string    `json:"objectId,omitempty"`
	Found     bool      `json:"found"`
	ProfileID int64     `json:"profileId,omitempty"`
}

// IdentityEvent is a debug event of the platform: Identity Set or Identity Error.
type IdentityEvent struct {
	Seq            int64     `json:"seq"`
	Time           time.Time `json:"time"`
	ProfileID      int64     `json:"profileId"`
	Name           string    `json:"name"`
	ID             string    `json:"id"`
	Type           string    `json:"type,omitempty"`
	DroppedHistory bool      `json:"droppedHistory"`
	// MergedID is the profile that a merge has given up.
	MergedID int64  `json:"mergedId,omitempty"`
	Source   string `json:"source"`
}

// Notice is an entry of the dashboard's error stream: a record was accepted, but not stored as it was sent.
type Notice struct {
	Seq       int64     `json:"seq"`
	Time      time.Time `json:"time"`
	ProfileID int64     `json:"profileId"`
	Text      string    `json:"text"`
}

// Stats are counters since the start or the last Reset.
type Stats struct {
	Requests    int64 `json:"requests"`
	Uploads     int64 `json:"uploads"`
	DryRuns     int64 `json:"dryRuns"`
	DeleteCalls int64 `json:"deleteCalls"`
	// Exports counts the exports that were opened, ExportPages the pages given out, InProgress the answers that told
	// to wait, InvalidCursors those to cursors that are expired or were never given out.
	Exports        int64 `json:"exports"`
	ExportPages    int64 `json:"exportPages"`
	InProgress     int64 `json:"inProgress"`
	InvalidCursors int64 `json:"invalidCursors"`
	// MaxInFlight is the largest number of calls seen running in parallel.
	MaxInFlight  int   `json:"maxInFlight"`
	Throttled    int64 `json:"throttled"`
	Unauthorized int64 `json:"unauthorized"`
	Malformed    int64 `json:"malformed"`
	// Failed are the calls answered 5xx on order.
	Failed int64 `json:"failed"`
	// Records counts all that were received, Accepted those stored by type, Rejected those refused by code.
	Records        int64            `json:"records"`
	Accepted       map[string]int64 `json:"accepted"`
	Rejected       int64            `json:"rejected"`
	RejectedByCode map[int]int64    `json:"rejectedByCode"`
	Deleted        int64            `json:"deleted"`
	// Profiles and EventNames are there now.
	Profiles   int `json:"profiles"`
	EventNames int `json:"eventNames"`
}

func (s *state) snapshotStats() Stats {
	out := s.stats
	out.Accepted, out.RejectedByCode = maps.Clone(out.Accepted), maps.Clone(out.RejectedByCode)
	out.Profiles, out.EventNames = s.recent.Len(), len(s.names)
	return out
}

func (st *state) event(seq int64) Event {
	e := st.events.at(seq)
	p := e.profile.owner()
	properties, _ := decode(e.data).(map[string]any)
	return Event{
		Seq: seq, Name: e.name, Properties: properties, TS: e.ts, Received: e.received,
		Identity: e.ids.identity, ObjectID: e.ids.objectID, FBID: e.ids.fbid, GPID: e.ids.gpid,
		ProfileID: p.id, Person: p.person(),
	}
}

// person is the best short name for a profile.
func (p *profile) person() string {
	if name, ok := p.value("Name").(string); ok && strings.TrimSpace(name) != "" {
		return name
	}
	if len(p.identities) > 0 {
		return p.identities[0][2:]
	}
	if len(p.objectIDs) > 0 {
		return p.objectIDs[0]
	}
	return ""
}

func (p *profile) export() Profile {
	out := Profile{
		ID: p.id, Person: p.person(), Identities: []string{}, ObjectIDs: slices.Clone(p.objectIDs),
		Attributes: make(map[string]any, len(p.attributes)), Tokens: append([]Token{}, p.tokens...),
		Events: p.events, LastEvent: p.lastEvent, Created: p.created, Updated: p.updated,
	}
	for _, key := range p.identities {
		switch key[0] {
		case 'f':
			out.FBIDs = append(out.FBIDs, key[2:])
		case 'g':
			out.GPIDs = append(out.GPIDs, key[2:])
		default:
			out.Identities = append(out.Identities, key[2:])
		}
	}
	for _, a := range p.attributes {
		if list, ok := a.value.([]string); ok {
			out.Attributes[a.name] = slices.Clone(list)
		} else {
			out.Attributes[a.name] = a.value
		}
	}
	return out
}
