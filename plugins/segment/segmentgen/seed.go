package segmentgen

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

// The month in which seeds happen. It is over, so that an export of it comes to an end.
var (
	seedStart = time.Date(2026, time.March, 1, 6, 0, 0, 0, time.UTC)
	seedSpan  = 30 * 24 * time.Hour
)

// wholesaleEvery is how many lines lie between two orders that are larger than Segment takes.
const wholesaleEvery = 100

// appUser is somebody whom CleverTap knows from its own SDKs, and Segment does not.
type appUser struct {
	*person
	identity, objectID string
	mobile             bool
}

// seedKinds are what happens on a device. Web sites launch no app.
var (
	mobileKinds = []func(*Generator, *appUser) (string, object){
		(*Generator).appLaunched, (*Generator).appLaunched, (*Generator).appLaunched, (*Generator).appInstalled,
		(*Generator).appScreen, (*Generator).custom, (*Generator).custom, (*Generator).charged,
	}
	webKinds = []func(*Generator, *appUser) (string, object){
		(*Generator).utmVisited, (*Generator).utmVisited, (*Generator).webPage, (*Generator).custom, (*Generator).charged,
	}
)

func (u *appUser) kinds() []func(*Generator, *appUser) (string, object) {
	if u.mobile {
		return mobileKinds
	}
	return webKinds
}

// WriteSeed writes n lines of profiles and events as CleverTap has them from its own SDKs, for the seed of the sandbox:
// in the order of their times, over one month.
func (g *Generator) WriteSeed(w io.Writer, n int) error {
	users := g.appUsers()
	var line []byte
	for i := range n {
		g.calls++
		g.now = g.seedTime(i, n)
		// Apps raise an event twice in a second now and then. Those are two events.
		if again := i > 0 && g.chance(0.04); !again {
			line = append(g.seedLine(i, pick(g, users)), '\n')
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// seedTime is when the i-th of n events happens.
func (g *Generator) seedTime(i, n int) time.Time {
	slot := seedSpan / time.Duration(n)
	return seedStart.Add(time.Duration(i)*slot + time.Duration(g.rnd.Int64N(int64(slot)))).Truncate(time.Second)
}

func (g *Generator) appUsers() []*appUser {
	users := make([]*appUser, len(g.people))
	for i, p := range g.people {
		users[i] = g.appUser(p)
	}
	return users
}

func (g *Generator) appUser(p *person) *appUser {
	u := &appUser{person: p, mobile: g.chance(0.7)}
	device := strings.ReplaceAll(g.id(), "-", "")
	switch {
	case !u.mobile:
		u.objectID = device
	case g.chance(0.6):
		u.objectID = "__g" + device
	default:
		u.objectID = "-g" + device
	}
	// Their ids are none of the other data's, or CleverTap would take them for the same people.
	if g.chance(0.5) {
		u.identity = fmt.Sprintf("app-%s-%03d", strings.ToLower(p.home.code), p.number)
	}
	return u
}

func (g *Generator) seedLine(i int, u *appUser) []byte {
	line := object{"objectId": u.objectID, "ts": g.now.Unix()}
	if u.identity != "" {
		line["identity"] = u.identity
	}
	switch {
	case i%wholesaleEvery == wholesaleEvery/2:
		line["evtName"], line["evtData"] = g.wholesale(u)
	case g.chance(0.12):
		line["identity"], line["profileData"] = g.login(u)
	default:
		line["evtName"], line["evtData"] = pick(g, u.kinds())(g, u)
	}
	line["type"] = "event"
	if line["profileData"] != nil {
		line["type"] = "profile"
	} else if g.chance(0.3) || line["evtName"] == "UTM Visited" {
		line["session"] = object{"utm_source": pick(g, []string{"newsletter", "instagram", "google"}), "session_source": "Others"}
	}
	return bytes.Clone(g.marshal(line))
}

// login is when a visitor becomes known, or a known person changes.
func (g *Generator) login(u *appUser) (identity string, attributes object) {
	if u.identity == "" {
		u.identity = fmt.Sprintf("app-%s-%03d", strings.ToLower(u.home.code), u.number)
	}
	return u.identity, object{
		"Name": u.first + " " + u.last, "Email": "app." + u.email, "City": pick(g, u.home.cities),
		"Member since": fmt.Sprintf("$D_%d", u.signedUp.Unix()), "Loyalty number": u.loyaltyNumber,
	}
}

// sdkData is what the SDKs add to their own events.
func (g *Generator) sdkData(u *appUser, more object) object {
	data := object{"CT Source": "Web", "CT Session Id": g.now.Unix()}
	if u.mobile {
		data["CT Source"], data["CT App Version"] = "Mobile", pick(g, []string{"7.3.0", "7.4.1"})
	}
	for key, value := range more {
		data[key] = value
	}
	return data
}

func (g *Generator) appLaunched(u *appUser) (string, object) {
	return "App Launched", g.sdkData(u, object{"Session Number": 1 + g.rnd.IntN(60)})
}

func (g *Generator) appInstalled(u *appUser) (string, object) {
	return "App Installed", g.sdkData(u, object{"Install Source": pick(g, []string{"organic", "Freundschaftswerbung"})})
}

func (g *Generator) utmVisited(u *appUser) (string, object) {
	return "UTM Visited", g.sdkData(u, object{"UTM Campaign": pick(g, []string{"frühling-26", "桜まつり", "spring-sale"})})
}

func (g *Generator) appScreen(u *appUser) (string, object) {
	return "App Screen Viewed", g.sdkData(u, object{"name": pick(g, []string{"Start", "Warenkorb", "設定"})})
}

func (g *Generator) webPage(u *appUser) (string, object) {
	return "Web Page Viewed", g.sdkData(u, object{"name": pick(g, pages)})
}

func (g *Generator) custom(u *appUser) (string, object) {
	name := pick(g, []string{"Wishlist Shared", "Store Locator Opened", "Rezept gespeichert", "お気に入り追加"})
	return name, g.sdkData(u, object{
		"City": pick(g, u.home.cities), "Remind On": fmt.Sprintf("$D_%d", g.now.AddDate(0, 0, 3).Unix()),
		"Rating": g.price(), "Offline": g.chance(0.2),
	})
}

func (g *Generator) charged(u *appUser) (string, object) { return g.chargedFor(u, 1+g.rnd.IntN(3)) }

// wholesale has so many items that the call is larger than Segment's 32 KB.
func (g *Generator) wholesale(u *appUser) (string, object) { return g.chargedFor(u, 150) }

func (g *Generator) chargedFor(u *appUser, items int) (string, object) {
	list := make([]object, items)
	for i := range list {
		list[i] = g.product(i + 1)
	}
	return "Charged", g.sdkData(u, object{
		"Charged ID": fmt.Sprintf("60%07d", g.calls), "Amount": g.price(), "Currency": u.home.currency, "Items": list,
	})
}
