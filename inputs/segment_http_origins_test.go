package inputs

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAllowedOrigins_MatchWholeLabels(t *testing.T) {
	const wild, port = "https://*.example.com", "http://*.example.com:8080"
	for name, test := range map[string]struct {
		entry, origin string
		allowed       bool
	}{
		"one label":                        {wild, "https://shop.example.com", true},
		"several labels":                   {wild, "https://a.b.shop.example.com", true},
		"an underscore":                    {wild, "https://my_shop.example.com", true},
		"capitals in the origin":           {wild, "HTTPS://Shop.EXAMPLE.com", true},
		"capitals in the entry":            {"HTTPS://*.Example.COM", "https://shop.example.com", true},
		"a port that is named":             {port, "http://shop.example.com:8080", true},
		"a label below a label":            {"http://*.localhost:8080", "http://shop.localhost:8080", true},
		"another scheme of its own":        {"app://*.example", "app://shop.example", true},
		"the domain itself":                {wild, "https://example.com", false},
		"an empty label":                   {wild, "https://.example.com", false},
		"an empty label within":            {wild, "https://a..example.com", false},
		"an empty label in front":          {wild, "https://.a.example.com", false},
		"a name that ends alike":           {wild, "https://evilexample.com", false},
		"a longer domain":                  {wild, "https://shop.example.com.evil.net", false},
		"a longer ending":                  {wild, "https://shop.example.community", false},
		"the domain in the path":           {wild, "https://evil.net/.example.com", false},
		"the domain in the query":          {wild, "https://evil.net?.example.com", false},
		"the domain in the fragment":       {wild, "https://evil.net#.example.com", false},
		"the domain behind a backslash":    {wild, `https://evil.net\.example.com`, false},
		"the domain behind a port":         {wild, "https://evil.net:80.example.com", false},
		"the domain behind an escape":      {wild, "https://evil.net%2f.example.com", false},
		"the domain behind a space":        {wild, "https://evil.net .example.com", false},
		"the domain behind a comma":        {wild, "https://evil.net,https://a.example.com", false},
		"user information":                 {wild, "https://evil.net@shop.example.com", false},
		"user information with the domain": {wild, "https://shop.example.com@evil.net", false},
		"another scheme":                   {wild, "http://shop.example.com", false},
		"a scheme that ends alike":         {wild, "xhttps://shop.example.com", false},
		"another port":                     {wild, "https://shop.example.com:8443", false},
		"the default port":                 {wild, "https://shop.example.com:443", false},
		"no port where one is named":       {port, "http://shop.example.com", false},
		"a longer port":                    {port, "http://shop.example.com:80800", false},
		"a slash at the end":               {wild, "https://shop.example.com/", false},
		"a dot at the end":                 {wild, "https://shop.example.com.", false},
		"an asterisk":                      {wild, "https://*.example.com", false},
		"a label over 63":                  {wild, "https://" + strings.Repeat("a", 64) + ".example.com", false},
		"letters that are not ASCII":       {wild, "https://é.example.com", false},
		"a Kelvin sign":                    {"https://*.kiosk.example", "https://shop.\u212aiosk.example", false},
		"bytes that are not UTF-8":         {wild, "https://\xff.example.com", false},
		"null":                             {wild, "null", false},
		"exact":                            {shop, shop, true},
		"exact, capitals in the entry":     {"HTTPS://Shop.Example.com", shop, true},
		"exact, capitals in the origin":    {shop, "https://SHOP.example.com", false},
		"exact, capitals of an app":        {"app://MyApp", "app://MyApp", true},
		"exact, default port":              {shop, shop + ":443", false},
		"exact, slash":                     {shop, shop + "/", false},
		"exact, longer":                    {shop, shop + ".evil.net", false},
		"exact, below":                     {shop, "https://a.shop.example.com", false},
		"exact, another scheme":            {shop, "http://shop.example.com", false},
		"exact, IPv6":                      {"http://[::1]:8080", "http://[::1]:8080", true},
		"null by name":                     {"null", "null", true},
		"null without its name":            {shop, "null", false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.allowed, newAllowedOrigins([]string{elsewhere, test.entry}).allow(test.origin))
		})
	}
}

