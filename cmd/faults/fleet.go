package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
)

// fleet is a number of processes that share the partitions of one source.
type fleet struct {
	ctx     context.Context
	source  source
	books   *ledger.Ledger
	target  *target
	bridges []*bridge
}

// newFleet makes the processes and starts none.
func (l *lab) newFleet(ctx context.Context, s source, books *ledger.Ledger, processes int, settings ...string) (*fleet, error) {
	f := &fleet{ctx: ctx, source: s, books: books, target: newTarget(books, 1)}
	binary, err := l.binaryFor(s)
	if err != nil {
		return nil, err
	}
	config := l.config(s)
	if r, ok := s.(*redisSource); ok {
		config, r.givesAgain = l.scaleConfig(r), true
	}
	for p := range processes {
		redis, err := l.redis() // for the identity cache
		if err != nil {
			return nil, err
		}
		own := append(shareOf(s, p, processes), "CLEVERTAP_URL="+f.target.url(p), "REDIS_URL="+redis.url(), "shutdown_timeout=3s")
		address, err := freeAddress()
		if err != nil {
			return nil, err
		}
		own = append(own, "HTTP_ADDRESS="+address, "metrics.prometheus.add_process_metrics=true", "metrics.prometheus.add_go_metrics=true")
		b, err := newBridge(binary, config, p, append(append(s.settings(), own...), settings...)...)
		if err != nil {
			return nil, err
		}
		b.address = address
		f.bridges = append(f.bridges, b)
	}
	return f, nil
}

// shareOf are the settings that give a process its partitions. Kafka gives them out by itself, to names that stay.
func shareOf(s source, process, processes int) []string {
	switch s := s.(type) {
	case *redisSource:
		var own []string
		for i := process; i < len(s.streams); i += processes {
			own = append(own, `"`+s.streams[i]+`"`)
		}
		return []string{"STREAMS=" + strings.Join(own, ", ")}
	case *jetstreamSource:
		return []string{fmt.Sprintf("PARTITION=%d", process)}
	case *kafkaSource:
		return []string{fmt.Sprintf("INSTANCE_ID=bridge-%d", process), "SESSION_TIMEOUT=30s"}
	}
	return nil
}

// assemble starts the processes one after the other, and returns when the source has given each its partitions.
func (f *fleet) assemble(pause time.Duration) error {
	for p := range f.bridges {
		if err := f.start(p); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	s, ok := f.source.(sharer)
	if !ok {
		return nil
	}
	return until(f.ctx, "each process has its partitions", time.Minute, func() (bool, error) { return s.shared(f.ctx, len(f.bridges)) })
}

func (f *fleet) start(process int) error { return f.bridges[process].start(false) }

// kill ends a process with kill -9, and enters into the books what the source had not heard from it.
func (f *fleet) kill(process int) error {
	f.bridges[process].kill()
	err := until(f.ctx, "the last request has ended", 10*time.Second, func() (bool, error) { return f.target.idle(process), nil })
	if err != nil {
		return err
	}
	err = f.unsettle(process)
	if s, ok := f.source.(rewinder); ok && err == nil {
		err = s.rewind(f.ctx, process)
	}
	return err
}

// unsettle enters what the source would give out again now, although the process had it.
func (f *fleet) unsettle(process int) error {
	open, err := f.source.unacknowledged(f.ctx)
	err = errors.Join(err, f.collect(process))
	f.books.Crash(process, open...)
	return err
}

func (f *fleet) collect(process int) error {
	numbers, err := f.bridges[process].newDeadLetters()
	f.books.DeadLetter(process, numbers...)
	return err
}

// finish waits until the source has nothing left to give, stops all processes, and closes the books.
func (f *fleet) finish(limit time.Duration) error {
	err := until(f.ctx, "everything has arrived", limit, func() (bool, error) { return f.source.done(f.ctx) })
	for p, b := range f.bridges {
		err = errors.Join(err, b.stop(), f.collect(p), b.secrets())
	}
	return err
}

func (f *fleet) discard() {
	for _, b := range f.bridges {
		b.discard()
	}
	f.target.close()
}

// logs is what the processes have printed last.
func (f *fleet) logs() string {
	var all strings.Builder
	for p, b := range f.bridges {
		fmt.Fprintf(&all, "process %d:\n%s\n", p, b.log.String())
	}
	return all.String()
}
