package inputs

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/valyala/fasthttp"
)

// webhookAuth decides who may call. The zero value lets everybody in.
type webhookAuth struct {
	// challenge is what a caller without the secret is told (RFC 9110, 15.5.2); empty when there is no secret.
	challenge string
	allows    func(*fasthttp.RequestHeader) bool
}

// open tells that nobody is turned away.
func (a webhookAuth) open() bool { return a.allows == nil }

func newBasicAuth(username, password string) webhookAuth {
	user, pass := newSecret(username), newSecret(password)
	return webhookAuth{`Basic realm="clevertap_webhook", charset="UTF-8"`, func(head *fasthttp.RequestHeader) bool {
		r := http.Request{Header: http.Header{"Authorization": {string(head.Peek("Authorization"))}}}
		givenUser, givenPass, _ := r.BasicAuth()
		// Both are always compared: the time must not tell which one is wrong.
		return user.equals(givenUser)&pass.equals(givenPass) == 1
	}}
}

func newHeaderAuth(name, value string) webhookAuth {
	secret := newSecret(value)
	return webhookAuth{`Secret realm="clevertap_webhook"`, func(head *fasthttp.RequestHeader) bool {
		return secret.equals(string(head.Peek(name))) == 1
	}}
}

// secretHash is compared in place of a secret, so that the time does not tell the secret's length either.
type secretHash [sha256.Size]byte

func newSecret(text string) secretHash { return sha256.Sum256([]byte(text)) }

// equals is 1 for the same text, and takes as long for any other.
func (s secretHash) equals(given string) int {
	hash := newSecret(given)
	return subtle.ConstantTimeCompare(s[:], hash[:])
}
