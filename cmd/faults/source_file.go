package main

import (
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
)

// fileSource is a gzip file of calls. It cannot remember anything: a run that was interrupted starts again.
type fileSource struct {
	dir    string
	people int
	total  int
}

func newFileSource(people, total int) (*fileSource, error) {
	dir, err := os.MkdirTemp("", "faults-file-")
	s := &fileSource{dir: dir, people: people, total: total}
	if err != nil {
		return nil, err
	}
	return s, s.write()
}

func (s *fileSource) path() string { return filepath.Join(s.dir, "calls.jsonl.gz") }

func (s *fileSource) write() error {
	file, err := os.Create(s.path())
	if err != nil {
		return err
	}
	packer := gzip.NewWriter(file)
	for n := range s.total {
		_, err = packer.Write(append(call(n, s.people), '\n'))
		if err != nil {
			break
		}
	}
	return errors.Join(err, packer.Close(), file.Close())
}

func (s *fileSource) example() string    { return "file_to_clevertap.yaml" }
func (s *fileSource) settings() []string { return []string{"CALLS=" + s.path()} }

// publish does nothing: a file is there as a whole.
func (s *fileSource) publish(context.Context, int, int) error { return nil }

func (s *fileSource) unacknowledged(context.Context) ([]int, error) { return upTo(0, s.total), nil }

func (s *fileSource) done(context.Context) (bool, error) { return false, nil }

func (s *fileSource) close() { _ = os.RemoveAll(s.dir) }
