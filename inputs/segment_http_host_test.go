package inputs

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// settingsRequest asks for the settings of the right key with a Host header.
func settingsRequest(host string, headers ...string) string {
	return "GET /v1/projects/" + hostileKey + "/settings HTTP/1.1\r\nHost: " + host + "\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
}

// settingsFor is the body of a successful answer.
func settingsFor(apiHost, more string) string {
	return `{"integrations":{"Segment.io":{"apiKey":"` + hostileKey + `","apiHost":"` + apiHost + `/v1"` + more + `}}}`
}

const invalidHost = `{"success":false,"code":"invalid_request","message":"the Host header must be a domain name or an IP address, with or without a port"}`

func TestSettings_RefusesInvalidHosts(t *testing.T) {
	target := newHostileTarget(t, "")
	label := strings.Repeat("a", 63)
	name254 := strings.Repeat(label+".", 3) + strings.Repeat("a", 62)
	for name, host := range map[string]string{
		"a path and a query":            "evil.example/v1?x=",
		"a path":                        "evil.example/v1",
		"a query":                       "evil.example?x",
		"a fragment":                    "evil.example#x",
		"a space":                       "evil example",
		"a tab":                         "evil\texample",
		"user information":              "user@evil.example",
		"user information and password": "user:evil@example",
		"a scheme":                      "https://evil.example",
		"two hosts":                     "in.example.com,evil.example",
		"a port over 65535":             "evil.example:99999",
		"port 65536":                    "evil.example:65536",
		"port 0":                        "evil.example:0",
		"a port with leading zeros":     "evil.example:0080",
		"a port with a sign":            "evil.example:+80",
		"a negative port":               "evil.example:-1",
		"a port that is not a number":   "evil.example:http",
		"an empty port":                 "evil.example:",
		"two ports":                     "evil.example:80:443",
		"a port without a host":         ":80",
		"a control character":           "evil\x01.example",
		"a delete character":            "evil\x7f.example",
		"a quote":                       `evil.example"`,
		"a quote that ends the text":    `evil","protocol":"http`,
		"an apostrophe":                 "evil'.example",
		"a backslash":                   `evil\.example`,
		"an angle bracket":              "<script>evil",
		"a percent escape":              "evil%2eexample",
		"an escaped slash":              "evil.example%2fv1",
		"letters that are not ASCII":    "évil.example",
		"a Kelvin sign":                 "\u212aevil.example",
		"bytes that are not UTF-8":      "evil\xff.example",
		"an underscore":                 "evil_host.example",
		"an asterisk":                   "*.evil.example",
		"an empty first label":          ".evil.example",
		"an empty label":                "evil..example",
		"an empty last label":           "evil.example.",
		"a hyphen at the beginning":     "-evil.example",
		"a hyphen at the end":           "evil-.example",
		"a label over 63":               label + "evil.example",
		"a name over 253":               name254,
		"a very long name":              strings.Repeat("evil.", 2000) + "example",
		"an IPv4 address of five parts": "203.0.113.5.7",
		"an IPv4 part over 255":         "203.0.113.256",
		"half an IPv4 address":          "203.113",
		"an IPv4 address with zeros":    "203.000.113.005",
		"a number":                      "3405803781",
		"an open bracket":               "[::1",
		"a closed bracket only":         "::1]",
		"an IPv6 address alone":         "2001:db8::1",
		"a name in brackets":            "[evil.example]",
		"an IPv4 address in brackets":   "[203.0.113.5]",
		"an IPv6 address with a zone":   "[fe80::1%25evil]",
		"text behind a bracket":         "[::1]evil.example",
		"a bad port behind a bracket":   "[::1]:99999",
		"two brackets":                  "[[::1]]",
		"empty brackets":                "[]",
	} {
		t.Run(name, func(t *testing.T) {
			reply := target.send(t, settingsRequest(host))
			assert.Equal(t, 400, reply.status)
			assert.NotContains(t, fmt.Sprint(reply.body, reply.header), "evil")
			// fasthttp refuses some of them itself, without JSON.
			if reply.header.Get("Content-Type") == "application/json" {
				assert.Equal(t, invalidHost, reply.body)
			}
		})
	}
	assert.Contains(t, target.log.String(), "invalid_host: ")
	assert.NotContains(t, target.log.String(), "evil")
	target.works(t)
}

func TestSettings_RefusesAMissingHost(t *testing.T) {
	target := newHostileTarget(t, "")
	reply := target.send(t, "GET /v1/projects/"+hostileKey+"/settings HTTP/1.0\r\n\r\n")
	assert.Equal(t, "400 "+invalidHost, reply.String())
	assert.Equal(t, "no-store", reply.header.Get("Cache-Control"))
	reply = target.send(t, settingsRequest(""))
	assert.Equal(t, 400, reply.status)
}

