package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
)

// event is what happens to the bridge while CleverTap is in trouble.
type event string

const (
	eventStop   event = "graceful stop"
	eventKill   event = "kill -9"
	eventReload event = "config reload"
	eventCache  event = "cache outage"
)

var events = []event{eventStop, eventKill, eventReload, eventCache}

// scenario is one case of the matrix: a source, a failure of the target, and an event.
type scenario struct {
	source  string
	trouble trouble
	event   event
	extra   []string // settings of the config
}

func (s scenario) String() string {
	return fmt.Sprintf("%s, %s, %s", s.source, s.trouble.name, s.event)
}

const (
	scenarioCalls  = 600
	scenarioPeople = 37
	scenarioLimit  = 90 * time.Second
)

// trial is a scenario that runs.
type trial struct {
	scenario
	source source
	books  *ledger.Ledger
	target *target
	bridge *bridge
	cache  *redisServer
	ctx    context.Context
}

// run plays a scenario and returns what the books say at its end.
func (l *lab) run(s scenario, seed uint64) (r ledger.Report, log string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), scenarioLimit)
	defer cancel()
	t := &trial{scenario: s, books: ledger.New(scenarioCalls, scenarioPeople), ctx: ctx}
	if t.source, err = l.open(ctx, s.source, fmt.Sprintf("calls-%d", seed), 1, scenarioPeople, t.books); err != nil {
		return r, "", err
	}
	defer t.source.close()
	if t.cache, err = newRedisServer(); err != nil {
		return r, "", err
	}
	defer t.cache.close()
	t.target = newTarget(t.books, seed)
	defer t.target.close()
	binary, err := l.binaryFor(t.source)
	if err != nil {
		return r, "", err
	}
	if t.bridge, err = newBridge(binary, l.config(t.source), 0, t.settings()...); err != nil {
		return r, "", err
	}
	defer t.bridge.discard()
	err = t.play()
	return t.books.Report(), t.bridge.log.String(), err
}

// clevertapOutput is where the examples have the output.
const clevertapOutput = "output.switch.cases.1.output.fallback.0.clevertap."

// parallel is how many batches a process has in flight: as many as keep the order of a person, also over a crash.
const parallel = "10"

// settings make what takes seconds and minutes in production take a tenth of a second and seconds.
func (t *trial) settings() []string {
	retries := "1000"
	if t.trouble.impatient {
		retries = "2"
	}
	settings := append(t.source.settings(),
		"CLEVERTAP_URL="+t.target.url(0),
		"http.enabled=false", "shutdown_timeout=3s",
		"cache_resources.0.type=redis", "cache_resources.0.redis.url="+t.cache.url(), "cache_resources.0.redis.prefix=link-",
		"cache_resources.0.redis.retries.initial_interval=10ms", "cache_resources.0.redis.retries.max_elapsed_time=50ms",
		clevertapOutput+"batching.count=50", clevertapOutput+"batching.period=50ms",
		clevertapOutput+"backoff.initial_interval=20ms", clevertapOutput+"backoff.max_interval=100ms",
		clevertapOutput+"max_retries="+retries, clevertapOutput+"timeout=1s", clevertapOutput+"max_in_flight="+parallel,
	)
	return append(settings, t.extra...)
}

func (t *trial) play() error {
	t.target.setTrouble(t.trouble)
	if err := t.source.publish(t.ctx, 0, scenarioCalls/2); err != nil {
		return err
	}
	if err := t.bridge.start(t.event == eventReload); err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	if err := t.happen(); err != nil {
		return err
	}
	if err := t.source.publish(t.ctx, scenarioCalls/2, scenarioCalls); err != nil {
		return err
	}
	time.Sleep(300 * time.Millisecond)
	t.target.setTrouble(trouble{})
	if err := t.settle(); err != nil {
		return err
	}
	if err := t.bridge.stop(); err != nil {
		return err
	}
	return errors.Join(t.collect(), t.bridge.secrets())
}

// begin waits until the trouble has hit some requests, or for as long as they take when there are only few.
func (t *trial) begin() error {
	enough := time.Time{}
	return until(t.ctx, "the trouble has begun", 30*time.Second, func() (bool, error) {
		hits := t.target.troubled()
		if enough.IsZero() && hits > 0 {
			enough = time.Now().Add(time.Second)
		}
		ended := !t.bridge.running() // a file is done quickly when all it holds is refused
		return hits >= 4 || ended || hits > 0 && time.Now().After(enough), nil
	})
}

// happen lets the event take place, and has the bridge running again afterwards.
func (t *trial) happen() error {
	switch t.event {
	case eventKill:
		t.bridge.kill()
		if err := t.crashed(); err != nil {
			return err
		}
		if s, ok := t.source.(rewinder); ok {
			if err := s.rewind(t.ctx, 0); err != nil {
				return err
			}
		}
		return t.bridge.start(false)
	case eventStop:
		if err := t.bridge.stop(); err != nil {
			return err
		}
		if err := t.crashed(); err != nil {
			return err
		}
		return t.bridge.start(false)
	case eventReload:
		before := strings.Count(t.bridge.log.String(), configUpdated)
		if err := t.bridge.reload(); err != nil {
			return err
		}
		return until(t.ctx, "the new config is in use", 60*time.Second, func() (bool, error) {
			updated := strings.Count(t.bridge.log.String(), configUpdated) > before
			return updated, t.unsettle()
		})
	case eventCache:
		t.cache.stop()
		time.Sleep(300 * time.Millisecond)
		return t.cache.start()
	}
	return errors.New("no such event")
}

// configUpdated is what the engine logs when it has taken a changed config.
const configUpdated = "Updated main config"

// crashed enters the end of the process into the books, when its last request has ended: the source may give out again
// what it has not heard of.
func (t *trial) crashed() error {
	if err := until(t.ctx, "the last request has ended", 10*time.Second, func() (bool, error) { return t.target.idle(0), nil }); err != nil {
		return err
	}
	return t.unsettle()
}

// unsettle enters what the source would give out again now.
func (t *trial) unsettle() error {
	if err := t.collect(); err != nil {
		return err
	}
	open, err := t.source.unacknowledged(t.ctx)
	t.books.Crash(0, open...)
	return err
}

func (t *trial) collect() error {
	numbers, err := t.bridge.newDeadLetters()
	t.books.DeadLetter(0, numbers...)
	return err
}

var errEndedEarly = errors.New("the process has ended by itself")

// settle waits until the source has nothing left to give, or the process has ended by itself.
func (t *trial) settle() error {
	return until(t.ctx, "everything has arrived", scenarioLimit, func() (bool, error) {
		if done, err := t.source.done(t.ctx); done || err != nil {
			return done, err
		}
		if err := t.collect(); err != nil {
			return false, err
		}
		_, file := t.source.(*fileSource)
		if !file && !t.bridge.running() {
			return false, errEndedEarly
		}
		if file && t.event == eventReload { // a process that watches its config does not end
			return t.books.Ended() == scenarioCalls && t.target.quiet() > time.Second, nil
		}
		return file && !t.bridge.running(), nil
	})
}
