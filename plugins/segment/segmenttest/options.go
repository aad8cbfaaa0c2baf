package segmenttest

import (
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// DefaultWriteKey is the write key of a server whose options name none.
const DefaultWriteKey = "TEST-WRITE-KEY"

// dedupeWindow is how long a message id is known.
// https://segment.com/docs/guides/duplicate-data/
const dedupeWindow = 24 * time.Hour

// Options are the choices a Server is started with. The package documentation says what each choice stands for.
type Options struct {
	// WriteKey is the one good key.
	WriteKey string
	// RejectWrongKey answers a wrong key 401, where the service says 200 and loses the calls.
	RejectWrongKey bool

	// Region is where the server stands when the host asked for does not tell; segment.RegionUS by default.
	Region string
	// KeyRegion is the region that the write key belongs to; "" turns the check off.
	KeyRegion string
	// RejectWrongRegion answers 400 to a key of another region, where the default is a silent loss.
	RejectWrongRegion bool

	// MaxCalls is how many accepted calls are kept for inspection, the newest; counters go on. Likewise MaxRejections.
	MaxCalls, MaxRejections int
	// MaxMessageIDs is how many message ids are remembered for deduplication, the newest.
	MaxMessageIDs int

	// Faults are those in force from the start. Seed makes their dice repeatable.
	Faults Faults
	Seed   uint64
	// Now is the clock; time.Now by default.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.WriteKey == "" {
		o.WriteKey = DefaultWriteKey
	}
	if o.Region == "" {
		o.Region = segment.RegionUS
	}
	orInt(&o.MaxCalls, 100_000)
	orInt(&o.MaxRejections, 10_000)
	orInt(&o.MaxMessageIDs, 1_000_000)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func orInt(n *int, fallback int) {
	if *n == 0 {
		*n = fallback
	}
}