func TestSettings_AnswersWithTheHost(t *testing.T) {
	target := newHostileTarget(t, "")
	label := strings.Repeat("a", 63)
	for _, host := range []string{
		"calls.example.com", "calls.example.com:8443", "calls", "calls:1", "calls.example.com:65535", "Calls.Example.COM", "a.b",
		"xn--bcher-kva.example", "a--b.example", "1und1.example", "3f2a9c:4196", label + "." + label + "." + label + "." + label[:61],
		"203.0.113.5", "203.0.113.5:4196", "[2001:db8::1]", "[2001:db8::1]:4196", "[::ffff:203.0.113.5]",
	} {
		t.Run(host, func(t *testing.T) {
			assert.Equal(t, "200 "+settingsFor(host, ""), target.send(t, settingsRequest(host)).String())
		})
	}
}

// A target in absolute form names the host, whatever the Host header says (RFC 9112, 3.2.2).
func TestSettings_AnswersWithTheHostOfTheTarget(t *testing.T) {
	target := newHostileTarget(t, "")
	get := func(authority, host string) hostileReply {
		return target.send(t, "GET http://"+authority+"/v1/projects/"+hostileKey+"/settings HTTP/1.1\r\nHost: "+host+"\r\n\r\n")
	}
	assert.Equal(t, "200 "+settingsFor("calls.example.com", ""), get("calls.example.com", "evil.example/x").String())
	for _, authority := range []string{"evil_host.example", "evil.example:99999", "evil%2eexample%2fv1", "[::1%25evil]"} {
		reply := get(authority, "calls.example.com")
		assert.Equal(t, 400, reply.status, authority)
		assert.NotContains(t, reply.body, "evil")
	}
}

// A cache that keeps an answer would give the host of one caller to all others.
func TestSettings_AreNotStored(t *testing.T) {
	target := newHostileTarget(t, "")
	settings := "/v1/projects/" + hostileKey + "/settings"
	for name, test := range map[string]struct {
		request string
		status  int
	}{
		"success":         {settingsRequest("calls.example.com"), 200},
		"HEAD":            {hostileHead("HEAD " + settings + " HTTP/1.1"), 200},
		"invalid host":    {settingsRequest("evil_host.example"), 400},
		"origin":          {settingsRequest("calls.example.com", "Origin: https://evil.example"), 403},
		"other write key": {hostileHead("GET /v1/projects/other/settings HTTP/1.1"), 404},
		"other method":    {hostilePost(settings, ""), 405},
		"forwarded host":  {settingsRequest("calls.example.com", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"), 200},
		"original URL":    {settingsRequest("calls.example.com", "X-Original-URL: /evil", "X-Host: evil.example"), 200},
		"allowed page":    {settingsRequest("calls.example.com", "Origin: "+shop), 200},
		"loopback":        {settingsRequest("localhost:4196"), 200},
	} {
		t.Run(name, func(t *testing.T) {
			reply := target.send(t, test.request)
			assert.Equal(t, test.status, reply.status)
			assert.Equal(t, "no-store", reply.header.Get("Cache-Control"))
			assert.NotContains(t, reply.body, "evil")
		})
	}
}

// Only who asks for a loopback address directly may be told to do without TLS.
func TestSettings_NamePlainHTTPForLoopbackOnly(t *testing.T) {
	const plain = `,"protocol":"http"`
	target := newHostileTarget(t, "")
	for name, test := range map[string]struct {
		host, header, more string
	}{
		"localhost":                   {"localhost:4196", "X: x", plain},
		"localhost in capitals":       {"LOCALHOST", "X: x", plain},
		"IPv4":                        {"127.0.0.1", "X: x", plain},
		"all of 127":                  {"127.8.9.10:80", "X: x", plain},
		"IPv6":                        {"[::1]:4196", "X: x", plain},
		"IPv4 in IPv6":                {"[::ffff:127.0.0.1]", "X: x", plain},
		"a name that begins alike":    {"localhost.evil.example", "X: x", ""},
		"a name that ends alike":      {"evil-localhost", "X: x", ""},
		"an address that is a name":   {"127.0.0.1.evil.example", "X: x", ""},
		"every address":               {"0.0.0.0", "X: x", ""},
		"another address":             {"203.0.113.5", "X: x", ""},
		"a proxy with TLS":            {"localhost", "X-Forwarded-Proto: https", ""},
		"a proxy that says it had no": {"localhost", "X-Forwarded-Proto: http", ""},
		"a proxy that replaces Host":  {"127.0.0.1:4196", "X-Forwarded-For: 203.0.113.9", ""},
		"a proxy by RFC 7239":         {"127.0.0.1:4196", "Forwarded: for=203.0.113.9", ""},
		"a proxy by RFC 9110":         {"127.0.0.1:4196", "Via: 1.1 proxy", ""},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, "200 "+settingsFor(test.host, test.more), target.send(t, settingsRequest(test.host, test.header)).String())
		})
	}
}

