package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

const consumerGroup = "clevertap"

// redisSource is a number of streams of one server, read by one group. A person's calls are in one stream.
type redisSource struct {
	server  *redisServer
	streams []string
	people  int
	// givesAgain: the config gives its reader again what it had read from the first entry on that Redis has not heard of.
	// Otherwise that one comes again alone.
	givesAgain bool

	mu      sync.Mutex
	numbers map[string]int // of entries, by stream and id
}

// newRedisSource names the streams; they come to be with their first entry.
func newRedisSource(server *redisServer, name string, streams, people int) *redisSource {
	s := &redisSource{server: server, people: people, numbers: map[string]int{}}
	for i := range streams {
		s.streams = append(s.streams, fmt.Sprintf("%s:%d", name, i))
	}
	return s
}

func (s *redisSource) example() string { return "redis_to_clevertap.yaml" }

func (s *redisSource) settings() []string {
	return []string{"REDIS_URL=" + s.server.url(), "STREAM=" + s.streams[0], "CONSUMER_GROUP=" + consumerGroup}
}

// publish sends a thousand entries at a time.
func (s *redisSource) publish(ctx context.Context, from, to int) error {
	const batch = 1000
	for ; from < to; from += batch {
		numbers := upTo(from, min(from+batch, to))
		pipe := s.server.client.Pipeline()
		ids := make([]*redis.StringCmd, len(numbers))
		for i, n := range numbers {
			ids[i] = pipe.XAdd(ctx, &redis.XAddArgs{Stream: s.streamOf(n), Values: []any{"body", call(n, s.people)}})
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
		s.mu.Lock()
		for i, n := range numbers {
			s.numbers[s.streamOf(n)+" "+ids[i].Val()] = n
		}
		s.mu.Unlock()
	}
	return nil
}

// streamOf puts all calls of a person into one stream.
func (s *redisSource) streamOf(n int) string { return s.streams[n%s.people%len(s.streams)] }

func (s *redisSource) unacknowledged(ctx context.Context) ([]int, error) {
	var numbers []int
	for _, stream := range s.streams {
		ids, err := s.pending(ctx, stream)
		if s.givesAgain && len(ids) > 0 && err == nil {
			ids, err = s.read(ctx, stream, ids[0])
		}
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		for _, id := range ids {
			numbers = append(numbers, s.numbers[stream+" "+id])
		}
		s.mu.Unlock()
	}
	return numbers, nil
}

// pending are the entries that were read and not acknowledged, in their order.
func (s *redisSource) pending(ctx context.Context, stream string) (ids []string, err error) {
	for start := "-"; ; start = "(" + ids[len(ids)-1] {
		pending, err := s.server.client.XPendingExt(ctx, &redis.XPendingExtArgs{
			Stream: stream, Group: consumerGroup, Start: start, End: "+", Count: 1000,
		}).Result()
		if err != nil && !missing(err) {
			return nil, err
		}
		for _, p := range pending {
			ids = append(ids, p.ID)
		}
		if len(pending) < 1000 {
			return ids, nil
		}
	}
}

// read are the entries that were read, from the first on.
func (s *redisSource) read(ctx context.Context, stream, first string) (ids []string, err error) {
	groups, err := s.server.client.XInfoGroups(ctx, stream).Result()
	if err != nil || len(groups) != 1 {
		return nil, errors.Join(err, errors.New("not one group"))
	}
	entries, err := s.server.client.XRange(ctx, stream, first, groups[0].LastDeliveredID).Result()
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids, err
}

// missing tells that the group or its stream is not there yet.
func missing(err error) bool {
	return errors.Is(err, redis.Nil) || strings.HasPrefix(err.Error(), "NOGROUP") || strings.Contains(err.Error(), "no such key")
}

func (s *redisSource) done(ctx context.Context) (bool, error) {
	for _, stream := range s.streams {
		groups, err := s.server.client.XInfoGroups(ctx, stream).Result()
		if err != nil {
			return false, err
		}
		length, err := s.server.client.XLen(ctx, stream).Result()
		if err != nil {
			return false, err
		}
		if len(groups) != 1 || groups[0].Pending != 0 || groups[0].EntriesRead != length {
			return false, nil
		}
	}
	return true, nil
}

func (s *redisSource) close() { s.server.client.Del(context.Background(), s.streams...) }
