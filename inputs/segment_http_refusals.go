package inputs

import (
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// refusalPause is how often the same kind of refusal is logged at most: anybody can cause them.
const refusalPause = time.Minute

// What is refused: a whole request, or calls of one that otherwise goes on.
const (
	refusedRequests = "requests"
	refusedCalls    = "calls"
)

// refusals logs why requests and calls are not accepted, for those who wonder where calls have gone.
type refusals struct {
	log *service.Logger
	now func() time.Time

	mu    sync.Mutex // guards kinds; only what fails comes here
	kinds map[refusal]*refusalKind
}

// refusal is what was refused, and why.
type refusal struct{ what, reason string }

// refusalKind is how many there were since the last report. A timer reports those that come soon after it.
type refusalKind struct {
	count    int
	reported time.Time
	timer    *time.Timer
}

// unremarkable are reasons that say nothing about a setting: strangers try paths, processes end.
var unremarkable = map[string]bool{"not_found": true, "method_not_allowed": true, "stopping": true}

func newRefusals(log *service.Logger, now func() time.Time) *refusals {
	return &refusals{log: log, now: now, kinds: map[refusal]*refusalKind{}}
}

func (r *refusals) note(what, reason string) {
	if unremarkable[reason] {
		return
	}
	key := refusal{what, reason}
	r.mu.Lock()
	defer r.mu.Unlock()
	kind := r.kinds[key]
	if kind == nil {
		kind = &refusalKind{}
		r.kinds[key] = kind
	}
	kind.count++
	switch pause := refusalPause - r.now().Sub(kind.reported); {
	case pause <= 0:
		r.report(key, kind)
	case kind.timer == nil:
		kind.timer = time.AfterFunc(pause, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.report(key, kind)
		})
	}
}

// report logs what has not been reported. The caller holds the mutex.
func (r *refusals) report(key refusal, kind *refusalKind) {
	if kind.timer != nil {
		kind.timer.Stop()
	}
	if kind.count > 0 {
		r.log.Warnf("segment_http: %s: refused %d %s since the last report", key.reason, kind.count, key.what)
	}
	*kind = refusalKind{reported: r.now()}
}

// close reports the rest.
func (r *refusals) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, kind := range r.kinds {
		r.report(key, kind)
	}
}
