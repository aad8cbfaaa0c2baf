package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// natsServer is a JetStream server in this process.
type natsServer struct {
	server *server.Server
	conn   *nats.Conn
	stream jetstream.JetStream
	dir    string
}

// linkBucket is what the example has its identity cache in.
const linkBucket = "identity_links"

func newNatsServer() (*natsServer, error) {
	dir, err := os.MkdirTemp("", "faults-nats-")
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
	})
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return nil, errors.New("the NATS server does not start")
	}
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		return nil, err
	}
	stream, err := jetstream.New(conn)
	if err == nil {
		_, err = stream.CreateKeyValue(context.Background(), jetstream.KeyValueConfig{Bucket: linkBucket, Storage: jetstream.MemoryStorage})
	}
	return &natsServer{server: s, conn: conn, stream: stream, dir: dir}, err
}

func (s *natsServer) close() {
	s.conn.Close()
	s.server.Shutdown()
	s.server.WaitForShutdown()
	_ = os.RemoveAll(s.dir)
}

// jetstreamSource is one stream with a subject and a durable consumer for each partition.
type jetstreamSource struct {
	server     *natsServer
	name       string
	partitions int
	people     int
	first      uint64 // the number of message 0 in the stream
}

// How long the server waits before it gives out a message again. It must be longer than the bridge may need for one. In
// the matrix the troubles are short, and some cases wait for it; a fleet rewinds instead.
const (
	ackWait      = 10 * time.Second
	ackWaitFleet = 2 * time.Minute
)

func newJetstreamSource(ctx context.Context, server *natsServer, name string, partitions, people int) (*jetstreamSource, error) {
	s := &jetstreamSource{server: server, name: name, partitions: partitions, people: people, first: 1}
	wait := ackWait
	if partitions > 1 {
		wait = ackWaitFleet
	}
	_, err := server.stream.CreateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: []string{name + ".*"}, Storage: jetstream.MemoryStorage})
	for p := range partitions {
		if err != nil {
			break
		}
		_, err = server.stream.CreateConsumer(ctx, name, jetstream.ConsumerConfig{
			Durable: s.consumer(p), FilterSubject: fmt.Sprintf("%s.%d", name, p), AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: wait, MaxAckPending: 10_000, MaxDeliver: -1,
		})
	}
	return s, err
}

func (s *jetstreamSource) consumer(partition int) string {
	return fmt.Sprintf("clevertap-%d", partition)
}

func (s *jetstreamSource) example() string { return "scale/jetstream_to_clevertap.yaml" }

func (s *jetstreamSource) settings() []string {
	return []string{"NATS_URL=" + s.server.server.ClientURL(), "STREAM=" + s.name, "PARTITION=0"}
}

// publishPatience is how long the server may leave so many messages unanswered that the client sends no more. The client's
// own, a fifth of a second, is less than a busy machine can take.
const publishPatience = time.Minute

func (s *jetstreamSource) publish(ctx context.Context, from, to int) error {
	stored := make([]jetstream.PubAckFuture, 0, to-from)
	for n := from; n < to; n++ {
		subject := fmt.Sprintf("%s.%d", s.name, n%s.people%s.partitions)
		ack, err := s.server.stream.PublishAsync(subject, call(n, s.people), jetstream.WithStallWait(publishPatience))
		if err != nil {
			return err
		}
		stored = append(stored, ack)
	}
	for _, ack := range stored {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// unacknowledged takes all that is above what a consumer knows to be acknowledged without a gap.
func (s *jetstreamSource) unacknowledged(ctx context.Context) ([]int, error) {
	var numbers []int
	for p := range s.partitions {
		info, err := s.info(ctx, p)
		if err != nil {
			return nil, err
		}
		if info.NumAckPending == 0 {
			continue
		}
		for n := int(firstUnacknowledged(info) - s.first); n <= int(info.Delivered.Stream-s.first); n++ {
			if n%s.people%s.partitions == p {
				numbers = append(numbers, n)
			}
		}
	}
	return numbers, nil
}

func (s *jetstreamSource) info(ctx context.Context, partition int) (*jetstream.ConsumerInfo, error) {
	consumer, err := s.server.stream.Consumer(ctx, s.name, s.consumer(partition))
	if err != nil {
		return nil, err
	}
	return consumer.Info(ctx)
}

func (s *jetstreamSource) done(ctx context.Context) (bool, error) {
	for p := range s.partitions {
		info, err := s.info(ctx, p)
		if err != nil || info.NumPending > 0 || info.NumAckPending > 0 {
			return false, err
		}
	}
	return true, nil
}

// rewind makes the consumer of a partition anew, from the first message that was not acknowledged. Without that, what a
// process has left behind comes again only after the wait, when later calls have gone ahead.
func (s *jetstreamSource) rewind(ctx context.Context, partition int) error {
	info, err := s.info(ctx, partition)
	if err != nil {
		return err
	}
	config := info.Config
	config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, firstUnacknowledged(info)
	if err := s.server.stream.DeleteConsumer(ctx, s.name, s.consumer(partition)); err != nil {
		return err
	}
	_, err = s.server.stream.CreateConsumer(ctx, s.name, config)
	return err
}

// firstUnacknowledged is where a consumer has a gap. One that was made anew says 0 until its first acknowledgement.
func firstUnacknowledged(info *jetstream.ConsumerInfo) uint64 {
	return max(info.AckFloor.Stream+1, info.Config.OptStartSeq)
}

func (s *jetstreamSource) close() { _ = s.server.stream.DeleteStream(context.Background(), s.name) }
