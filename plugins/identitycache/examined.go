package identitycache

// Examined is what `run` knows of the caches of its configuration. A processor is constructed without a view of the
// configuration that it is part of, so `run` leaves it among the engine's resources, under ExaminedKey, where every
// processor of the same process finds it. There is none in streams mode, with --watcher, and in streams that are built
// in Go: there resources come and go without anybody examining them.
type Examined struct {
	Caches Caches
	// Warned holds the caches, seen or not, of which the user was warned already.
	Warned map[string]bool
}

// ExaminedKey is the key of the *Examined among the engine's resources.
type ExaminedKey struct{}

// Ask returns an error if the cache forgets, and else what its user has yet to be warned of. A nil Examined knows no
// caches.
func (e *Examined) Ask(label string) (warning string, err error) {
	if e == nil {
		e = &Examined{}
	}
	judgement := e.Caches.Judge(label)
	if err := judgement.Err(); err != nil || e.Warned[label] {
		return "", err
	}
	return judgement.Warning(), nil
}

// InMemory tells whether the cache is known to keep its entries in this process alone, so that it cannot hang.
func (e *Examined) InMemory(label string) bool {
	if e == nil {
		return false
	}
	switch kindOf(e.Caches[label]) {
	case "memory", "lru", "ttlru", "ristretto", "noop":
		return true
	default:
		return false
	}
}
