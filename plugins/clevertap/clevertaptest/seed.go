package clevertaptest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxSeedLine bounds one line of a seed.
const maxSeedLine = 1 << 20

// Seed stores records from JSON lines, as if they had been uploaded, for exports to give out:
//
//	{"type":"profile","identity":"u1","profileData":{"Name":"A"}}
//	{"type":"event","objectId":"__g1","ts":1767225600,"evtName":"App Launched","evtData":{"n":1},"session":{"utm_source":"x"},"arrives":1767312000}
//
// They differ from uploads in three ways: events may be system events, which only CleverTap's SDKs raise; `arrives`
// (Unix seconds) holds an event back until then, like one from a device that was offline; `session` becomes the
// record's `session_props`. Blank lines are skipped. A line that would be refused ends it with an error that names
// the line; those before it are stored.
func (s *Server) Seed(lines io.Reader) error {
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, maxSeedLine)
	now := s.opts.Now()
	for number := 1; scanner.Scan(); number++ {
		line := bytes.Clone(bytes.TrimSpace(scanner.Bytes()))
		if len(line) == 0 {
			continue
		}
		if err := s.seed(line, now); err != nil {
			return fmt.Errorf("seed, line %d: %w", number, err)
		}
	}
	return scanner.Err()
}

func (s *Server) seed(line []byte, now time.Time) error {
	if !json.Valid(line) {
		return errors.New("not JSON")
	}
	r, refused := s.checkRecord(&record{number: 1, raw: line, seeded: true})
	if refused != nil {
		return errors.New(refused.reason)
	}
	if arrives := r.get("arrives"); arrives != nil {
		at, ok := timestamp(arrives)
		if !ok {
			return errors.New("arrives is not a time in Unix seconds")
		}
		now = time.Unix(at, 0)
	}
	if session := r.get("session"); kind(session) == '{' {
		r.session = session
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch()
	if refused = s.apply(r, now, false); refused != nil {
		return errors.New(refused.reason)
	}
	return nil
}
