package inputs

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// maxHostName is the longest domain name in characters (RFC 1035, without the root's dot).
const maxHostName = 253

var (
	// Underscores are refused: only browsers and apps fetch settings, by public names, and certificates cannot hold them.
	domainName = regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.|$))+$`)
	// A name that ends in a number is an IPv4 address to browsers, or an error.
	endsInNumber = regexp.MustCompile(`(?:^|\.)[0-9]+$`)
)

// splitHost returns the name or address in a Host header, without brackets and port. It accepts a domain name, an IPv4
// address or an IPv6 address in brackets. The caller chooses the header, and SDKs build URLs from what settings echo, so
// anything else is refused.
func splitHost(header string) (name string, ok bool) {
	if rest, bracketed := strings.CutPrefix(header, "["); bracketed {
		name, port, closed := strings.Cut(rest, "]")
		ip, err := netip.ParseAddr(name)
		return name, closed && err == nil && ip.Is6() && ip.Zone() == "" && optionalPort(port)
	}
	name, port := header, ""
	if colon := strings.IndexByte(header, ':'); colon >= 0 {
		name, port = header[:colon], header[colon:]
	}
	return name, validName(name) && optionalPort(port)
}

func validName(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return len(name) <= maxHostName && domainName.MatchString(name) && !strings.HasSuffix(name, ".") && !endsInNumber.MatchString(name)
}

// optionalPort accepts nothing, or a colon and a port as browsers write it.
func optionalPort(port string) bool {
	if port == "" {
		return true
	}
	digits, colon := strings.CutPrefix(port, ":")
	n, err := strconv.ParseUint(digits, 10, 16)
	return colon && err == nil && n > 0 && strconv.FormatUint(n, 10) == digits
}

func isLocalhost(name string) bool { return strings.EqualFold(name, "localhost") }

// loopback reports whether a name leads to the machine that asks for it.
func loopback(name string) bool {
	ip, err := netip.ParseAddr(name)
	return isLocalhost(name) || err == nil && ip.Unmap().IsLoopback()
}

// direct reports whether a request came over plain HTTP and without a proxy, as far as its headers tell.
func direct(x *exchange) bool {
	for _, name := range []string{"X-Forwarded-Proto", "X-Forwarded-For", "Forwarded", "Via"} {
		if x.header(name) != "" {
			return false
		}
	}
	return !x.secured()
}
