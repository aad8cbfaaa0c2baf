package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/sandbox"
)

// seedSandbox stores the records of a file, if one is named.
func seedSandbox(s *sandbox.Sandbox, name string) error {
	if name == "" {
		return nil
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("reading --seed: %w", err)
	}
	defer file.Close()
	lines := &lineCounter{from: file}
	err = s.CleverTap().Seed(lines)
	switch pathError := (*os.PathError)(nil); {
	case errors.Is(err, bufio.ErrTooLong):
		// What was read last is the beginning of that line.
		return fmt.Errorf("--seed %s: line %d is longer than 1 MB", name, lines.ended+1)
	case errors.As(err, &pathError):
		return fmt.Errorf("reading --seed: %w", err)
	case err != nil:
		reason := strings.TrimPrefix(strings.TrimSpace(err.Error()), "seed, ")
		return fmt.Errorf("--seed %s: %s", name, reason)
	}
	return nil
}

// lineCounter counts the lines that have been read to their end.
type lineCounter struct {
	from  io.Reader
	ended int
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	l.ended += bytes.Count(p[:n], []byte{'\n'})
	return n, err
}