// The same over the wire: a page that is refused sends nothing, and is told no origin.
func TestAllowedOrigins_RefusePages(t *testing.T) {
	in, call := listenSegmentHTTP(t, "write_keys: [KEY]\nallowed_origins: ['https://*.example.com']", nil)
	far := run(t, in)
	for origin, allowed := range map[string]bool{
		shop: true, "https://a.b.example.com": true,
		"https://example.com": false, "https://evilexample.com": false, "https://evil.net/.example.com": false, "http://shop.example.com": false,
		"https://shop.example.com:8443": false, "https://shop.example.com.evil.net": false, "null": false,
	} {
		t.Run(origin, func(t *testing.T) {
			post := call.send(t, request{path: "/v1/p", body: onePage, header: http.Header{"Origin": {origin}, "Authorization": basic("KEY:")["Authorization"]}})
			asked := call.send(t, request{method: http.MethodOptions, path: "/v1/p", header: preflight(origin)})
			settings := call.send(t, request{method: http.MethodGet, path: "/v1/projects/KEY/settings", header: http.Header{"Origin": {origin}}})
			for _, got := range []webhookReply{post, asked, settings} {
				assert.Contains(t, strings.Join(got.header.Values("Vary"), ", "), "Origin", "a cache must not give the answer to another page")
				if allowed {
					assert.Equal(t, origin, got.header.Get("Access-Control-Allow-Origin"))
					assert.Equal(t, "true", got.header.Get("Access-Control-Allow-Credentials"))
				} else {
					assert.Empty(t, got.header.Get("Access-Control-Allow-Origin"))
					assert.Empty(t, got.header.Get("Access-Control-Allow-Credentials"))
				}
			}
			assert.Equal(t, map[bool]int{true: 200, false: 403}[allowed], post.status)
			assert.Equal(t, map[bool]int{true: 200, false: 403}[allowed], settings.status)
			assert.Equal(t, allowed, len(far.rest()) == 1)
		})
	}
}

// An answer holds the page's origin once, or not at all.
func TestAllowedOrigins_EchoOneOrigin(t *testing.T) {
	target := newHostileTarget(t, "")
	for _, origins := range []string{shop + "\r\nOrigin: https://evil.example", "https://evil.example\r\nOrigin: " + shop} {
		reply := target.send(t, hostileHead("OPTIONS /v1/t HTTP/1.1", "Origin: "+origins, "Access-Control-Request-Method: POST"))
		assert.Empty(t, reply.header.Values("Access-Control-Allow-Origin"))
	}
}

func TestAllowedOrigins_RefuseEntries(t *testing.T) {
	const form = "must be scheme://host or scheme://host:port, without a path"
	const wild = "may hold * only alone, or in place of the first labels of a host, as in https://*.example.com"
	const standard = "must leave out the default port, as browsers do"
	const ascii = "must be ASCII: browsers send other names in their xn-- form"
	for entry, rule := range map[string]string{
		"https://*example.com":         wild,
		"https://shop*.example.com":    wild,
		"https://*shop.example.com":    wild,
		"https://shop.*.example.com":   wild,
		"https://*.*.example.com":      wild,
		"https://**.example.com":       wild,
		"https://example.*":            wild,
		"https://example.com*":         wild,
		"https://example.com:*":        wild,
		"http://localhost:*":           wild,
		"https://*":                    wild,
		"https://*.":                   wild,
		"https://*:8443":               wild,
		"https://*.example.com.":       wild,
		"https://*..example.com":       wild,
		"https://*.example.com/":       wild,
		"https://*.example.com/path":   wild,
		"https://*.example.com:":       wild,
		"https://*.example.com:port":   wild,
		"https://user@*.example.com":   wild,
		"https://*@example.com":        wild,
		"https://*.[::1]":              wild,
		"*://shop.example.com":         wild,
		"*://*.example.com":            wild,
		"http*://shop.example.com":     wild,
		"*.example.com":                wild,
		"**":                           wild,
		" *":                           wild,
		"https://shop.example.com/":    form,
		"https://shop.example.com/x":   form,
		"https://shop.example.com?x":   form,
		"https://shop.example.com#x":   form,
		"https://u@shop.example.com":   form,
		"https://u:p@shop.example.com": form,
		"https://shop.example.com:":    form,
		"https://shop.example.com:x":   form,
		"https://shop.example.com:080": form,
		"https://shop example.com":     form,
		" https://shop.example.com":    form,
		"https://a.com,https://b.com":  form,
		"https://[::1":                 form,
		"https://":                     form,
		"shop.example.com":             form,
		"NULL":                         form,
		"https://shop.example.com:443": standard,
		"HTTPS://shop.example.com:443": standard,
		"http://shop.example.com:80":   standard,
		"https://*.example.com:443":    standard,
		"http://*.example.com:80":      standard,
		"http://[::1]:80":              standard,
		"https://bücher.example":       ascii,
		"https://*.bücher.example":     ascii,
		"https://shop.\u212aiosk.com":  ascii,
	} {
		t.Run(entry, func(t *testing.T) {
			config := "allowed_origins: [" + shop + ", '" + entry + "']"
			_, err := parseSegmentHTTP(t, config, nil)
			assert.EqualError(t, err, "allowed_origins: entry 1 "+rule)
			assert.Equal(t, []string{"allowed_origins: an entry " + rule}, lintSegmentHTTP(t, config))
		})
	}
}

