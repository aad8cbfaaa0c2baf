package mapping

import (
	"strings"
	"unicode/utf8"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// maxKeyMemory bounds what a table remembers, in bytes, as far as they can be estimated.
const maxKeyMemory = 4 << 20

// keyMemory is what a key takes, beside its name, and targetMemory what belongs to one on average.
const keyMemory, targetMemory = 48, 128

// keyTable turns the names of one kind of record into CleverTap's keys and remembers them: the same few names come with
// every call. Between two calls the processor's cache has been used for much else, so what is looked up together stands
// together: keys in the order in which they first came, targets likewise.
type keyTable struct {
	rule keyRule
	// keys are by place. Those without a name stand before the first key of a record.
	keys    []key
	places  map[string]place
	targets map[string]*target
	// room is for the next targets.
	room   []target
	memory int
	// last is the place of the key that was looked up last.
	last place
}

// place is where a key table keeps a key. The zero place holds none.
type place uint32

// keyRule is how one kind of record names its members.
type keyRule struct {
	caseRule  KeyCase
	names     map[string]string
	prefix    string
	forbidden string
	// profile turns on what holds for attributes of profiles only: operators, and lists of strings.
	profile bool
	// traits turns on what holds for a person's own attributes only: standard fields, and names that would assign an
	// identity.
	traits bool
}

// key is what a source name becomes.
type key struct {
	name string
	// target is nil when nothing is left of the name.
	target *target
	// fixes are the repairs that the name itself needed.
	fixes Fixes
	// next are the places of the last two keys that were looked up after this one, the latest first. Calls of one kind have
	// their members in one order, so that is mostly the key to look up now; where calls of two kinds share a name, they often
	// go on differently. Pointers would have the garbage collector hear of every lookup that writes one.
	next [2]place
	role role
	// same tells that the source name is the target name already.
	same bool
}

// target is a key of CleverTap's. There is one per name, so that two source names that meet are noticed.
type target struct {
	json string // `,"name":`
	// seen and slot tell which set of attributes used this key last, and where it stands there.
	seen  uint64
	slot  int
	check check // nil for keys that CleverTap does not validate
	name  string
	// keep exempts the key from the limit on attributes: an account's own attributes make room for it.
	keep bool
	// control tells that CleverTap subscribes or unsubscribes people by this key.
	control bool
}

// targetsAtOnce is for how many targets room is made.
const targetsAtOnce = 16

// role is what a trait's name means.
type role uint8

const (
	// reserved names would assign an identity.
	reserved role = iota + 1
	// verbatim are CleverTap's own keys, which pass with their value as they are.
	verbatim
	// standard traits have a key of CleverTap's.
	standard
	firstName
	lastName
)

// standardTraits are the traits that Segment and CleverTap both know, by their snake form.
// https://segment.com/docs/connections/destinations/catalog/clevertap/
var standardTraits = map[string]struct {
	role   role
	target string
}{
	"name":       {standard, nameKey},
	"avatar":     {standard, photoKey},
	"gender":     {standard, genderKey},
	"email":      {standard, emailKey},
	"phone":      {standard, phoneKey},
	"birthday":   {standard, dobKey},
	"first_name": {firstName, ""},
	"last_name":  {lastName, ""},
}

func newKeyTable(rule keyRule) *keyTable {
	t := &keyTable{rule: rule}
	t.reset()
	return t
}

func (t *keyTable) reset() {
	*t = keyTable{rule: t.rule, keys: make([]key, 1), places: map[string]place{}, targets: map[string]*target{}}
}

// reserve makes a place for a key, or for what comes before a first key.
func (t *keyTable) reserve(k key) place {
	t.keys = append(t.keys, k)
	t.memory += keyMemory
	return place(len(t.keys) - 1)
}

// forget empties a table that has grown too large, and tells whether it was. Call it between records only, as it forgets
// what they have seen.
func (t *keyTable) forget() bool {
	if t.memory <= maxKeyMemory {
		return false
	}
	t.reset()
	return true
}

// lookup returns what a source name becomes. The name may point into memory that is used again; the key may not be
// changed.
func (t *keyTable) lookup(name string) *key {
	expected := t.keys[t.last].next[0]
	if k := &t.keys[expected]; expected != 0 && k.name == name {
		t.last = expected
		return k
	}
	return t.find(name)
}

// lookupPath is lookup for a name that stands in a buffer.
func (t *keyTable) lookupPath(path []byte) *key {
	expected := t.keys[t.last].next[0]
	if k := &t.keys[expected]; expected != 0 && k.name == string(path) {
		t.last = expected
		return k
	}
	return t.find(string(path))
}

// find is lookup for a name that comes out of order.
func (t *keyTable) find(name string) *key {
	after := t.keys[t.last].next
	at := after[1]
	if at == 0 || t.keys[at].name != name {
		if at = t.places[name]; at == 0 {
			at = t.add(name)
		}
	}
	t.keys[t.last].next = [2]place{at, after[0]}
	t.last = at
	return &t.keys[at]
}

func (t *keyTable) add(name string) place {
	k := t.derive(name)
	if k.same {
		k.name = k.target.name
	} else {
		k.name = strings.Clone(name)
	}
	t.memory += 2*len(name) + targetMemory
	at := t.reserve(k)
	t.places[k.name] = at
	return at
}

func (t *keyTable) derive(name string) key {
	var k key
	text := name
	if t.rule.traits {
		if isVerbatim(name) {
			return key{role: verbatim, same: true, target: t.target(name)}
		}
		trait := standardTraits[SnakeCase(name)]
		k.role = trait.role
		if trait.role == standard {
			k.target = t.target(trait.target)
			k.target.keep = true
			k.same = name == trait.target
			return k
		}
	}
	if t.rule.caseRule == SnakeCaseKeys {
		text = SnakeCase(text)
	}
	if text != "" {
		text = t.rule.prefix + text
	}
	if renamed, ok := t.rule.names[text]; ok {
		text = renamed
	}
	text, k.fixes = cleanName(text, t.rule.forbidden, KeySanitized, KeyTruncated)
	if text == "" {
		k.fixes = PropertiesDropped
		return k
	}
	if t.rule.traits && assignsIdentity(name) || t.rule.profile && assignsIdentity(text) {
		return key{role: reserved}
	}
	k.target = t.target(text)
	k.same = name == text
	return k
}

func (t *keyTable) target(name string) *target {
	if known := t.targets[name]; known != nil {
		return known
	}
	if len(t.room) == 0 {
		t.room = make([]target, targetsAtOnce)
	}
	made := &t.room[0]
	t.room = t.room[1:]
	made.json = string(append(jsontree.AppendString([]byte{','}, name), ':'))
	if made.name = made.json[len(`,"`) : len(made.json)-len(`":`)]; made.name != name {
		made.name = strings.Clone(name)
	}
	if t.rule.traits {
		made.check = checkOf(made.name)
	}
	made.control = t.rule.profile && isControl(made.name)
	t.targets[made.name] = made
	return made
}

// cleanName removes forbidden characters and cuts to the length of a key, and tells which of the two it had to do.
func cleanName(name, forbidden string, sanitized, truncated Fixes) (string, Fixes) {
	var fixes Fixes
	if strings.ContainsAny(name, forbidden) {
		fixes |= sanitized
		name = strings.Map(func(r rune) rune {
			if strings.ContainsRune(forbidden, r) {
				return -1
			}
			return r
		}, name)
	}
	if len(name) > clevertap.MaxKeyChars && utf8.RuneCountInString(name) > clevertap.MaxKeyChars {
		fixes |= truncated
		name = string([]rune(name)[:clevertap.MaxKeyChars])
	}
	return name, fixes
}

// assignsIdentity spots names under which CleverTap would take a trait for an id of the person.
// https://developer.clevertap.com/docs/upload-user-profiles-api
func assignsIdentity(name string) bool {
	switch foldedKey(name) {
	case "fbid", "gpid", "identity", "objectid":
		return true
	}
	return false
}

// foldedKey is a key as CleverTap compares them: without regard to case and spaces.
func foldedKey(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), ""))
}

// isVerbatim spots CleverTap's own profile keys, whose spelling no case rule may touch. They are short.
// https://developer.clevertap.com/docs/upload-user-profiles-api
func isVerbatim(name string) bool {
	switch name {
	case "category-unsubscribe", "category-resubscribe", "subscriptionGroups", "ct_is_test_user":
		return true
	}
	return strings.HasPrefix(name, "MSG-") && len(name) <= clevertap.MaxKeyChars
}
