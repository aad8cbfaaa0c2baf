package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
)

const (
	roleServer = "server"
	// counted is the argument with which the server takes requests apart.
	counted = "count"
)

// peer is whose answers the server gives.
type peer string

const (
	noPeer        peer = ""
	clevertapPeer peer = "clevertap"
	segmentPeer   peer = "segment"
)

// envelopes are what stands around the records of a request.
var envelopes = map[peer]string{clevertapPeer: `{"d":[]}`, segmentPeer: `{"batch":[]}`}

var answers = map[peer]string{
	clevertapPeer: `{ "status" : "success" , "unprocessed" : [ ] }`,
	segmentPeer:   `{ "success": true }`,
}

// received is what a server was sent.
type received struct {
	Requests, Bytes int64
	// Records are known only when requests were taken apart.
	Records int64
	// PeakBytes is the server's memory.
	PeakBytes int64
}

// content is the length of all records and the commas after them, however they were spread over requests. A request
// without records does not count.
func (r received) content(p peer) int64 {
	return r.Bytes - r.Requests*int64(len(envelopes[p])-1)
}

// sink only reads and answers. To count records in the same pass would cost more than to read them, so that is done in
// a run of its own, which tells how many bytes they are.
type sink struct {
	answer                   []byte
	count                    bool
	requests, bytes, records atomic.Int64
}

// ServeHTTP takes one request.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, records, err := s.read(r.Body)
	if err != nil {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	if n > 0 && (!s.count || records > 0) {
		s.requests.Add(1)
		s.bytes.Add(n)
		s.records.Add(records)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.answer)
}

func (s *sink) read(body io.Reader) (n, records int64, err error) {
	if !s.count {
		n, err = io.Copy(io.Discard, body)
		return
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return
	}
	var envelope struct{ D, Batch []json.RawMessage }
	err = json.Unmarshal(raw, &envelope)
	return int64(len(raw)), int64(len(envelope.D) + len(envelope.Batch)), err
}

// serve answers until its standard input ends, and then tells what it got: bench server SERVICE [count]. Its address is
// the first line of its output, the account the second.
func serve(args []string) {
	if err := serveUntil(os.Stdin, os.Stdout, args); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func serveUntil(end io.Reader, out io.Writer, args []string) error {
	s := &sink{answer: []byte(answers[peer(args[0])]), count: len(args) > 1 && args[1] == counted}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	if _, err := io.Copy(io.Discard, end); err != nil {
		return err
	}
	if err := errors.Join(server.Close(), <-failed); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return json.NewEncoder(out).Encode(received{
		Requests: s.requests.Load(), Bytes: s.bytes.Load(), Records: s.records.Load(), PeakBytes: peakMemory(),
	})
}
