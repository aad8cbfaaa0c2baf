package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/clevertap-segment/clevertap-segment/plugins/ledger"
)

// lab holds what tests share: the binaries and the middlemen, each started when it is first asked for.
type lab struct {
	root string // of the repository
	dir  string // for what is built

	binary, kafkaBinary func() (string, error)
	redis               func() (*redisServer, error)
	nats                func() (*natsServer, error)
	kafka               func() (*kafkaCluster, error)

	mu    sync.Mutex
	close []func()
}

// binaryVariable names a binary to test; without it one is built.
const binaryVariable = "CLEVERTAP_SEGMENT_BINARY"

func newLab(root string) (*lab, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "faults-lab-")
	if err != nil {
		return nil, err
	}
	l := &lab{root: root, dir: dir}
	l.later(func() { _ = os.RemoveAll(dir) })
	l.binary = sync.OnceValues(func() (string, error) {
		if path := os.Getenv(binaryVariable); path != "" {
			return filepath.Abs(path)
		}
		return l.build("")
	})
	l.kafkaBinary = sync.OnceValues(func() (string, error) { return l.build("kafka") })
	l.redis = shared(l, newRedisServer)
	l.nats = shared(l, newNatsServer)
	l.kafka = shared(l, newKafkaCluster)
	return l, nil
}

// shared starts a middleman once and ends it with the lab.
func shared[M interface{ close() }](l *lab, start func() (M, error)) func() (M, error) {
	return sync.OnceValues(func() (M, error) {
		m, err := start()
		if err == nil {
			l.later(m.close)
		}
		return m, err
	})
}

func (l *lab) later(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close = append(l.close, f)
}

// finish ends what was started, the last first.
func (l *lab) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.close) - 1; i >= 0; i-- {
		l.close[i]()
	}
	l.close = nil
}

func (l *lab) build(tags string) (string, error) {
	path := filepath.Join(l.dir, "clevertap-segment-"+tags)
	cmd := exec.Command("go", "build", "-tags", tags, "-o", path, "./cmd/clevertap-segment")
	cmd.Dir = l.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building with tags %q: %w\n%s", tags, err, out)
	}
	return path, nil
}

// binaryFor returns the binary that has the source's component.
func (l *lab) binaryFor(s source) (string, error) {
	if _, ok := s.(*kafkaSource); ok {
		return l.kafkaBinary()
	}
	return l.binary()
}

func (l *lab) config(s source) string { return filepath.Join(l.root, "config-examples", s.example()) }

// scaleConfig is the example for several processes.
func (l *lab) scaleConfig(s *redisSource) string {
	return filepath.Join(l.root, "config-examples", "scale", s.example())
}

// kinds are the sources of the matrix, by name; the logs come last.
var kinds = []string{"file", "segment_http", "redis_streams", "nats_jetstream", "kafka"}

// logs are those of them that several processes can share.
var logs = kinds[2:]

// open makes a source of a kind with a name of its own, of so many partitions.
func (l *lab) open(ctx context.Context, kind, name string, partitions, people int, books *ledger.Ledger) (source, error) {
	switch kind {
	case "file":
		return newFileSource(people, books.Messages())
	case "segment_http":
		return newHTTPSource(people, books)
	case "redis_streams":
		server, err := l.redis()
		if err != nil {
			return nil, err
		}
		return newRedisSource(server, name, partitions, people), nil
	case "nats_jetstream":
		server, err := l.nats()
		if err != nil {
			return nil, err
		}
		return newJetstreamSource(ctx, server, name, partitions, people)
	case "kafka":
		cluster, err := l.kafka()
		if err != nil {
			return nil, err
		}
		return newKafkaSource(ctx, cluster, name, partitions, people)
	}
	return nil, errors.New("no such source: " + kind)
}
