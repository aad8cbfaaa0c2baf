package transport

import (
	"bytes"
	"io"
)

// unsolicited begins the line in which Go's HTTP client quotes bytes that came behind the end of an answer. They may be
// the rest of an echo. http.Transport has no logger to set: it writes the line to the standard one.
var unsolicited = []byte("Unsolicited response received on idle HTTP channel")

// StandardLog returns a destination for the standard logger that writes to w, without what answers hold.
func StandardLog(w io.Writer) io.Writer { return standardLog{w} }

type standardLog struct{ to io.Writer }

// Write is called once per line.
func (l standardLog) Write(line []byte) (int, error) {
	_, err := l.to.Write(withoutAnswer(line))
	return len(line), err
}

func withoutAnswer(line []byte) []byte {
	before, _, found := bytes.Cut(line, unsolicited)
	if !found {
		return line
	}
	return bytes.Join([][]byte{before, unsolicited, {'\n'}}, nil)
}
