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
	kinds map[refusal]refusalKind
}

// refusal is what was refused, and why.
type refusal struct{ what, reason string }

// refusalKind is how many there were since the last report.
type refusalKind struct {
	count    int
	reported time.Time
}

// unremarkable are reasons that say nothing about a setting: strangers try paths, processes end.
var unremarkable = map[string]bool{"not_found": true, "method_not_allowed": true, "stopping": true}

func newRefusals(log *service.Logger, now func() time.Time) *refusals {
	return &refusals{log: log, now: now, kinds: map[refusal]refusalKind{}}
}

func (r *refusals) note(what, reason string) {
	if unremarkable[reason] {
		return
	}
	key := refusal{what, reason}
	r.mu.Lock()
	kind := r.kinds[key]
	kind.count++
	count, due := kind.count, r.now().Sub(kind.reported) >= refusalPause
	if due {
		kind = refusalKind{reported: r.now()}
	}
	r.kinds[key] = kind
	r.mu.Unlock()
	if due {
		r.log.Warnf("segment_http: %s: refused %d %s since the last report", reason, count, what)
	}
}
