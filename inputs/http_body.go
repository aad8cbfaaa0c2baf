package inputs

import (
	"errors"
	"io"
	"net/http"
)

const (
	// httpFirstRead is the most room that a body gets before any of it has come, httpLeastRead the least.
	httpFirstRead = 4 << 10
	httpLeastRead = 512
	// httpReadGrowth is how much more room than has come a body gets after that.
	httpReadGrowth = 4
)

var (
	errTooLarge = errors.New("too large")
	errNoRoom   = errors.New("no room")
)

func isTooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok || errors.Is(err, errTooLarge)
}

// readWithin reads a body of at most so many bytes, or fails with errTooLarge. The room for it is taken from the share, as
// the body comes, up to what is expected, if that is known; else it fails with errNoRoom.
func readWithin(body io.Reader, limit, expected int, held *share) ([]byte, error) {
	// The last byte is for reading the end.
	whole := min(max(expected, 0), limit) + 1
	next := max(httpLeastRead, min(whole, httpFirstRead))
	var all []byte
	for {
		if len(all) == cap(all) {
			if !held.take(next - cap(all)) {
				return nil, errNoRoom
			}
			all = append(make([]byte, 0, next), all...)
			next = nextRead(next, whole)
		}
		n, err := body.Read(all[len(all):cap(all)])
		all = all[:len(all)+n]
		switch {
		case len(all) > limit:
			return nil, errTooLarge
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, err
		}
	}
}

func nextRead(room, whole int) int {
	if room < whole {
		return min(whole, httpReadGrowth*room)
	}
	return 2 * room
}
