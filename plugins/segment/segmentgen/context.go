package segmentgen

import "fmt"

// sdk is one of Segment's libraries, as it describes itself in context.library.
type sdk struct {
	name, version, channel string
	os                     string // of mobile libraries
	prefix                 string // of message ids
}

var sdks = []sdk{
	{"analytics.js", "npm:next-1.84.0", "client", "", "ajs-next-"},
	{"analytics.js", "npm:next-1.84.0", "client", "", "ajs-next-"},
	{"analytics.js", "npm:next-1.84.0", "client", "", "ajs-next-"},
	{"analytics-kotlin", "1.19.2", "mobile", "Android", ""},
	{"analytics-swift", "1.7.3", "mobile", "iOS", ""},
	{"@segment/analytics-react-native", "2.20.3", "mobile", "iPhone OS", ""},
	{"@segment/analytics-node", "2.3.0", "server", "", "node-next-"},
	{"analytics-python", "2.3.3", "server", "", ""},
	{"analytics-go", "3.3.0", "server", "", ""},
	{"analytics-java", "3.5.2", "server", "", ""},
	{"analytics-ruby", "2.5.0", "server", "", ""},
	{"analytics-php", "3.8.1", "server", "", ""},
	{"Analytics-CSharp", "2.5.4", "mobile", "Android", ""},
}

func (s sdk) server() bool { return s.channel == "server" }
func (s sdk) mobile() bool { return s.channel == "mobile" }

// context is what the person's library adds to every call.
func (g *Generator) context(p *person) object {
	ctx := object{"library": object{"name": p.sdk.name, "version": p.sdk.version}}
	if p.sdk.server() {
		return ctx
	}
	// Addresses of RFC 5737: documentation only.
	ctx["ip"] = fmt.Sprintf("203.0.113.%d", p.number%254+1)
	ctx["locale"] = p.home.locale
	ctx["timezone"] = p.home.timezone
	if p.sdk.mobile() {
		g.mobileContext(p, ctx)
	} else {
		g.browserContext(p, ctx)
	}
	return ctx
}

func (g *Generator) browserContext(p *person, ctx object) {
	path := "/" + pick(g, []string{"", "sale", "new-arrivals", "p/sku-1042", "checkout", "account/orders"})
	ctx["page"] = object{
		"path": path, "referrer": pick(g, []string{"", "https://search.example.com/", "https://news.example.org/spring"}),
		"search": "", "title": "Shop Örtlich", "url": "https://shop.example.com" + path,
	}
	ctx["userAgent"] = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
	ctx["userAgentData"] = object{
		"brands": []object{{"brand": "Chromium", "version": "142"}, {"brand": "Not_A Brand", "version": "99"}},
		"mobile": false, "platform": "macOS",
	}
	if p.number%4 == 0 {
		ctx["campaign"] = object{"name": "spring-sale", "source": "newsletter", "medium": "email"}
	}
}

func (g *Generator) mobileContext(p *person, ctx object) {
	device := object{
		"id": p.anonymousID, "manufacturer": "Apple", "model": "iPhone15,3", "name": "iPhone", "type": "ios",
		"adTrackingEnabled": false,
	}
	osName, osVersion := p.sdk.os, "18.5"
	if p.sdk.os == "Android" {
		device["manufacturer"], device["model"], device["name"], device["type"] = "Google", "Pixel 9", "tokay", "android"
		osVersion = "16"
	}
	if p.pushToken != "" {
		device["token"] = p.pushToken
	}
	ctx["device"] = device
	ctx["os"] = object{"name": osName, "version": osVersion}
	ctx["app"] = object{"name": "Örtlich", "version": "7.4.1", "build": "7410", "namespace": "com.example.oertlich"}
	ctx["network"] = object{"bluetooth": false, "carrier": "Example Mobile", "cellular": p.number%2 == 0, "wifi": p.number%2 == 1}
	ctx["screen"] = object{"width": 1179, "height": 2556, "density": 3}
}
