package mapping

import (
	"strings"
	"unicode/utf8"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// maxKeyMemory bounds what a table remembers, in bytes, as far as they can be estimated.
const maxKeyMemory = 4 << 20

// placeMemory is what a place takes.
const placeMemory = 24

// keyTable turns the names of one kind of record into CleverTap's keys and remembers them: the same few names come with
// every call.
type keyTable struct {
	rule    keyRule
	keys    map[string]*key
	targets map[string]*target
	memory  int

	// Calls of one kind have their members in one order, so the key that came after this one last time mostly is the one
	// to look up now. Keys have places for that, which are numbers: the garbage collector would have to hear of every
	// pointer that a lookup writes.
	places []*key
	// next are, by place, the places of the last two keys that were looked up after the one there, the latest first: where
	// calls of two kinds share a name, they often go on differently.
	next [][2]place
	// last is the place of the key that was looked up last.
	last place
}

// place is where a key table keeps a key. The zero place, and those that stand before a first key, hold none.
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
	name  string
	place place
	// target is nil when nothing is left of the name.
	target *target
	// fixes are the repairs that the name itself needed.
	fixes Fixes
	// same tells that the source name is the target name already.
	same bool
	role role
}

// target is a key of CleverTap's. There is one per name, so that two source names that meet are noticed.
type target struct {
	name  string
	json  []byte // `,"name":`
	check check  // nil for keys that CleverTap does not validate
	// keep exempts the key from the limit on attributes: an account's own attributes make room for it.
	keep bool
	// seen and slot tell which set of attributes used this key last, and where it stands there.
	seen uint64
	slot int
}

// role is what a trait's name means.
type role int

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
	t.keys, t.targets, t.memory = map[string]*key{}, map[string]*target{}, 0
	t.places, t.next = nil, nil
	t.last = t.reserve(nil)
}

// reserve makes a place for a key, or for what comes before a first key.
func (t *keyTable) reserve(k *key) place {
	t.places, t.next = append(t.places, k), append(t.next, [2]place{})
	t.memory += placeMemory
	return place(len(t.places) - 1)
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

// lookup returns what a source name becomes. The name may point into memory that is used again.
func (t *keyTable) lookup(name string) *key {
	expected := t.next[t.last][0]
	if k := t.places[expected]; k != nil && k.name == name {
		t.last = expected
		return k
	}
	return t.find(name)
}

// lookupPath is lookup for a name that stands in a buffer.
func (t *keyTable) lookupPath(path []byte) *key {
	expected := t.next[t.last][0]
	if k := t.places[expected]; k != nil && k.name == string(path) {
		t.last = expected
		return k
	}
	return t.find(string(path))
}

// find is lookup for a name that comes out of order.
func (t *keyTable) find(name string) *key {
	after := t.next[t.last]
	k := t.places[after[1]]
	if k == nil || k.name != name {
		if k = t.keys[name]; k == nil {
			k = t.add(strings.Clone(name))
		}
	}
	t.next[t.last] = [2]place{k.place, after[0]}
	t.last = k.place
	return k
}

func (t *keyTable) add(name string) *key {
	k := t.derive(name)
	k.name, k.place = name, t.reserve(k)
	t.keys[name] = k
	t.memory += 2*len(name) + 128
	return k
}

func (t *keyTable) derive(name string) *key {
	k := &key{}
	text := name
	if t.rule.traits {
		if isVerbatim(name) {
			return &key{role: verbatim, same: true, target: t.target(name)}
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
	if t.rule.traits && (assignsIdentity(name) || assignsIdentity(text)) {
		return &key{role: reserved}
	}
	k.target = t.target(text)
	k.same = name == text
	return k
}

func (t *keyTable) target(name string) *target {
	if known := t.targets[name]; known != nil {
		return known
	}
	made := &target{name: name, json: append(jsontree.AppendString([]byte{','}, name), ':')}
	if t.rule.traits {
		made.check = checkOf(name)
	}
	t.targets[name] = made
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
	switch len(name) {
	case len("FBID"):
		return strings.EqualFold(name, "FBID") || strings.EqualFold(name, "GPID")
	case len("identity"):
		return strings.EqualFold(name, "identity") || strings.EqualFold(name, "objectId")
	}
	return false
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
