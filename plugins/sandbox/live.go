package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	// liveInterval is the shortest time between two updates of a page.
	liveInterval = 300 * time.Millisecond
	// liveHeartbeat keeps idle streams from being taken for dead.
	liveHeartbeat = 15 * time.Second
)

// live answers GET /sandbox/live?since=CURSOR with server-sent events, each an update. The event's id is its cursor,
// so a browser that reconnects goes on where it was.
func (s *Sandbox) live(w http.ResponseWriter, r *http.Request) {
	since := r.Header.Get("Last-Event-ID")
	if since == "" {
		since = r.FormValue("since")
	}
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	for {
		// Asked for before the data is read, so that no change falls in between.
		changed := [...]<-chan struct{}{s.clevertap.Changed(), s.segment.Changed()}
		u := s.catchUp(since, maxRows)
		since = u.Cursor
		data, err := json.Marshal(u)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "id: %s\ndata: %s\n\n", since, data); err != nil || control.Flush() != nil {
			return
		}
		if !s.sleep(r, [2]<-chan struct{}{}, liveInterval) || !s.sleep(r, changed, liveHeartbeat) {
			return
		}
	}
}

// sleep waits for a change of either service or for d to pass; false when the stream has to end.
func (s *Sandbox) sleep(r *http.Request, changed [2]<-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-changed[0]:
	case <-changed[1]:
	case <-r.Context().Done():
		return false
	case <-s.done:
		return false
	}
	return true
}
