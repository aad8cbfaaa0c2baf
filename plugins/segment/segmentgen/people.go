package segmentgen

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// country is where a person lives. Phone numbers are made of prefix and a number from 0 up to numbers-1; the ranges are
// those that the numbering authority has set aside for films and books. India, Japan and Brazil have none: theirs lie
// around the example numbers of the libphonenumber project.
type country struct {
	code, locale, timezone, currency string
	cities                           []string
	names                            [][3]string // first, last, mail box
	phone                            string      // format of the whole number
	first, numbers                   int
}

var countries = []country{
	{"US", "en-US", "America/New_York", "USD", []string{"New York", "Austin"},
		[][3]string{{"Maria", "Garcia", "maria.garcia"}, {"James", "O'Neill", "james.oneill"}}, "+1 (202) 555-%04d", 100, 100},
	{"CA", "fr-CA", "America/Toronto", "CAD", []string{"Montréal", "Toronto"},
		[][3]string{{"Noémie", "Côté", "noemie.cote"}, {"Liam", "Tremblay", "liam.tremblay"}}, "+1416555%04d", 100, 100},
	{"GB", "en-GB", "Europe/London", "GBP", []string{"London", "Leeds"},
		[][3]string{{"Siân", "Llewellyn", "sian.llewellyn"}, {"Oliver", "Smith-Jones", "oliver.sj"}}, "+44 20 7946 %04d", 0, 1000},
	{"DE", "de-DE", "Europe/Berlin", "EUR", []string{"München", "Köln"},
		[][3]string{{"Jürgen", "Groß", "juergen.gross"}, {"Käthe", "Weiß", "kaethe.weiss"}}, "+49 30 23125 %03d", 0, 1000},
	{"FR", "fr-FR", "Europe/Paris", "EUR", []string{"Orléans", "Besançon"},
		[][3]string{{"Zoé", "Lefèvre", "zoe.lefevre"}, {"François", "d'Aubigné", "f.daubigne"}}, "+33 1 99 00 %04d", 1000, 9000},
	{"SE", "sv-SE", "Europe/Stockholm", "SEK", []string{"Göteborg", "Umeå"},
		[][3]string{{"Åsa", "Öberg", "asa.oberg"}, {"Björn", "Sjögren", "bjorn.sjogren"}}, "+4670174%04d", 605, 95},
	{"AU", "en-AU", "Australia/Sydney", "AUD", []string{"Sydney", "Hobart"},
		[][3]string{{"Matilda", "Nguyễn", "matilda.nguyen"}, {"Jack", "Kelly", "jack.kelly"}}, "+61 2 5550 %04d", 0, 10000},
	{"IN", "hi-IN", "Asia/Kolkata", "INR", []string{"मुंबई", "Bengaluru"},
		[][3]string{{"आरव", "शर्मा", "aarav.sharma"}, {"அனிதா", "கிருஷ்ணன்", "anitha.krishnan"}, {"Priya", "Iyer", "priya.iyer"}}, "+9181234567%02d", 0, 100},
	{"JP", "ja-JP", "Asia/Tokyo", "JPY", []string{"東京", "大阪"},
		[][3]string{{"花子", "山田", "hanako.yamada"}, {"太郎", "佐藤", "taro.sato"}}, "+81-90-1234-56%02d", 0, 100},
	{"BR", "pt-BR", "America/Sao_Paulo", "BRL", []string{"São Paulo", "Florianópolis"},
		[][3]string{{"João", "Gonçalves", "joao.goncalves"}, {"Conceição", "Araújo", "c.araujo"}}, "+55 11 96123-45%02d", 0, 100},
}

// person is somebody whom calls are about. A visitor is anonymous until the first identify.
type person struct {
	number                    int
	home                      country
	first, last, email, phone string
	userID, anonymousID       string
	gender, birthday          string
	known                     bool
	sdk                       sdk
	pushToken                 string
	signedUp                  time.Time
	loyaltyNumber             json.Number
}

func (g *Generator) newPerson(number int) *person {
	home := pick(g, countries)
	name := pick(g, home.names)
	p := &person{
		number: number, home: home, first: name[0], last: name[1],
		email:       fmt.Sprintf("%s.%d@%s", name[2], number, pick(g, []string{"example.com", "example.org", "example.net"})),
		phone:       fmt.Sprintf(home.phone, home.first+g.rnd.IntN(home.numbers)),
		userID:      fmt.Sprintf("user-%s-%05d", strings.ToLower(home.code), number),
		anonymousID: g.id(),
		gender:      pick(g, []string{"female", "male", "F", "m", "Female", "MALE"}),
		birthday:    fmt.Sprintf("%d-%02d-%02d", 1950+g.rnd.IntN(56), 1+g.rnd.IntN(12), 1+g.rnd.IntN(28)),
		sdk:         pick(g, sdks),
		signedUp:    start.Add(-time.Duration(1+g.rnd.IntN(700*24)) * time.Hour),
		// Loyalty numbers have more digits than a float64 holds: they must arrive as written.
		loyaltyNumber: json.Number(fmt.Sprintf("9007199254%06d", 740993+number)),
	}
	if number%20 == 19 {
		// A device that two people use: what they do must not be joined.
		p.anonymousID, p.sdk = g.people[number-1].anonymousID, g.people[number-1].sdk
	}
	p.known = p.sdk.server() || g.chance(0.4)
	if p.sdk.mobile() {
		p.pushToken = g.pushToken(p.sdk)
	}
	return p
}

// pushToken has the shape of the platform's tokens: hexadecimal for Apple, with a colon for Android.
func (g *Generator) pushToken(s sdk) string {
	token := strings.ReplaceAll(g.id()+g.id(), "-", "")
	if s.os == "Android" {
		return "fcm" + token[:8] + ":" + token
	}
	return token
}
