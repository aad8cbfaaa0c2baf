// Package breaker calls a service that may fail or hang, such as a cache on the network, so that it costs its callers
// little. A call takes no longer than its bound, even if the service ignores the context: then the call is abandoned and
// goes on by itself. A service that fails is left alone for a while, and then asked by one call at a time until one
// succeeds. The package knows nothing of what is called.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

var (
	// ErrNotAsked means that the service failed a short while ago and was left alone.
	ErrNotAsked = errors.New("not asked: it failed a short while ago")
	// ErrTimeout means that the service did not answer within the bound. What was asked of it may still happen.
	ErrTimeout = errors.New("no answer in time")

	errPanicked = errors.New("panicked")
	// errSlow is a timeout of a service that answers meanwhile: it has much to do, or this process has.
	errSlow = fmt.Errorf("%w, though it answers", ErrTimeout)
	// errLeft means that the caller gave up before the bound. That says nothing about the service.
	errLeft = errors.New("the caller gave up")
)

const (
	// failures in a row are needed to leave a service alone. One timeout is enough.
	failures = 3
	// pause is how long a failing service is left alone between two calls.
	pause = 3 * time.Second
	// reminder is the time between two reports of one failure. A service that fails again within settled of working is
	// still failing in this respect: some of what is asked of it succeeds and some does not.
	reminder = time.Minute
	settled  = 10 * time.Second
	// maxRunning bounds the calls that run at once, abandoned ones included.
	maxRunning = 64
)

// Settings are what differs between breakers. All are optional.
type Settings struct {
	// Inline has calls run on the goroutine of their caller, who then waits for as long as they take. It is for what cannot
	// hang, such as a cache in memory.
	Inline bool
	// Failing is called when the service is first left alone, and then once a minute while it is asked and fails. Working is
	// called when it answers again after that. They are for the log.
	Failing, Working func()
	// Open is called whenever the service begins to be left alone, and whenever that ends. None of the three may use the
	// breaker.
	Open func(open bool)
}

// Breaker stands in front of one service. Use New.
type Breaker struct {
	circuit  *gobreaker.TwoStepCircuitBreaker[struct{}]
	settings Settings
	running  chan struct{}
	failed   atomic.Bool  // since the last answer; used with Inline
	answers  atomic.Int64 // see Answered

	// What follows is guarded by the lock of the circuit, which calls the functions that use it.
	timedOut bool
	reported time.Time // when Failing was last called
	failing  bool      // Failing was called, and Working was not since
	closed   time.Time // when the service last began to work
}

// New returns a breaker in front of a service that is believed to work.
func New(settings Settings) *Breaker {
	for _, report := range []*func(){&settings.Failing, &settings.Working} {
		if *report == nil {
			*report = func() {}
		}
	}
	if settings.Open == nil {
		settings.Open = func(bool) {}
	}
	b := &Breaker{settings: settings, running: make(chan struct{}, maxRunning)}
	b.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1,
		Timeout:     pause,
		IsExcluded:  func(err error) bool { return errors.Is(err, errLeft) || errors.Is(err, errSlow) },
		IsSuccessful: func(err error) bool {
			b.timedOut = errors.Is(err, ErrTimeout)
			return err == nil
		},
		ReadyToTrip:   func(counts gobreaker.Counts) bool { return b.timedOut || counts.ConsecutiveFailures >= failures },
		OnStateChange: func(_ string, from, to gobreaker.State) { b.changed(from, to) },
	})
	return b
}

// Answered says that the service has answered a part of what an operation asks of it. An operation of many parts that
// takes too long is then not a reason to leave the service alone.
func (b *Breaker) Answered() { b.answers.Add(1) }

func (b *Breaker) changed(from, to gobreaker.State) {
	switch to {
	case gobreaker.StateClosed:
		b.closed = time.Now()
		b.settings.Open(false)
		if b.failing {
			b.failing = false
			b.settings.Working()
		}
	case gobreaker.StateOpen:
		begins := from == gobreaker.StateClosed
		if begins {
			b.settings.Open(true)
		}
		if begins && time.Since(b.closed) >= settled || time.Since(b.reported) >= reminder {
			b.reported, b.failing = time.Now(), true
			b.settings.Failing()
		}
	}
}

// Do calls the service and returns its answer. An error of the operation counts as a failure of the service. The operation
// must not touch what its caller uses after Do has returned: it may still be running.
func Do[T any](ctx context.Context, b *Breaker, bound time.Duration, operation func(context.Context) (T, error)) (T, error) {
	if b.settings.Inline && !b.failed.Load() {
		return inline(ctx, b, operation)
	}
	done, err := b.circuit.Allow()
	if err != nil {
		var none T
		return none, ErrNotAsked
	}
	failure := errPanicked
	defer func() {
		done(failure)
		if failure == nil {
			b.failed.Store(false)
		}
	}()
	var r result[T]
	if b.settings.Inline {
		r.value, r.err = operation(ctx)
	} else {
		r = bounded(ctx, b, bound, operation)
	}
	failure = r.err
	return r.value, r.err
}

// inline asks a service that has not failed since it last answered. It leaves the circuit out, which costs more than a
// cache in memory does, until there is a failure to count.
func inline[T any](ctx context.Context, b *Breaker, operation func(context.Context) (T, error)) (T, error) {
	failure := errPanicked
	defer func() {
		if failure == nil {
			return
		}
		b.failed.Store(true)
		if done, err := b.circuit.Allow(); err == nil {
			done(failure)
		}
	}()
	value, err := operation(ctx)
	failure = err
	return value, err
}

// bounded gives up at the bound.
func bounded[T any](ctx context.Context, b *Breaker, bound time.Duration, operation func(context.Context) (T, error)) result[T] {
	before := b.answers.Load()
	r := run(ctx, b.running, bound, operation)
	if r.panicked != nil {
		panic(r.panicked)
	}
	if r.late {
		switch {
		case ctx.Err() != nil:
			r.err = errLeft
		case b.answers.Load() != before:
			r.err = errSlow
		default:
			r.err = ErrTimeout
		}
	}
	return r
}

type result[T any] struct {
	value    T
	err      error
	late     bool // it failed, and the time was over
	panicked any
}

// run runs an operation on a goroutine of its own and abandons it when the bound or the context ends. It begins when fewer
// than maxRunning others run, and the bound begins with it: a process that gets no CPU must not take a service for slow.
func run[T any](ctx context.Context, running chan struct{}, bound time.Duration, operation func(context.Context) (T, error)) result[T] {
	queued := time.NewTimer(bound)
	defer queued.Stop()
	select {
	case running <- struct{}{}:
	case <-queued.C:
		return result[T]{err: context.DeadlineExceeded, late: true}
	case <-ctx.Done():
		return result[T]{err: ctx.Err(), late: true}
	}
	began, ended := make(chan context.Context, 1), make(chan result[T], 1)
	go func() {
		within, cancel := context.WithTimeout(ctx, bound)
		defer cancel()
		began <- within
		r := attempt(within, operation)
		r.late = r.err != nil && within.Err() != nil
		<-running
		ended <- r
	}()
	within := <-began
	select {
	case r := <-ended:
		return r
	case <-within.Done():
	}
	select {
	case r := <-ended: // just in time
		return r
	default:
		return result[T]{err: within.Err(), late: true}
	}
}

// attempt hands a panic on to the goroutine of the caller, who may know what to do about it.
func attempt[T any](ctx context.Context, operation func(context.Context) (T, error)) (r result[T]) {
	defer func() { r.panicked = recover() }()
	r.value, r.err = operation(ctx)
	return r
}
