package segmentgen

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// exportTime is how exported events are dated, in the project's time zone.
const exportTime = "20060102150405"

// WriteExport writes n events as CleverTap's event export has them, one a line, over one month, with the name that our
// input adds. None of them came from Segment.
// https://developer.clevertap.com/docs/get-events-api
func (g *Generator) WriteExport(w io.Writer, n int) error {
	users := g.appUsers()
	profiles := make([]object, len(users))
	for i, u := range users {
		profiles[i] = g.exportedProfile(u)
	}
	for i := range n {
		g.calls++
		g.now = g.seedTime(i, n)
		who := g.rnd.IntN(len(users))
		if _, err := w.Write(append(g.exportedEvent(users[who], profiles[who]), '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (g *Generator) exportedEvent(u *appUser, profile object) []byte {
	name, properties := pick(g, u.kinds())(g, u)
	return g.marshal(object{
		"profile": profile, "event_name": name, "event_props": properties,
		"ts": json.Number(g.now.Format(exportTime)),
		"session_props": object{
			"session_source": "Others", "session_referrer": pick(g, []string{"https://news.example.org/", "https://search.example.com/"}),
			"utm_source": pick(g, []string{"newsletter", "instagram", "google"}), "utm_medium": "email",
		},
	})
}

// exportedProfile is the person as every exported event of theirs repeats it.
func (g *Generator) exportedProfile(u *appUser) object {
	profile := object{
		"objectId": u.objectID, "platform": "Web", "df": object{"0": 55, "1": 111},
		"events": object{
			"App Launched": g.eventCount(), "Charged": g.eventCount(), "Web Page Viewed": g.eventCount(),
		},
		"profileData": object{
			"City": pick(g, u.home.cities), "plan": pick(g, []string{"free", "plus", "family"}),
			"Member since": fmt.Sprintf("$D_%d", u.signedUp.Unix()), "Loyalty number": u.loyaltyNumber,
			"tags": []string{"früh", "spring", "桜"},
		},
	}
	if u.mobile {
		profile["platform"], profile["os_version"], profile["app_version"] = "Android", "16", "7.4.1"
		profile["make"], profile["model"] = "Google", "Pixel 9"
		profile["push_token"] = "fcm:" + g.id()
	}
	if u.identity != "" {
		phone := strings.Map(digitsOnly, u.phone)
		profile["identity"], profile["name"] = u.identity, u.first+" "+u.last
		profile["email"], profile["phone"] = "app."+u.email, json.Number(phone)
		profile["all_identities"] = []string{"+" + phone, u.identity}
	}
	return profile
}

func (g *Generator) eventCount() object {
	first := seedStart.Unix() + g.rnd.Int64N(1_000_000)
	return object{"count": 1 + g.rnd.IntN(90), "first_seen": first, "last_seen": first + g.rnd.Int64N(1_000_000)}
}

func digitsOnly(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}
