package sandbox

import (
	"embed"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmenttest"
)

// DefaultWriteKey is the Segment write key of a sandbox whose options name none.
const DefaultWriteKey = segmenttest.DefaultWriteKey

//go:embed web
var files embed.FS

// Options are what a Sandbox is started with.
type Options struct {
	// CleverTap configures the stand-in for CleverTap.
	CleverTap clevertaptest.Options
	// WriteKey is what the stand-in for Segment accepts.
	WriteKey string
	// Hosts are names, besides localhost and IP addresses, under which a browser may open the page.
	Hosts []string
}

// Sandbox is an http.Handler with both APIs and the page.
type Sandbox struct {
	opts      Options
	clevertap *clevertaptest.Server
	segment   *segmenttest.Server
	mux       *http.ServeMux
	started   string
	done      chan struct{}
	close     sync.Once

	// mu guards resets, the part of a cursor that changes when the data starts anew, and keeps a reset from falling
	// between the reading of it and that of the data.
	mu     sync.RWMutex
	resets int
}

// New returns a sandbox. Close ends the live streams of open pages.
func New(opts Options) *Sandbox {
	if opts.WriteKey == "" {
		opts.WriteKey = DefaultWriteKey
	}
	if opts.CleverTap.AccountID == "" {
		opts.CleverTap.AccountID = clevertaptest.DefaultAccountID
	}
	if opts.CleverTap.Passcode == "" {
		opts.CleverTap.Passcode = clevertaptest.DefaultPasscode
	}
	if opts.CleverTap.TimeZone == nil {
		opts.CleverTap.TimeZone = time.UTC
	}
	s := &Sandbox{
		opts: opts, clevertap: clevertaptest.New(opts.CleverTap),
		segment: segmenttest.New(segmenttest.Options{WriteKey: opts.WriteKey}), mux: http.NewServeMux(),
		started: strconv.FormatInt(time.Now().UnixNano(), 36), done: make(chan struct{}),
	}
	s.routes()
	return s
}

func (s *Sandbox) routes() {
	page := http.NewServeMux()
	page.HandleFunc("GET /{$}", s.index)
	page.HandleFunc("GET /sandbox/web/", s.asset)
	page.HandleFunc("GET /sandbox/settings", s.settings)
	page.HandleFunc("GET /sandbox/state", s.state)
	page.HandleFunc("GET /sandbox/live", s.live)
	page.HandleFunc("GET /sandbox/profiles", s.profiles)
	page.HandleFunc("GET /sandbox/profile", s.profile)
	page.HandleFunc("GET /sandbox/faults", s.getFaults)
	page.HandleFunc("POST /sandbox/faults", s.postFaults)
	page.HandleFunc("POST /sandbox/reset", s.reset)
	guarded := s.guard(page)
	s.mux.Handle("/{$}", guarded)
	s.mux.Handle("/sandbox/", guarded)
	s.mux.HandleFunc("/favicon.ico", http.NotFound)
	s.mux.Handle("/v1/", s.segment)
	s.mux.Handle("/", s.clevertap)
}

// ServeHTTP answers API calls and page requests.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// CleverTap returns the stand-in for CleverTap.
func (s *Sandbox) CleverTap() *clevertaptest.Server { return s.clevertap }

// Segment returns the stand-in for Segment.
func (s *Sandbox) Segment() *segmenttest.Server { return s.segment }

// Close ends the live streams, so that a graceful shutdown need not wait for pages that are open.
func (s *Sandbox) Close() { s.close.Do(func() { close(s.done) }) }

func (s *Sandbox) index(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "web/page.html")
}

func (s *Sandbox) asset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/sandbox/")
	if _, err := fs.Stat(files, name); err != nil || strings.HasSuffix(name, "/") {
		http.NotFound(w, r)
		return
	}
	http.ServeFileFS(w, r, files, name)
}

func (s *Sandbox) reset(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resets++
	s.clevertap.Reset()
	s.segment.Reset()
	w.WriteHeader(http.StatusNoContent)
}

// epoch names the life of the data: another process and another reset have another one. The caller holds mu.
func (s *Sandbox) epoch() string {
	return s.started + "-" + strconv.Itoa(s.resets)
}
