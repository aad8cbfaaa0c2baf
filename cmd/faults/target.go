package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/faulty"
	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
)

// target is CleverTap: the strict stand-in, behind a gate that makes the trouble itself. So it knows for each request
// whether it was processed, and whether the bridge could learn of it; the ledger is kept from here.
type target struct {
	books *ledger.Ledger
	fake  *clevertaptest.Server

	// mu guards what follows, and puts processing and the entry into the books in one order.
	mu      sync.Mutex
	trouble trouble
	dice    *rand.Rand
	hits    int
	working map[int]int // requests in hand, by process
	latest  time.Time   // when a request has come or gone last
	servers map[int]*httptest.Server
	// arrived is called with the messages of each request that was processed, if it is set.
	arrived func(numbers []int)
}

func newTarget(books *ledger.Ledger, seed uint64) *target {
	return &target{
		books: books,
		// Nothing is kept but the profiles: the ledger has the rest.
		fake: clevertaptest.New(clevertaptest.Options{
			DiscardedEvents: []string{discardedEvent}, MaxEvents: 1, MaxRejections: 1, Seed: seed,
		}),
		dice: rand.New(rand.NewPCG(seed, 1)), working: map[int]int{}, servers: map[int]*httptest.Server{},
	}
}

// url is the address for a process. Each has its own, so that the books can tell them apart.
func (t *target) url(process int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	server := t.servers[process]
	if server == nil {
		server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.serve(process, w, r) }))
		t.servers[process] = server
	}
	return server.URL
}

func (t *target) close() {
	t.mu.Lock()
	servers := t.servers
	t.servers = map[int]*httptest.Server{}
	t.mu.Unlock()
	for _, server := range servers {
		server.CloseClientConnections()
		server.Close()
	}
}

// setTrouble changes what goes wrong, from the next request on.
func (t *target) setTrouble(trouble trouble) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trouble, t.hits = trouble, 0
	t.fake.SetFaults(clevertaptest.Faults{PartialRate: trouble.partial})
}

// troubled counts the requests that have met with the trouble in force, or that were served while it lasts.
func (t *target) troubled() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hits
}

func (t *target) idle(process int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.working[process] == 0
}

// quiet is how long there has been no request.
func (t *target) quiet() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Since(t.latest)
}

func (t *target) serve(process int, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the bridge was killed
	}
	fate, now := t.enter(process)
	defer t.leave(process)
	faulty.Pause(r.Context(), now.latency)
	switch {
	case fate == fateSilence:
		<-r.Context().Done()
	case fate == fateReset:
		reset(w)
	case fate == fateThrottled:
		http.Error(w, `{"status":"fail","error":"Too many concurrent requests","code":429}`, http.StatusTooManyRequests)
	case fate == fateFailed:
		http.Error(w, `{"status":"fail","error":"An unknown error occurred","code":500}`, http.StatusInternalServerError)
	case fate == fateUnauthorized:
		r.Header.Set("X-CleverTap-Passcode", "OF-ANOTHER-REGION")
		t.process(process, w, r, body, fateUnauthorized, 0)
	default:
		t.process(process, w, r, body, fate, now.drip)
	}
}

func (t *target) enter(process int) (fate, trouble) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.working[process]++
	t.hits++
	t.latest = time.Now()
	return t.trouble.roll(t.dice), t.trouble
}

func (t *target) leave(process int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.working[process]--
	t.latest = time.Now()
}

// process lets the stand-in do the work, enters it into the books, and answers as the fate will have it.
func (t *target) process(process int, w http.ResponseWriter, r *http.Request, body []byte, fate fate, drip time.Duration) {
	reply := httptest.NewRecorder()
	accepted := t.work(process, reply, r, body)
	if fate.replyLost() {
		t.books.ReplyLost(process, accepted...)
	} else {
		defer func() {
			if r.Context().Err() != nil { // it has not waited for the answer
				t.books.ReplyLost(process, accepted...)
			}
		}()
	}
	answer := reply.Body.Bytes()
	write := func(part []byte) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(reply.Code)
		_, _ = w.Write(part)
	}
	switch fate {
	case fateResetAfter:
		reset(w)
	case fateSilenceAfter:
		<-r.Context().Done()
	case fateCut:
		faulty.Cut(w, answer, write)
	case fateGarbled:
		write([]byte(`<html><body>200 OK</body></html>`))
	case fateDripped:
		faulty.Drip(w, r, drip, answer, write)
	default:
		write(answer)
	}
}

func (t *target) work(process int, reply *httptest.ResponseRecorder, r *http.Request, body []byte) []int {
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fake.ServeHTTP(reply, again)
	accepted, deferred := outcome(body, reply)
	t.books.Deferred(deferred...)
	t.books.Accepted(process, accepted...)
	if t.arrived != nil {
		t.arrived(accepted)
	}
	return accepted
}

// outcome tells from a request and its whole reply which messages were accepted, and which are to be sent again.
func outcome(body []byte, reply *httptest.ResponseRecorder) (accepted, deferred []int) {
	if reply.Code != http.StatusOK {
		return nil, nil
	}
	var answer struct {
		Unprocessed []struct {
			Code   int
			Record json.RawMessage
		}
	}
	if json.Unmarshal(reply.Body.Bytes(), &answer) != nil {
		return nil, nil
	}
	refused := map[int]bool{}
	for _, u := range answer.Unprocessed {
		for _, n := range markers(u.Record) {
			refused[n] = true
			if u.Code == 555 {
				deferred = append(deferred, n)
			}
		}
	}
	for _, n := range markers(body) {
		if !refused[n] {
			accepted = append(accepted, n)
		}
	}
	return accepted, deferred
}

// reset closes the connection without a word, in a way that the other side notices as an error.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
