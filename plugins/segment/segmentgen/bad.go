package segmentgen

import (
	"encoding/json"
	"strings"
)

// badCalls are the ways in which real traffic goes wrong. The first group cannot be mapped, the second can be mapped
// after a repair, the third is for CleverTap to refuse.
var badCalls = []builder{
	(*Generator).trackWithoutEvent,
	func(g *Generator, p *person) call { return with(g.track(p), "event", json.Number("404")) },
	func(g *Generator, p *person) call { return with(g.track(p), "properties", "sku=1042") },
	func(g *Generator, p *person) call { return with(g.identify(p), "traits", []string{"vip"}) },
	func(g *Generator, p *person) call { return without(g.track(p), "userId", "anonymousId") },
	func(g *Generator, p *person) call { return with(g.track(p), "type", "video") },
	func(g *Generator, p *person) call {
		return with2(g.order(p), "properties", "products", "SKU-1042, SKU-1043")
	},

	func(g *Generator, p *person) call { return with2(g.identify(p), "traits", "email", "not given") },
	func(g *Generator, p *person) call { return with2(g.identify(p), "traits", "phone", "12-34") },
	func(g *Generator, p *person) call {
		return with2(g.identify(p), "traits", "gender", "prefer not to say")
	},
	func(g *Generator, p *person) call { return with2(g.identify(p), "traits", "birthday", "yesterday") },
	func(g *Generator, p *person) call { return with(g.track(p), "event", "App Launched") },
	func(g *Generator, p *person) call {
		return with2(g.track(p), "properties", "comment", strings.Repeat("très bien, ", 60))
	},

	(*Generator).overlongVisitor,
}

func (g *Generator) badCall(p *person) []byte {
	n := g.rnd.IntN(len(badCalls) + 1)
	if n == len(badCalls) {
		return g.brokenJSON(p)
	}
	return g.encode(badCalls[n](g, p))
}

// brokenJSON is a call that was cut on its way, as after a crash of the writer.
func (g *Generator) brokenJSON(p *person) []byte {
	line := g.encode(g.track(p))
	return line[:len(line)/2]
}

func (g *Generator) trackWithoutEvent(p *person) call { return without(g.track(p), "event") }

// overlongVisitor has an anonymous id that is longer than CleverTap's limit of 64 characters.
func (g *Generator) overlongVisitor(p *person) call {
	c := without(g.track(p), "userId")
	c["anonymousId"] = "cookie-" + g.id() + "-" + g.id()
	return c
}

func with(c call, key string, value any) call {
	c[key] = value
	return c
}

func with2(c call, key, inner string, value any) call {
	c[key].(object)[inner] = value
	return c
}

func without(c call, keys ...string) call {
	for _, k := range keys {
		delete(c, k)
	}
	return c
}
