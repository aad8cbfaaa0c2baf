package segmenttest

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// Call is an accepted call.
type Call struct {
	// Seq numbers calls from 1 in the order in which they came.
	Seq      int64        `json:"seq"`
	Received time.Time    `json:"received"`
	Type     segment.Type `json:"type"`
	// MessageID is the call's own, or the one it was given.
	MessageID   string `json:"messageId"`
	UserID      string `json:"userId,omitempty"`
	AnonymousID string `json:"anonymousId,omitempty"`
	// Name is that of the event, page or screen.
	Name string `json:"name,omitempty"`
	// Timestamp is when it happened, corrected by the error of the client's clock.
	Timestamp time.Time `json:"timestamp"`
	// Call is the call as it was sent, merged with its envelope, without its write key.
	Call json.RawMessage `json:"call"`
}

// Rejection is a call that was answered 200 and discarded.
type Rejection struct {
	Seq    int64           `json:"seq"`
	Time   time.Time       `json:"time"`
	Type   segment.Type    `json:"type,omitempty"`
	Reason segment.Reason  `json:"reason"`
	Call   json.RawMessage `json:"call"`
}

// Stats are counters since the start or the last Reset.
type Stats struct {
	// Requests counts all, Batches those that were answered 200 with the right key.
	Requests int64 `json:"requests"`
	Batches  int64 `json:"batches"`
	// MaxInFlight is the largest number of requests seen running in parallel, Connections how many were opened.
	MaxInFlight int   `json:"maxInFlight"`
	Connections int64 `json:"connections"`
	// Malformed, TooLarge and Unauthorized are requests answered 4xx, Throttled those answered 429, Failed those answered
	// with an error on order.
	Malformed    int64 `json:"malformed"`
	TooLarge     int64 `json:"tooLarge"`
	Unauthorized int64 `json:"unauthorized"`
	Throttled    int64 `json:"throttled"`
	Failed       int64 `json:"failed"`
	// Calls counts the calls of batches: Accepted by type, Rejected by reason, and Duplicates.
	Calls            int64                    `json:"calls"`
	Accepted         map[segment.Type]int64   `json:"accepted"`
	Rejected         int64                    `json:"rejected"`
	RejectedByReason map[segment.Reason]int64 `json:"rejectedByReason"`
	Duplicates       int64                    `json:"duplicates"`
	// Lost counts the calls that came with a wrong key or to a wrong region.
	Lost int64 `json:"lost"`
}

// Query says which part of the data a View is wanted of. The zero value asks for everything.
type Query struct {
	// Calls and Rejections are the last numbers that the caller knows: only later entries are wanted.
	Calls, Rejections int64
	// Limit bounds each list, the newest count; 0 is no bound.
	Limit int
}

// View is a consistent copy of the data, or of a part. Lists are in the order in which things came.
type View struct {
	Version    uint64      `json:"version"`
	Stats      Stats       `json:"stats"`
	Calls      []Call      `json:"calls"`
	Rejections []Rejection `json:"rejections"`
}

// View returns the part of the data that the query asks for.
func (s *Server) View(q Query) View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return View{
		Version: s.version, Stats: s.st.snapshotStats(),
		Calls:      s.st.calls.after(q.Calls, q.Limit),
		Rejections: s.st.rejections.after(q.Rejections, q.Limit),
	}
}

// Snapshot returns everything that is kept.
func (s *Server) Snapshot() View { return s.View(Query{}) }

// Calls returns the accepted calls that are kept.
func (s *Server) Calls() []Call { return s.Snapshot().Calls }

// Rejections returns the discarded calls that are kept.
func (s *Server) Rejections() []Rejection { return s.Snapshot().Rejections }

// Stats returns the counters.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.snapshotStats()
}

func (st *state) snapshotStats() Stats {
	out := st.stats
	out.Accepted, out.RejectedByReason = maps.Clone(out.Accepted), maps.Clone(out.RejectedByReason)
	return out
}
