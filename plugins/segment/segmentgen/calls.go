package segmentgen

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// object is a JSON object; call is one that is a Segment call. Encoding sorts the keys, so output is stable.
type (
	object = map[string]any
	call   = map[string]any
)

const timeLayout = "2006-01-02T15:04:05.000Z"

// base holds what every call has, in the form in which Segment stores calls in S3.
func (g *Generator) base(typ string, p *person) call {
	sent := g.now.Add(time.Duration(g.rnd.IntN(900)) * time.Millisecond)
	c := call{
		"type": typ, "context": g.context(p), "integrations": object{}, "channel": p.sdk.channel, "version": 2,
		"messageId":         p.sdk.prefix + g.id(),
		"timestamp":         g.now.Format(timeLayout),
		"originalTimestamp": g.now.Format(timeLayout),
		"sentAt":            sent.Format(timeLayout),
		"receivedAt":        sent.Add(180 * time.Millisecond).Format(timeLayout),
	}
	if p.known {
		c["userId"] = p.userID
	}
	if !p.sdk.server() {
		c["anonymousId"] = p.anonymousID
	}
	// A few calls ask not to go to CleverTap.
	if g.chance(0.015) {
		c["integrations"] = object{"All": true, "CleverTap": false}
	}
	return c
}

func (g *Generator) identify(p *person) call {
	p.known = true
	c := g.base("identify", p)
	traits := object{
		"email": p.email, "firstName": p.first, "lastName": p.last, "createdAt": p.signedUp.Format(time.RFC3339),
		"loyaltyNumber": p.loyaltyNumber, "plan": pick(g, []string{"free", "plus", "family"}),
	}
	if g.chance(0.7) {
		traits["phone"], traits["gender"], traits["birthday"] = p.phone, p.gender, p.birthday
	}
	if g.chance(0.5) {
		traits["name"] = p.first + " " + p.last
		traits["avatar"] = fmt.Sprintf("https://img.example.com/u/%d.png", p.number)
	}
	if g.chance(0.6) {
		traits["address"] = object{"city": pick(g, p.home.cities), "country": p.home.code, "geo": object{"accuracy": 12.5}}
	}
	if g.chance(0.3) {
		traits["favoriteBrands"] = []string{"Nordlicht", "Café Ñandú", "Sakura 桜"}
		traits["lifetimeValue"] = json.Number(fmt.Sprintf("%d.%02d", g.rnd.IntN(5000), g.rnd.IntN(100)))
		traits["marketingConsent"] = g.chance(0.5)
		traits["churnedAt"] = nil
	}
	c["traits"] = traits
	return c
}

var trackEvents = []string{
	"Product Viewed", "Product Added", "Product List Viewed", "Products Searched", "Checkout Started", "Cart Viewed",
	"Coupon Applied", "Product Added to Wishlist", "Signed Up", "Trial Started", "Video Played", "Article Read",
	"Application Opened", "Suche ausgeführt",
}

func (g *Generator) track(p *person) call {
	c := g.base("track", p)
	c["event"] = pick(g, trackEvents)
	item := g.product(1)
	props := object{
		"product": item, "currency": p.home.currency, "value": item["price"], "sessionNumber": 1 + g.rnd.IntN(40),
		"experiment": object{"name": "new-header", "variant": pick(g, []string{"a", "b"})},
	}
	if g.chance(0.4) {
		props["tags"] = []string{"früh", "spring", "桜"}
		props["deliveryDate"] = g.now.AddDate(0, 0, 3).Format(time.DateOnly)
	}
	if g.chance(0.3) {
		props["query"] = pick(g, []string{"rain coat", "Gummistiefel größe 42", "cappello di paglia", "長靴"})
		props["warehouseReference"] = json.Number("9223372036854775807")
	}
	c["properties"] = props
	return c
}

var pages = []string{"Home", "Product", "Cart", "Über uns", "Checkout"}

func (g *Generator) page(p *person) call {
	c := g.base("page", p)
	name := pick(g, pages)
	c["name"] = name
	path := "/" + strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	c["properties"] = object{
		"title": name + " – Örtlich", "path": path, "url": "https://shop.example.com" + path, "referrer": "", "search": "",
	}
	if g.chance(0.4) {
		c["category"] = "Shop"
	}
	return c
}

func (g *Generator) screen(p *person) call {
	c := g.base("screen", p)
	c["name"] = pick(g, []string{"Start", "Warenkorb", "Order Status", "設定"})
	c["properties"] = object{"darkMode": g.chance(0.5), "loadTime": json.Number(fmt.Sprintf("0.%03d", g.rnd.IntN(1000)))}
	return c
}

func (g *Generator) alias(p *person) call {
	c := g.base("alias", p)
	// The name a person had in the old shop system; the browser takes the anonymous id when it knows no other.
	c["previousId"] = fmt.Sprintf("legacy-%d", p.number)
	if !p.known && !p.sdk.server() {
		c["previousId"] = p.anonymousID
	}
	c["userId"] = p.userID
	p.known = true
	return c
}

func (g *Generator) group(p *person) call {
	c := g.base("group", p)
	c["groupId"] = fmt.Sprintf("company-%d", p.number%12)
	c["traits"] = object{
		"name": "Beispiel GmbH & Co", "industry": "Retail", "employees": 10 + p.number, "plan": "enterprise",
		"headquarters": object{"city": pick(g, p.home.cities)},
	}
	return c
}

// erase asks for a person's deletion; Segment sends such calls when a privacy request comes in.
func (g *Generator) erase(p *person) call {
	c := g.base("delete", p)
	delete(c, "anonymousId")
	c["userId"] = p.userID
	if g.chance(0.5) {
		c["userId"] = "former-" + p.userID // CleverTap never knew them
	}
	return c
}
