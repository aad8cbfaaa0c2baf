package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a server of our own that keeps nothing on disk.
type redisServer struct {
	program, address, dir string
	cmd                   *exec.Cmd
	client                *redis.Client
}

// redisProgram finds an installed server.
func redisProgram() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("redis-server or valkey-server not found")
}

func newRedisServer() (*redisServer, error) {
	program, err := redisProgram()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "faults-redis-")
	if err != nil {
		return nil, err
	}
	s := &redisServer{program: program, address: address, dir: dir, client: redis.NewClient(&redis.Options{Addr: address})}
	return s, s.start()
}

func (s *redisServer) start() error {
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return err
	}
	s.cmd = exec.Command(s.program, "--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", s.dir)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return until(context.Background(), "Redis answers", 30*time.Second, func() (bool, error) {
		err := s.client.Ping(context.Background()).Err()
		return err == nil, err
	})
}

// stop ends the server; what it held is gone.
func (s *redisServer) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *redisServer) url() string { return "redis://" + s.address }

func (s *redisServer) close() {
	_ = s.client.Close()
	s.stop()
	_ = os.RemoveAll(s.dir)
}
