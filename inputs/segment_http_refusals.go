package inputs

import (
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// refusalPause is how often the same kind of refusal is logged at most: anybody can cause them.
const refusalPause = time.Minute

// refusals logs why requests are not taken, for those who wonder where calls have gone.
type refusals struct {
	log *service.Logger
	now func() time.Time

	mu    sync.Mutex // guards kinds; only requests that fail come here
	kinds map[string]refusalKind
}

// refusalKind is how many there were since it was last told.
type refusalKind struct {
	count int
	told  time.Time
}

// unremarkable are reasons that say nothing about a setting: strangers try paths, processes end.
var unremarkable = map[string]bool{"not_found": true, "method_not_allowed": true, "stopping": true}

func newRefusals(log *service.Logger, now func() time.Time) *refusals {
	return &refusals{log: log, now: now, kinds: map[string]refusalKind{}}
}

func (r *refusals) note(reason string) {
	if unremarkable[reason] {
		return
	}
	r.mu.Lock()
	kind := r.kinds[reason]
	kind.count++
	count, due := kind.count, r.now().Sub(kind.told) >= refusalPause
	if due {
		kind = refusalKind{told: r.now()}
	}
	r.kinds[reason] = kind
	r.mu.Unlock()
	if due {
		r.log.Warnf("segment_http: %s: requests refused since this was last told: %d", reason, count)
	}
}
