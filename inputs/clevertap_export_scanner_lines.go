package inputs

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const storageReadSize = 64 << 10

var storageMark = []byte("\xef\xbb\xbf")

// storageLines reads lines of any length and keeps only so much of each. The scanner of the standard library would give
// up the rest of the file at the first line that is too long.
type storageLines struct {
	source *bufio.Reader
	// line is used again for every line.
	line []byte
	max  int
	// number is the number of the line that was read last, from 1.
	number int
}

func newStorageLines(source io.Reader, longest int) *storageLines {
	return &storageLines{source: bufio.NewReaderSize(source, storageReadSize), max: longest}
}

// next returns the next line without its end, valid until the following call, and whether it had to be cut.
func (l *storageLines) next() (line []byte, cut bool, err error) {
	l.line = l.line[:0]
	// Room for what is taken off again: a mark in front, the two bytes of the end, and one to tell a longer line by.
	room := l.max + len(storageMark) + len("\r\n") + 1
	for {
		part, err := l.source.ReadSlice('\n')
		l.line = append(l.line, part[:min(len(part), room-len(l.line))]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(l.line) > 0:
		case err != nil:
			return nil, false, err
		}
		break
	}
	l.number++
	line = bytes.TrimSuffix(bytes.TrimSuffix(l.line, []byte("\n")), []byte("\r"))
	if l.number == 1 {
		line = bytes.TrimPrefix(line, storageMark)
	}
	if len(line) > l.max {
		return line[:l.max], true, nil
	}
	return line, false, nil
}