// TestOwnPage_StopsRebinding: a name that somebody else owns may lead to any address, also to this listener.
func TestOwnPage_StopsRebinding(t *testing.T) {
	target := newHostileTarget(t, "")
	for name, test := range map[string]struct {
		host, origin string
		status       int
	}{
		"rebound name":                   {"evil.example:4196", "http://evil.example:4196", 403},
		"rebound name, default port":     {"evil.example", "http://evil.example", 403},
		"rebound name without dots":      {"evil", "http://evil", 403},
		"rebound name below localhost":   {"evil.localhost.example", "http://evil.localhost.example", 403},
		"rebound name like an address":   {"127.0.0.1.evil.example", "http://127.0.0.1.evil.example", 403},
		"plain page of a host with TLS":  {"in.example.com", "http://in.example.com", 403},
		"other port":                     {"127.0.0.1:4196", "http://127.0.0.1:8080", 403},
		"other scheme":                   {"127.0.0.1:4196", "ftp://127.0.0.1:4196", 403},
		"user information":               {"in.example.com", "https://evil@in.example.com", 403},
		"user information in both":       {"evil@in.example.com", "https://evil@in.example.com", 403},
		"user information in the host":   {"evil@in.example.com", "https://in.example.com", 403},
		"a path":                         {"in.example.com", "https://in.example.com/evil", 403},
		"a query":                        {"in.example.com", "https://in.example.com?evil", 403},
		"a host in another spelling":     {"in%2eexample.com", "https://in.example.com", 400},
		"an invalid host in both":        {"evil_host.example", "https://evil_host.example", 403},
		"two origins, the second listed": {"in.example.com", "https://evil.example\r\nOrigin: " + shop, 403},
		"two origins, the first listed":  {"in.example.com", shop + "\r\nOrigin: https://evil.example", 403},
		"an empty origin and another":    {"in.example.com", "\r\nOrigin: https://evil.example", 403},
		"own page with TLS":              {"in.example.com", "https://in.example.com", 200},
		"own page with TLS and a port":   {"in.example.com:8443", "https://in.example.com:8443", 200},
		"own page at an address":         {"203.0.113.5:4196", "http://203.0.113.5:4196", 200},
		"own page at an IPv6 address":    {"[::1]:4196", "http://[::1]:4196", 200},
		"own page at localhost":          {"localhost:4196", "http://localhost:4196", 200},
	} {
		t.Run(name, func(t *testing.T) {
			request := strings.Replace(hostilePost("/v1/track", hostileCall, "Origin: "+test.origin), "Host: in.example.com", "Host: "+test.host, 1)
			reply := target.send(t, request)
			assert.Equal(t, test.status, reply.status)
			assert.Empty(t, reply.header.Get("Access-Control-Allow-Origin"), "a page's own server needs no CORS")
			assert.Len(t, target.delivered(), map[int]int{200: 1}[test.status])
		})
	}
}

// Behind TLS, a page over plain HTTP at the same address is another origin: whoever is in between can write it.
func TestOwnPage_BehindTLS(t *testing.T) {
	target := newHostileTarget(t, "")
	for origin, status := range map[string]int{"http://203.0.113.5": 403, "https://203.0.113.5": 200} {
		request := strings.Replace(hostilePost("/v1/track", hostileCall, "Origin: "+origin, "X-Forwarded-Proto: https"), "in.example.com", "203.0.113.5", 1)
		assert.Equal(t, status, target.send(t, request).status, origin)
	}
}

func FuzzSplitHost(f *testing.F) {
	for _, seed := range []string{"calls.example.com", "calls:80", "[::1]:80", "127.0.0.1", "evil.example/v1?x=", "user@host", "a:b:c", "[::1", "\u212a", "-a", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		name, ok := splitHost(header)
		if !ok {
			return
		}
		// Go's own reader of requests and URLs must find the same host, and nothing beside it.
		r, err := http.NewRequest(http.MethodGet, "https://"+header+"/v1", nil)
		if err != nil || r.URL.Host != header || r.URL.Hostname() != name || r.URL.User != nil || r.URL.Path != "/v1" || r.URL.RawQuery != "" {
			t.Fatalf("%q was taken for a host: %v, %v", header, r, err)
		}
		if strings.ContainsAny(header, " \"'\\/?#@%<>_*,") || len(name) > 253 {
			t.Fatalf("%q was taken for a host", header)
		}
	})
}
