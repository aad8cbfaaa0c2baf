package segmentgen

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"time"
)

// start is when the first call happens. A fixed day keeps the output the same for ever.
var start = time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)

// Config says what to invent. The zero value is usable.
type Config struct {
	// Seed selects the sequence of calls.
	Seed uint64
	// Mix is the weight of each kind of call; DemoMix when zero.
	Mix Mix
	// Size is the average length of a call in bytes, reached by adding properties; 0 leaves calls as they come.
	// Calls are never cut, so an average below about 1,000 is not reached.
	Size int
	// Bad is the share of calls, from 0 to 1, that something is wrong with.
	Bad float64
	// People is how many people the calls are about, 150 when zero.
	People int
}

// Generator invents one call after another. It is not safe for concurrent use.
type Generator struct {
	cfg      Config
	rnd      *rand.Rand
	builders []builder
	people   []*person
	now      time.Time
	calls    int
	written  int
	buf      bytes.Buffer
	enc      *json.Encoder
}

// New returns a generator at the beginning of its sequence.
func New(cfg Config) *Generator {
	if cfg.Mix == (Mix{}) {
		cfg.Mix = DemoMix
	}
	if cfg.People <= 0 {
		cfg.People = 150
	}
	g := &Generator{cfg: cfg, rnd: rand.New(rand.NewPCG(cfg.Seed, 1)), builders: cfg.Mix.wheel(), now: start}
	g.enc = json.NewEncoder(&g.buf)
	g.enc.SetEscapeHTML(false)
	for i := range cfg.People {
		g.people = append(g.people, g.newPerson(i))
	}
	return g
}

// Next returns the next call, without a line end. The slice is the caller's.
func (g *Generator) Next() []byte {
	g.calls++
	g.now = g.now.Add(time.Duration(200+g.rnd.IntN(20_000)) * time.Millisecond)
	who := pick(g, g.people)
	var line []byte
	if g.chance(g.cfg.Bad) {
		line = g.badCall(who)
	} else {
		line = g.encode(pick(g, g.builders)(g, who))
	}
	g.written += len(line)
	return line
}

// WriteLines writes n calls, one a line.
func (g *Generator) WriteLines(w io.Writer, n int) error {
	for range n {
		if _, err := w.Write(append(g.Next(), '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (g *Generator) encode(c call) []byte {
	line := g.marshal(c)
	if missing := g.wanted() - len(line); missing > 0 {
		pad(g, c, missing)
		line = g.marshal(c)
	}
	return bytes.Clone(line)
}

// wanted is the length that brings the average back to Config.Size, within bounds that keep single calls plausible.
func (g *Generator) wanted() int {
	if g.cfg.Size <= 0 {
		return 0
	}
	return max(g.cfg.Size/2, min(g.cfg.Size*g.calls-g.written, 2*g.cfg.Size))
}

// marshal returns a slice that is valid until the next call of marshal.
func (g *Generator) marshal(v any) []byte {
	g.buf.Reset()
	if err := g.enc.Encode(v); err != nil {
		panic("segmentgen: a call that JSON cannot hold: " + err.Error())
	}
	return bytes.TrimSuffix(g.buf.Bytes(), []byte{'\n'})
}

func (g *Generator) chance(p float64) bool { return g.rnd.Float64() < p }

// id is a UUID-shaped string from the seeded source.
func (g *Generator) id() string {
	const digits = "0123456789abcdef"
	b := []byte("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx")
	for i, c := range b {
		if c == 'x' {
			b[i] = digits[g.rnd.IntN(len(digits))]
		}
	}
	return string(b)
}

func pick[T any](g *Generator, from []T) T { return from[g.rnd.IntN(len(from))] }
