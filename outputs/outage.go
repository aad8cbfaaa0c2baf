package outputs

import (
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// outagePatience is how long nothing may get through before it is worth a line in the log. What fails now and then is
// for the metrics.
const outagePatience = 3 * time.Second

// outage tells the log when the other side is away, and when it is back: what is tried again fails later or never, so
// nothing else would tell in the meantime.
type outage struct {
	component string
	log       *service.Logger
	now       func() time.Time

	mu    sync.Mutex // guards what follows
	since time.Time  // of the first attempt that failed and was followed by none that did not
	told  bool
}

func newOutage(component string, log *service.Logger) *outage {
	return &outage{component: component, log: log, now: time.Now}
}

// failed is for an attempt that may succeed later.
func (o *outage) failed(reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.since.IsZero():
		o.since = o.now()
	case !o.told && o.now().Sub(o.since) >= outagePatience:
		o.told = true
		o.log.Warnf("%s: %s: no request has succeeded for %v; they are tried again", o.component, reason, o.elapsed())
	}
}

// worked is for an attempt that was answered.
func (o *outage) worked() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.told {
		o.log.Infof("%s: requests succeed again, after %v", o.component, o.elapsed())
	}
	o.since, o.told = time.Time{}, false
}

func (o *outage) elapsed() time.Duration { return o.now().Sub(o.since).Round(time.Second) }
