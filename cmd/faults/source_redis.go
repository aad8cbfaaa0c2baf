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
		for start := "-"; ; {
			pending, err := s.server.client.XPendingExt(ctx, &redis.XPendingExtArgs{
				Stream: stream, Group: consumerGroup, Start: start, End: "+", Count: 1000,
			}).Result()
			if err != nil && !missing(err) {
				return nil, err
			}
			s.mu.Lock()
			for _, p := range pending {
				numbers = append(numbers, s.numbers[stream+" "+p.ID])
			}
			s.mu.Unlock()
			if len(pending) < 1000 {
				break
			}
			start = "(" + pending[len(pending)-1].ID
		}
	}
	return numbers, nil
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
