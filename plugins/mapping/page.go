package mapping

import "slices"

// pageBytes is what is allocated at once for records, some sixteen of them. Each by itself would cost the allocator more
// than it costs to write. In return a record that is kept keeps the memory of those before and after it.
const pageBytes = 16 << 10

// roomy is how much of a page is worth going on with.
const roomy = 2 << 10

// page is memory that records are written into, one after the other.
type page struct {
	// free is what is left of it, empty.
	free []byte
}

func newPage() page { return page{make([]byte, 0, pageBytes)} }

// keep takes a record that was appended to free, and returns it with no room behind it, where the next one goes. A record
// that did not fit has moved to memory of its own: a large one leaves the page to those after it.
func (p *page) keep(record []byte) []byte {
	moved := cap(record) != cap(p.free)
	switch {
	case moved && len(record) > pageBytes/2:
	case moved || cap(record)-len(record) < roomy:
		*p = newPage()
	default:
		p.free = record[len(record):]
	}
	return slices.Clip(record)
}
