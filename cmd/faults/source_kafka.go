package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// kafkaCluster is a Kafka cluster in this process.
type kafkaCluster struct {
	cluster *kfake.Cluster
	client  *kgo.Client
	admin   *kadm.Client
}

func newKafkaCluster() (*kafkaCluster, error) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		cluster.Close()
		return nil, err
	}
	return &kafkaCluster{cluster: cluster, client: client, admin: kadm.NewClient(client)}, nil
}

func (c *kafkaCluster) close() {
	c.client.Close()
	c.cluster.Close()
}

// kafkaSource is a topic; a person's calls are in one partition.
type kafkaSource struct {
	cluster    *kafkaCluster
	topic      string
	partitions int
	people     int

	mu      sync.Mutex
	numbers [][]int // by partition and offset
}

func newKafkaSource(ctx context.Context, cluster *kafkaCluster, name string, partitions, people int) (*kafkaSource, error) {
	_, err := cluster.admin.CreateTopic(ctx, int32(partitions), 1, nil, name)
	return &kafkaSource{
		cluster: cluster, topic: name, partitions: partitions, people: people, numbers: make([][]int, partitions),
	}, err
}

func (s *kafkaSource) example() string { return "kafka/kafka_to_clevertap.yaml" }

// group is another one for each topic, as are the groups of people who test with one cluster.
func (s *kafkaSource) group() string { return "clevertap-" + s.topic }

func (s *kafkaSource) settings() []string {
	return []string{
		"KAFKA_BROKERS=" + strings.Join(s.cluster.cluster.ListenAddrs(), ","), "TOPIC=" + s.topic, "CONSUMER_GROUP=" + s.group(),
		"SESSION_TIMEOUT=8s", "input.redpanda.heartbeat_interval=300ms", "input.redpanda.fetch_max_wait=100ms",
	}
}

func (s *kafkaSource) publish(ctx context.Context, from, to int) error {
	records := make([]*kgo.Record, 0, to-from)
	for n := from; n < to; n++ {
		records = append(records, &kgo.Record{
			Topic: s.topic, Partition: int32(n % s.people % s.partitions), Value: call(n, s.people),
		})
	}
	if err := s.cluster.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := from; n < to; n++ {
		p := n % s.people % s.partitions
		s.numbers[p] = append(s.numbers[p], n)
	}
	return nil
}

// unacknowledged takes all that is at or above the offset committed for its partition.
func (s *kafkaSource) unacknowledged(ctx context.Context) ([]int, error) {
	committed, err := s.committed(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var numbers []int
	for p, offset := range committed {
		numbers = append(numbers, s.numbers[p][offset:]...)
	}
	return numbers, nil
}

func (s *kafkaSource) committed(ctx context.Context) ([]int64, error) {
	committed := make([]int64, s.partitions)
	offsets, err := s.cluster.admin.FetchOffsets(ctx, s.group())
	if errors.Is(err, kerr.GroupIDNotFound) { // no process has joined yet
		return committed, nil
	}
	if err != nil {
		return nil, err
	}
	offsets.Each(func(o kadm.OffsetResponse) {
		if o.Topic == s.topic && o.At > 0 {
			committed[o.Partition] = o.At
		}
	})
	return committed, nil
}

func (s *kafkaSource) done(ctx context.Context) (bool, error) {
	committed, err := s.committed(ctx)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, offset := range committed {
		if int(offset) != len(s.numbers[p]) {
			return false, nil
		}
	}
	return true, nil
}

// shared tells whether a group of so many processes reads all partitions.
func (s *kafkaSource) shared(ctx context.Context, processes int) (bool, error) {
	groups, err := s.cluster.admin.DescribeGroups(ctx, s.group())
	if err != nil {
		return false, err
	}
	group := groups[s.group()]
	busy, partitions := 0, 0
	for _, m := range group.Members {
		c, _ := m.Assigned.AsConsumer()
		own := 0
		for _, t := range c.Topics {
			own += len(t.Partitions)
		}
		if own > 0 {
			busy++
		}
		partitions += own
	}
	return group.State == "Stable" && busy == processes && partitions == s.partitions, nil
}

func (s *kafkaSource) close() { _, _ = s.cluster.admin.DeleteTopics(context.Background(), s.topic) }
