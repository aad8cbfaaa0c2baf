package segmenttest

import (
	"bytes"
	"compress/gzip"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// readBody unzips and bounds the body. The answer is set when it cannot be read.
func readBody(r *http.Request) ([]byte, *answer) {
	reader := io.Reader(r.Body)
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, &malformed
		}
		reader = unzipped
	}
	body, err := io.ReadAll(io.LimitReader(reader, segment.MaxBatchBytes+1))
	switch {
	case err != nil:
		return nil, &malformed
	case len(body) > segment.MaxBatchBytes:
		// The rest has to be read, or the client finds the connection closed while it is still sending.
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 16<<20))
		return nil, &batchTooBig
	}
	return body, nil
}

// envelope is what a request says about all its calls.
type envelope struct {
	members object
	calls   []json.RawMessage
}

// handle takes the calls of a request.
func (s *Server) handle(r *http.Request, route segment.Type, body []byte, problem *answer) answer {
	if problem != nil {
		return s.refuse(*problem)
	}
	e, problem := open(route, body)
	if problem != nil {
		return s.refuse(*problem)
	}
	if lost, reply := s.admit(r, e.members); reply != nil {
		return s.refuse(*reply)
	} else if lost {
		s.count(func(c *Stats) { c.Lost += int64(len(e.calls)) })
		return success
	}
	s.store(s.check(route, e))
	return success
}

// refuse counts a request that is answered with an error.
func (s *Server) refuse(a answer) answer {
	s.count(func(c *Stats) {
		switch {
		case a.status == http.StatusUnauthorized:
			c.Unauthorized++
		case bytes.Equal(a.body, batchTooBig.body) || bytes.Equal(a.body, callTooBig.body):
			c.TooLarge++
		default:
			c.Malformed++
		}
	})
	return a
}

// open reads the envelope. On the routes of one type the body is the call, and its own envelope.
func open(route segment.Type, body []byte) (e envelope, problem *answer) {
	if !json.Valid(body) || json.Unmarshal(body, &e.members) != nil || e.members == nil {
		return e, &malformed
	}
	if route != "" {
		e.calls, e.members = []json.RawMessage{bytes.TrimSpace(body)}, object{"writeKey": e.members["writeKey"]}
	} else if kind(e.members["batch"]) != '[' || json.Unmarshal(e.members["batch"], &e.calls) != nil {
		return e, &malformed
	}
	for _, call := range e.calls {
		if len(call) > segment.MaxCallBytes {
			return e, &callTooBig
		}
	}
	return e, nil
}

// admit checks key and region: the calls go on, or are lost with a success, or there is an answer.
func (s *Server) admit(r *http.Request, members object) (lost bool, reply *answer) {
	key := writeKey(r, members)
	switch {
	case key == "":
		return false, &missingKey
	case subtle.ConstantTimeCompare([]byte(key), []byte(s.opts.WriteKey)) != 1:
		if s.opts.RejectWrongKey {
			return false, &wrongKey
		}
		return true, nil
	case s.opts.KeyRegion != "" && s.opts.KeyRegion != s.region(r.Host):
		if s.opts.RejectWrongRegion {
			return false, &wrongRegion
		}
		return true, nil
	}
	return false, nil
}

// region is where the host stands.
// https://segment.com/docs/guides/regional-segment/
func (s *Server) region(host string) string {
	host, _, _ = strings.Cut(host, ":")
	switch host {
	case "api.segment.io":
		return segment.RegionUS
	case "events.eu1.segmentapis.com":
		return segment.RegionEU1
	}
	return s.opts.Region
}

// writeKey finds the key in the header, else in the body. Basic without a colon works for old clients.
func writeKey(r *http.Request, members object) string {
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Basic") {
		decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
		if key, _, _ := strings.Cut(string(decoded), ":"); err == nil && key != "" {
			return key
		}
	}
	key, _ := text(members["writeKey"])
	return key
}
