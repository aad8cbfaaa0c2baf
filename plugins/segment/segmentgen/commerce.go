package segmentgen

import (
	"encoding/json"
	"fmt"
)

var products = []struct{ name, brand, category, variant string }{
	{"Regenjacke \"Sturm\"", "Nordlicht", "Outdoor", "größe M"},
	{"Espresso cup, set of 4", "Café Ñandú", "Kitchen", "blue"},
	{"桜 Notebook A5", "Sakura 桜", "Stationery", "lined"},
	{"Running shoe 9.5", "Fleet & Foot", "Sports", "9.5 / wide"},
	{"Chapéu de palha", "Praia", "Accessories", "natural"},
	{"Wireless earbuds", "Tönchen", "Electronics", "black"},
}

func (g *Generator) product(position int) object {
	kind := g.rnd.IntN(len(products))
	p := products[kind]
	return object{
		"product_id": fmt.Sprintf("prod-%d", 1040+kind), "sku": fmt.Sprintf("SKU-%d", 1040+kind),
		"name": p.name, "brand": p.brand, "category": p.category, "variant": p.variant,
		"price": g.price(), "quantity": 1 + g.rnd.IntN(3), "position": position,
		"image_url": fmt.Sprintf("https://img.example.com/p/%d.jpg", 1040+kind),
	}
}

func (g *Generator) price() json.Number {
	return json.Number(fmt.Sprintf("%d.%02d", 3+g.rnd.IntN(240), g.rnd.IntN(100)))
}

func (g *Generator) order(p *person) call {
	c := g.base("track", p)
	c["event"] = "Order Completed"
	// Shops still on the first version of Segment's e-commerce spec use the old name.
	if g.chance(0.1) {
		c["event"] = "Completed Order"
	}
	c["properties"] = g.orderProperties(p)
	return c
}

func (g *Generator) orderProperties(p *person) object {
	items := make([]object, 1+g.rnd.IntN(4))
	for i := range items {
		items[i] = g.product(i + 1)
	}
	props := object{
		"order_id": fmt.Sprintf("50%07d", g.calls), "checkout_id": g.id()[:13], "affiliation": "Örtlich Online",
		"total": g.price(), "revenue": g.price(), "shipping": 4.9, "tax": g.price(), "discount": 0,
		"currency": p.home.currency, "products": items, "deliveryDate": g.now.AddDate(0, 0, 2).Format(timeLayout),
		"gift": object{"wrapping": "paper", "message": pick(g, []string{"Alles Gute! 🎉", "Happy birthday", "おめでとう"})},
	}
	switch g.rnd.IntN(5) {
	case 0:
		props["total"] = fmt.Sprint(props["total"]) // some shops send amounts as text
	case 1:
		props["coupon"] = "FRÜHLING26"
	}
	return props
}

// pad adds text properties, or traits, until the call is about missing bytes longer.
func pad(g *Generator, c call, missing int) {
	into, ok := c["properties"].(object)
	if !ok {
		if into, ok = c["traits"].(object); !ok {
			into, _ = c["context"].(object)
		}
	}
	const text = "free shipping on orders above fifty, returns within thirty days, gift wrapping on request, and so on"
	const overhead = len(`"promotion_00":"",`)
	for i := 0; missing > overhead; i++ {
		n := min(missing-overhead, 30+g.rnd.IntN(len(text)-30))
		into[fmt.Sprintf("promotion_%02d", i)] = text[:n]
		missing -= n + overhead
	}
}