func TestAllowedOrigins_TakeEntries(t *testing.T) {
	for _, entry := range []string{
		"*", "null", shop, "http://localhost", "http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080", "https://shop.example.com:80",
		"http://shop.example.com:443", "https://my_shop.example.com", "HTTPS://Shop.Example.com", "https://*.example.com", "https://*.example.com:8443",
		"http://*.localhost:8080", "capacitor://localhost", "chrome-extension://abcdefghijklmnop", "https://xn--bcher-kva.example",
	} {
		t.Run(entry, func(t *testing.T) {
			config := "allowed_origins: ['" + entry + "']"
			_, err := parseSegmentHTTP(t, config, nil)
			assert.NoError(t, err)
			assert.Empty(t, lintSegmentHTTP(t, config))
		})
	}
	assert.Empty(t, lintSegmentHTTP(t, "allowed_origins: ['']"), "a variable that is not set where lint runs")
}

func lintSegmentHTTP(t *testing.T, config string) (texts []string) {
	t.Helper()
	lints, err := service.GlobalEnvironment().NewComponentConfigLinter().SetSkipEnvVarCheck(true).
		LintInputYAML([]byte("segment_http: { " + config + " }"))
	require.NoError(t, err)
	for _, lint := range lints {
		texts = append(texts, lint.What)
	}
	return texts
}

// FuzzAllowedOrigins: a wildcard allows pages below its domain, with its scheme and port, and nothing else.
func FuzzAllowedOrigins(f *testing.F) {
	for _, seed := range []string{
		shop, "https://a.b.example.com", "https://example.com", "https://evilexample.com", "https://.example.com", "https://evil.net/.example.com",
		"https://evil.net?.example.com", "https://u@a.example.com", "https://a.example.com:443", "http://a.example.com", "https://a..example.com", "null", "",
	} {
		f.Add(seed)
	}
	allowed := newAllowedOrigins([]string{"https://*.example.com"})
	labels := regexp.MustCompile(`^([A-Za-z0-9_-]{1,63}\.)+$`)
	f.Fuzz(func(t *testing.T, origin string) {
		// Whatever the fuzzer invents is tried in front of the domain, too: by itself it hardly ever ends in it.
		for _, origin := range []string{origin, origin + ".example.com", "https://" + origin + ".example.com"} {
			if !allowed.allow(origin) {
				continue
			}
			page, err := url.Parse(origin)
			if err != nil {
				t.Fatalf("%q is allowed: %v", origin, err)
			}
			before, below := strings.CutSuffix(strings.ToLower(page.Host), "example.com")
			bare := url.URL{Scheme: page.Scheme, Host: page.Host}
			if page.Scheme != "https" || !below || !labels.MatchString(before) || !strings.EqualFold(bare.String(), origin) {
				t.Fatalf("%q is allowed", origin)
			}
		}
	})
}
