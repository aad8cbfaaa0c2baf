package inputs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// maxWindowDays is the longest window of events: what a window holds is counted in memory. Profiles are counted per
// person, so theirs has no bound.
const maxWindowDays = 31

// exportReader reads one export, page by page. One page is under way at a time: the reader waits for its fate before
// it goes on, so that only ReadBatch or the page's acknowledgement touches the state at any moment.
type exportReader struct {
	config   exportConfig
	profiles bool
	requests exportRequester
	store    exportStore
	log      *service.Logger
	metrics  exportMetrics
	now      func() time.Time

	// names are the events of the round under way, at is the current one's place.
	names []string
	at    int
	// unfinished is true when another round may find something.
	unfinished bool
	// event is the event under way, nil between two.
	event *exportEvent
	// refused are the events that cannot be exported, and were told of.
	refused map[string]clevertap.Reason
	// failing are the events that could not be read when it was last tried, each with the reason.
	failing map[string]string
	// rounds counts those begun; ended is true once the end was told.
	rounds  int
	ended   bool
	pending *exportDelivery
	// setbacks counts the failures in a row that concern all events.
	setbacks int
}

func newExportReader(c exportConfig, profiles bool, mgr *service.Resources) (*exportReader, error) {
	if !mgr.HasCache(c.cache) {
		return nil, fmt.Errorf("the cache resource %q is not defined: %s needs one to remember what was read", c.cache, cxFieldCache)
	}
	client, err := clevertap.NewClient(clevertap.Config{
		AccountID: c.account.AccountID, Passcode: c.account.Passcode, BaseURL: c.account.BaseURL,
		HTTPClient: c.account.NewHTTPClient(clevertap.MaxConcurrentOthers), Timeout: c.account.Timeout,
	})
	if err != nil {
		return nil, err
	}
	metrics := newExportMetrics(mgr.Metrics())
	return &exportReader{
		config: c, profiles: profiles, store: newExportStore(mgr, c.cache, c.cacheKey), log: mgr.Logger(),
		metrics: metrics, now: time.Now, refused: map[string]clevertap.Reason{}, failing: map[string]string{},
		requests: exportRequester{
			client: client, gate: exportGate(c.account.BaseURL + " " + c.account.AccountID), pace: defaultExportPace,
			log: mgr.Logger(), metrics: metrics,
		},
	}, nil
}

func (r *exportReader) endpoint() clevertap.Export {
	if r.profiles {
		return clevertap.ExportProfiles
	}
	return clevertap.ExportEvents
}

func (r *exportReader) component() string {
	if r.profiles {
		return "clevertap_profiles"
	}
	return "clevertap_events"
}

func (r *exportReader) source() string {
	if r.profiles {
		return "profiles_export"
	}
	return "events_export"
}

func (r *exportReader) today() day { return dayIn(r.now(), r.config.zone) }

// connect makes sure that the cache answers, so that nothing is read which could not be remembered.
func (r *exportReader) connect(ctx context.Context) error {
	_, err := r.store.get(ctx, slotKey(r.store.prefix, 0))
	return err
}

// test lets CleverTap check the credentials.
func (r *exportReader) test(ctx context.Context) service.ConnectionTestResults {
	err := r.requests.once(ctx, func(ctx context.Context) error {
		_, err := r.requests.client.EventNames(ctx)
		return err
	})
	if err != nil {
		return service.ConnectionTestFailed(err).AsList()
	}
	return service.ConnectionTestSucceeded().AsList()
}

// read returns the next page that holds anything new.
func (r *exportReader) read(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	batch, ack, err := r.next(ctx)
	switch {
	case err == nil:
		r.setbacks = 0
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case !errors.Is(err, service.ErrEndOfInput):
		r.setbacks++
		r.metrics.failure(exportReasonOf(err))
		err = fmt.Errorf("%s: %w", r.component(), err)
	}
	return batch, ack, err
}

func (r *exportReader) next(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	if r.setbacks > 0 {
		// The engine asks again within a second; what failed after all retries will not be better by then.
		if err := sleep(ctx, r.requests.pace.backoff(r.setbacks)); err != nil {
			return nil, nil, err
		}
	}
	if err := r.settle(ctx); err != nil {
		return nil, nil, err
	}
	for {
		d, err := r.nextPage(ctx)
		if err != nil {
			if err := r.skip(ctx, err); err != nil {
				return nil, nil, err
			}
			continue
		}
		if d == nil {
			continue
		}
		if batch := r.messages(d.items); len(batch) > 0 {
			r.pending = d
			return batch, r.ackFunc(d), nil
		}
		if err := r.commit(ctx, d); err != nil {
			return nil, nil, err
		}
	}
}

func (r *exportReader) nextPage(ctx context.Context) (*exportDelivery, error) {
	if err := r.advance(ctx); err != nil {
		return nil, err
	}
	return r.fetch(ctx)
}

// settle waits for the fate of the last page. One that was given back is read again; a checkpoint that could not be
// written is written now.
func (r *exportReader) settle(ctx context.Context) error {
	if r.pending == nil {
		return nil
	}
	select {
	case <-r.pending.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.pending.acked && !r.pending.committed {
		if err := r.commit(ctx, r.pending); err != nil {
			return err
		}
	}
	r.pending = nil
	return nil
}

func (r *exportReader) close() error {
	r.requests.client.Close()
	return nil
}
