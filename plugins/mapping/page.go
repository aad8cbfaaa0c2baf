package mapping

// pageBytes is what is allocated at once for records, some sixteen of them. Each by itself would cost the allocator more
// than it costs to write. In return a record that is kept keeps the memory of those before and after it.
const pageBytes = 16 << 10

// roomy is how much of a page is worth going on with.
const roomy = 2 << 10

// rest is memory for the next record, empty: what is left of record's page, or a new one. A record that did not fit in
// its page has memory of its own, and shares none that is larger than a page.
func rest(record []byte) []byte {
	if cap(record) > pageBytes || cap(record)-len(record) < roomy {
		return make([]byte, 0, pageBytes)
	}
	return record[len(record):]
}
