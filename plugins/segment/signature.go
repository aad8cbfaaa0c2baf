package segment

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
)

// Signed is what a webhook's signature covers.
type Signed int

// A webhook is not signed with the secret; or its first call alone is; or all of it is.
const (
	SignedNothing Signed = iota
	SignedFirst
	SignedAll
)

// VerifySignature checks the header `X-Signature` of a webhook: the HMAC-SHA1 of the body, in hex. Of an array of calls
// Segment signs the first one alone, as it stands in the body, and is about to sign the whole; the result tells which.
// Comparing takes the same time for every wrong signature.
// https://segment.com/docs/connections/destinations/catalog/webhooks/#authentication
func VerifySignature(secret, body []byte, signature string) Signed {
	given, err := hex.DecodeString(signature)
	switch {
	case err != nil || len(given) != sha1.Size:
		return SignedNothing
	case hmac.Equal(given, digest(secret, body)):
		return SignedAll
	}
	first, isArray := firstElement(body)
	if isArray && hmac.Equal(given, digest(secret, first)) {
		return SignedFirst
	}
	return SignedNothing
}

// Sign makes the header that VerifySignature checks.
func Sign(secret, body []byte) string { return hex.EncodeToString(digest(secret, body)) }

func digest(secret, body []byte) []byte {
	mac := hmac.New(sha1.New, secret)
	mac.Write(body)
	return mac.Sum(nil)
}

// firstElement is element 0 of an array, byte for byte.
func firstElement(body []byte) (first json.RawMessage, isArray bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		return nil, false
	}
	return first, decoder.More() && decoder.Decode(&first) == nil
}
