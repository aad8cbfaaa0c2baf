package inputs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// exportItem is one record of a page.
type exportItem struct {
	record []byte
	day    day // of the record, 0 if it does not tell
	booked day // the day under which the seen set has it
	// occurrence counts the records before it in the window that are equal in all that tells records apart.
	occurrence int
	// key is what the record is; id is what the seen set knows it by, and state what it holds for that.
	key, id, state clevertap.Key
	fresh          bool
}

// seenSet tells which records were delivered. It is held for one window of one event at a time.
type seenSet struct {
	profiles bool
	// delivered holds an entry per delivered event, or the last delivered state per person.
	delivered map[clevertap.Key]clevertap.Key
	// met counts the equal events on the pages of the walk so far, delivered before or not.
	met map[clevertap.Key]int
}

func newSeenSet(profiles bool) *seenSet {
	return &seenSet{profiles: profiles, delivered: map[clevertap.Key]clevertap.Key{}, met: map[clevertap.Key]int{}}
}

// width is how many keys an entry has in the store.
func (b *seenSet) width() int {
	if b.profiles {
		return 2
	}
	return 1
}

// load adds entries of the store, the oldest first. Adding some twice does no harm.
func (b *seenSet) load(keys []clevertap.Key) {
	for ; len(keys) >= b.width(); keys = keys[b.width():] {
		b.delivered[keys[0]] = clevertap.Key{}
		if b.profiles {
			b.delivered[keys[0]] = keys[1]
		}
	}
}

// entries are what the store keeps of items that were delivered.
func (b *seenSet) entries(items []exportItem) []clevertap.Key {
	keys := make([]clevertap.Key, 0, len(items)*b.width())
	for _, item := range items {
		keys = append(keys, item.id)
		if b.profiles {
			keys = append(keys, item.state)
		}
	}
	return keys
}

// look compares a page with the seen set and changes nothing: the page may have to be read again.
func (b *seenSet) look(records []json.RawMessage, w *walk) ([]exportItem, error) {
	items := make([]exportItem, 0, len(records))
	local := map[clevertap.Key]int{}
	states := map[clevertap.Key]clevertap.Key{}
	for _, record := range records {
		item, err := b.lookAt(record, w, local, states)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func (b *seenSet) lookAt(record []byte, w *walk, local map[clevertap.Key]int, states map[clevertap.Key]clevertap.Key) (exportItem, error) {
	if b.profiles {
		p, err := clevertap.InspectExportedProfile(record)
		if err != nil {
			return exportItem{}, err
		}
		last, known := states[p.Person]
		if !known {
			last, known = b.delivered[p.Person]
		}
		states[p.Person] = p.State
		return exportItem{
			record: record, day: w.Opened, booked: w.Opened, id: p.Person, state: p.State, fresh: !known || last != p.State,
		}, nil
	}
	e, err := clevertap.InspectExportedEvent(record)
	if err != nil {
		return exportItem{}, err
	}
	item := exportItem{record: record, day: day(e.Day), booked: day(e.Day), key: e.Key}
	if !w.window().holds(item.booked) {
		item.booked = w.To
	}
	item.occurrence = b.met[e.Key] + local[e.Key]
	local[e.Key]++
	item.id = withOccurrence(e.Key, item.occurrence)
	_, known := b.delivered[item.id]
	item.fresh = !known
	return item, nil
}

// enter notes that a page was delivered.
func (b *seenSet) enter(items []exportItem) {
	for _, item := range items {
		b.delivered[item.id] = item.state
	}
	if !b.profiles {
		b.meet(keysOf(items))
	}
}

// meet notes the events of a page of the walk.
func (b *seenSet) meet(keys []clevertap.Key) {
	for _, key := range keys {
		b.met[key]++
	}
}

func keysOf(items []exportItem) []clevertap.Key {
	keys := make([]clevertap.Key, len(items))
	for i, item := range items {
		keys[i] = item.key
	}
	return keys
}

func withOccurrence(key clevertap.Key, occurrence int) clevertap.Key {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(key[:], uint64(occurrence)))
	return clevertap.Key(sum[:keyBytes])
}
