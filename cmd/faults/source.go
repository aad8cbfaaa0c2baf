package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// source is what a pipeline reads from, filled by the test.
type source interface {
	// example is the config that reads from it, below config-examples, and settings what it needs.
	example() string
	settings() []string
	// publish adds the calls from..to-1. It may wait until they were delivered.
	publish(ctx context.Context, from, to int) error
	// unacknowledged returns the messages that the source would give out again if all processes had ended now.
	unacknowledged(ctx context.Context) ([]int, error)
	// done tells whether everything published was delivered and acknowledged. What ends by itself is never done.
	done(ctx context.Context) (bool, error)
	close()
}

// rewinder is a source that can be set back to what it has not heard of, between two processes.
type rewinder interface {
	rewind(ctx context.Context, partition int) error
}

// sharer is a source that gives its partitions to the processes by itself, and tells when each has its share. It has to know
// all of them before there is anything to read: a partition that moves takes with it what its process has under way.
type sharer interface {
	shared(ctx context.Context, processes int) (bool, error)
}

const passcode = "TEST-PASSCODE"

// Ports below those that the system gives to connections: a process that listens, stops and listens again at the same
// address would find some connection there now and then.
const firstPort, lastPort = 10_000, 32_000

// freeAddress finds a port for a program that cannot be given port 0.
func freeAddress() (string, error) {
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(lastPort-firstPort))
		if listener, err := net.Listen("tcp", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", errors.New("no port is free")
}

// until waits for a condition.
func until(ctx context.Context, what string, limit time.Duration, condition func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		ok, err := condition()
		if ok || errors.Is(err, errEndedEarly) {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, errors.Join(ctx.Err(), err))
		}
	}
}

func upTo(from, to int) []int {
	numbers := make([]int, 0, to-from)
	for n := from; n < to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}
