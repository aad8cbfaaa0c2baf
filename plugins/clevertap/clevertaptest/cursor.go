package clevertaptest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"net/http"
	"net/url"
	"time"
)

// openedExport is what the cursors of one export share: the data as it was when the export was opened.
type openedExport struct {
	kind                 exportKind
	event                string
	created              time.Time
	size                 int // records per page, 0 for no limit
	app, summary, custom bool
	events               []*event   // of an event export
	people               []*profile // of a profile export
}

func (e *openedExport) total() int { return len(e.events) + len(e.people) }

// exportPage is what one cursor stands for.
type exportPage struct {
	export *openedExport
	start  int
	used   time.Time
	asked  int    // how often it was answered "in progress"
	next   string // the following cursor, once it was given out
}

// newCursor hands out an opaque text, percent-encoded as the service does it.
func (st *state) newCursor(page *exportPage) string {
	st.cursors++
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], uint64(st.cursors))
	sum := sha256.Sum256(seed[:])
	// The first bytes encode to "++//", so that every cursor has something to encode.
	cursor := base64.StdEncoding.EncodeToString(append([]byte{0xfb, 0xef, 0xff}, sum[:]...))
	st.exports[cursor] = page
	return url.QueryEscape(cursor)
}

// exportPage answers a request for a page.
func (s *Server) exportPage(kind exportKind, cursor string) (reply answer) {
	s.update(func() {
		now := s.opts.Now()
		page := s.st.exports[cursor]
		switch {
		case page == nil || page.export.kind != kind:
			s.st.stats.InvalidCursors++
			reply = failureCode(http.StatusBadRequest, codeUsage, "Incorrect Usage")
		case s.expired(page, now):
			s.st.stats.InvalidCursors++
			reply = answer{http.StatusBadRequest, spaced([]byte(
				`{"status":"fail","error":"invalid cursor","code":"CURSOR_INVALIDATED"}`))}
		case page.asked < s.opts.InProgress:
			page.asked++
			page.used = now
			s.st.stats.InProgress++
			reply = failureCode(http.StatusOK, codeInProgress, "Request still in progress, please retry later")
		default:
			page.used = now
			s.st.stats.ExportPages++
			reply = answer{http.StatusOK, s.renderPage(page, now)}
		}
	})
	return reply
}

// forgetCursors drops what expired long ago.
func (st *state) forgetCursors(now time.Time) {
	const memory = 7 * 24 * time.Hour
	maps.DeleteFunc(st.exports, func(_ string, p *exportPage) bool { return now.Sub(p.export.created) > memory })
}

// ExpireCursors makes all cursors that were given out so far invalid.
func (s *Server) ExpireCursors() {
	s.update(func() { s.st.exports = map[string]*exportPage{} })
}

func (s *Server) expired(page *exportPage, now time.Time) bool {
	if page.export.kind == profileExport {
		return now.Sub(page.export.created) > s.opts.ProfileCursorLife
	}
	return now.Sub(page.export.created) > s.opts.EventCursorLife || now.Sub(page.used) > s.opts.EventCursorIdle
}

// renderPage prints a page. An empty range and the page behind the last record of several pages have no `records`.
func (s *Server) renderPage(page *exportPage, now time.Time) []byte {
	e := page.export
	end := e.total()
	if e.size > 0 {
		end = min(end, page.start+e.size)
	}
	b := []byte(`{ "status" : "success"`)
	if several := page.start > 0 || end < e.total(); several && page.start < e.total() {
		if page.next == "" {
			page.next = s.st.newCursor(&exportPage{export: e, start: end, used: now})
		}
		b = append(b, ` , "next_cursor" : `...)
		b = append(b, quote(page.next)...)
	}
	if page.start < end {
		b = append(b, ` , "records" : [ `...)
		for i := page.start; i < end; i++ {
			if i > page.start {
				b = append(b, " , "...)
			}
			b = s.appendRecord(b, e, i)
		}
		b = append(b, `]`...)
	}
	return append(b, '}')
}

func (s *Server) appendRecord(b []byte, e *openedExport, i int) []byte {
	if e.kind == profileExport {
		return s.appendProfile(b, e, e.people[i])
	}
	return s.appendEvent(b, e, e.events[i])
}
