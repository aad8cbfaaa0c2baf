package inputs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	originScheme = `[A-Za-z][A-Za-z0-9+.-]*://`
	originLabel  = `[A-Za-z0-9_-]{1,63}`
	originPort   = `(:[1-9][0-9]{0,4})?`
)

// originRules are checked in this order. Lint quotes the patterns in Bloblang, so they must not hold backslashes.
var originRules = []struct {
	pattern *regexp.Regexp
	matches bool // whether an entry that keeps the rule matches
	rule    string
}{
	// Browsers would never send it, so the entry would allow nobody.
	{regexp.MustCompile(`^[ -~]*$`), true, "must be ASCII: browsers send other names in their xn-- form"},
	{
		regexp.MustCompile(`^([^*]*|[*]|` + originScheme + `[*][.](` + originLabel + `[.])*` + originLabel + originPort + `)$`), true,
		"may hold * only alone, or in place of the first labels of a host, as in https://*.example.com",
	},
	// The host of a wildcard was checked above.
	{
		regexp.MustCompile(`^([*]|null|` + originScheme + `([A-Za-z0-9._*-]+|[[][0-9A-Fa-f:.]+[]])` + originPort + `)$`), true,
		"must be scheme://host or scheme://host:port, without a path",
	},
	{regexp.MustCompile(`(?i)^(http://.*:80|https://.*:443)$`), false, "must leave out the default port, as browsers do"},
}

// checkOrigins names a wrong entry by its index only: its value may come from a variable that holds something else.
func checkOrigins(entries []string) error {
	for i, entry := range entries {
		for _, r := range originRules {
			if r.pattern.MatchString(entry) != r.matches {
				return fmt.Errorf("%s: entry %d %s", shFieldAllowedOrigins, i, r.rule)
			}
		}
	}
	return nil
}

// originLint checks the same rules. Lint asks for the list and for each entry; an empty one is a variable that is not set
// where lint runs.
func originLint() string {
	cases := []string{`this.type() != "string" || this == "" => []`}
	for _, r := range originRules {
		cases = append(cases, fmt.Sprintf(`this.re_match("%s") != %t => ["%s: an entry %s"]`, r.pattern, r.matches, shFieldAllowedOrigins, r.rule))
	}
	return "root = match { " + strings.Join(cases, ", ") + ", _ => [] }"
}

// allowedOrigins are the entries of allowed_origins but for "*".
type allowedOrigins struct {
	exact     map[string]bool
	wildcards []originWildcard
}

func newAllowedOrigins(entries []string) allowedOrigins {
	a := allowedOrigins{exact: map[string]bool{}}
	for _, entry := range entries {
		// Browsers send lower case, except for some schemes of apps.
		lower := strings.ToLower(entry)
		if before, after, wild := strings.Cut(lower, "*"); wild {
			a.wildcards = append(a.wildcards, originWildcard{before, after})
		} else {
			a.exact[entry], a.exact[lower] = true, true
		}
	}
	return a
}

func (a allowedOrigins) allow(origin string) bool {
	return a.exact[origin] || slices.ContainsFunc(a.wildcards, func(w originWildcard) bool { return w.match(origin) })
}

// originWildcard is an entry around its asterisk: "https://" and ".example.com:8443".
type originWildcard struct{ before, after string }

var originLabels = regexp.MustCompile(`^` + originLabel + `([.]` + originLabel + `)*$`)

// match requires whole labels in place of the asterisk, so that no path, port or user information passes for part of the
// host.
func (w originWildcard) match(origin string) bool {
	if strings.ContainsFunc(origin, func(r rune) bool { return r > unicode.MaxASCII }) {
		return false // ToLower turns the Kelvin sign into a k
	}
	labels, before := strings.CutPrefix(strings.ToLower(origin), w.before)
	labels, after := strings.CutSuffix(labels, w.after)
	return before && after && originLabels.MatchString(labels)
}
