package segmenttest

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// maxConnections bounds how many connections are told apart.
const maxConnections = 100_000

// state is everything the server remembers. The server's mutex guards it.
type state struct {
	opts       Options
	calls      ring[Call]
	rejections ring[Rejection]
	// seen holds when a message id came, order the ids by time.
	seen  map[string]time.Time
	order []string
	// clients are the addresses that have connected.
	clients map[string]struct{}
	stats   Stats
}

func newState(opts Options) *state {
	return &state{
		opts:  opts,
		calls: ring[Call]{size: opts.MaxCalls}, rejections: ring[Rejection]{size: opts.MaxRejections},
		seen: map[string]time.Time{}, clients: map[string]struct{}{},
		stats: Stats{Accepted: map[segment.Type]int64{}, RejectedByReason: map[segment.Reason]int64{}},
	}
}

// ring keeps the newest `size` items. Items are numbered from 1 in the order in which they came.
type ring[T any] struct {
	size  int
	total int64
	items []T
}

func (r *ring[T]) next() int64 { return r.total + 1 }

func (r *ring[T]) add(item T) {
	if len(r.items) < r.size {
		r.items = append(r.items, item)
	} else {
		r.items[r.total%int64(r.size)] = item
	}
	r.total++
}

// after copies the items with numbers above since, at most limit (0 = all), the newest.
func (r *ring[T]) after(since int64, limit int) []T {
	first := max(r.total-int64(len(r.items)), since)
	if limit > 0 {
		first = max(first, r.total-int64(limit))
	}
	out := []T{}
	for ; first < r.total; first++ {
		out = append(out, r.items[first%int64(r.size)])
	}
	return out
}

func (st *state) connected(address string) {
	if _, known := st.clients[address]; !known && len(st.clients) < maxConnections {
		st.clients[address] = struct{}{}
		st.stats.Connections++
	}
}

// store keeps what has passed the checks, and records the rest as rejected.
func (s *Server) store(calls []checked) {
	s.update(func() {
		now := s.opts.Now()
		s.st.stats.Batches++
		for i := range calls {
			if calls[i].reason != segment.EmptyBatch {
				s.st.stats.Calls++
			}
			if calls[i].reason != "" {
				s.st.reject(now, &calls[i])
			} else {
				s.st.accept(now, &calls[i])
			}
		}
	})
}

func (st *state) reject(now time.Time, c *checked) {
	st.stats.Rejected++
	st.stats.RejectedByReason[c.reason]++
	st.rejections.add(Rejection{Seq: st.rejections.next(), Time: now, Type: c.kind, Reason: c.reason, Call: c.raw})
}

func (st *state) accept(now time.Time, c *checked) {
	id, _ := text(c.members["messageId"])
	if id == "" {
		id = "segmenttest-" + strconv.FormatInt(st.calls.next(), 10)
	}
	if st.repeated(id, now) {
		st.stats.Duplicates++
		return
	}
	st.stats.Accepted[c.kind]++
	call := Call{Seq: st.calls.next(), Received: now, Type: c.kind, MessageID: id, Timestamp: c.timestamp(now), Call: c.raw}
	call.UserID, _ = text(c.members["userId"])
	call.AnonymousID, _ = text(c.members["anonymousId"])
	if call.Name, _ = text(c.members["name"]); c.kind == segment.Track {
		call.Name, _ = text(c.members["event"])
	}
	st.calls.add(call)
}

// repeated tells whether an id is known, and learns it.
func (st *state) repeated(id string, now time.Time) bool {
	for len(st.order) > 0 && (len(st.order) >= st.opts.MaxMessageIDs || now.Sub(st.seen[st.order[0]]) >= dedupeWindow) {
		delete(st.seen, st.order[0])
		st.order = st.order[1:]
	}
	if _, known := st.seen[id]; known {
		return true
	}
	st.seen[id] = now
	st.order = append(st.order, id)
	return false
}

// timestamp corrects the call's time by the error of the client's clock.
// https://segment.com/docs/connections/spec/common/#timestamps
func (c *checked) timestamp(received time.Time) time.Time {
	at, ok := instant(c.members["originalTimestamp"])
	if given, has := instant(c.members["timestamp"]); !ok && has {
		at, ok = given, true
	}
	if !ok {
		return received
	}
	if sent, has := instant(c.members["sentAt"]); has {
		return received.Add(-sent.Sub(at))
	}
	return at
}

func instant(raw json.RawMessage) (time.Time, bool) {
	s, _ := text(raw)
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}
