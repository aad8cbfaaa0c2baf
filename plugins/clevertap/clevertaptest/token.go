package clevertaptest

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// tokenTypes are the documented ones.
// https://developer.clevertap.com/docs/upload-device-tokens-api and, for the older three, its predecessor
var tokenTypes = map[string]bool{"apns": true, "fcm": true, "gcm": true, "wns": true, "mpns": true, "chrome": true}

func (s *Server) checkToken(r *record) *refusal {
	raw := r.get("objectId")
	if kind(raw) != '"' || !s.validObjectID(text(raw)) {
		return r.refuse(clevertap.CodeTokenObjectID)
	}
	r.ids.objectID = text(raw)
	data, ok := members(r.get("tokenData"))
	if !ok {
		return r.refuse(clevertap.CodeTokenDataInvalid)
	}
	r.token = Token{ObjectID: r.ids.objectID}
	var keys []byte
	for _, f := range data {
		switch f.key {
		case "id":
			r.token.ID = nonEmpty(f.raw)
		case "type":
			r.token.Type = nonEmpty(f.raw)
		case "keys":
			keys = f.raw
		}
	}
	switch {
	case r.token.ID == "":
		return r.refuse(clevertap.CodeTokenIDMissing)
	case r.token.Type == "":
		return r.refuse(clevertap.CodeTokenTypeMissing)
	case !tokenTypes[r.token.Type] || !fitsPlatform(r.ids.objectID, r.token.Type):
		return r.refuse(clevertap.CodeTokenTypeInvalid)
	case r.token.Type == "chrome" && !hasChromeKeys(keys):
		return r.refuse(clevertap.CodeTokenDataInvalidToo)
	}
	return nil
}

func nonEmpty(raw []byte) string {
	if kind(raw) != '"' {
		return ""
	}
	return strings.TrimSpace(text(raw))
}

// fitsPlatform compares a token's type with the platform that the SDK wrote into the id; ids without an SDK's prefix
// fit every type.
func fitsPlatform(objectID, tokenType string) bool {
	switch {
	case strings.HasPrefix(objectID, "__"):
		return tokenType == "fcm" || tokenType == "gcm"
	case strings.HasPrefix(objectID, "-"):
		return tokenType == "apns"
	}
	return true
}

func hasChromeKeys(raw []byte) bool {
	keys, _ := members(raw)
	found := 0
	for _, f := range keys {
		if (f.key == "p256dh" || f.key == "auth") && nonEmpty(f.raw) != "" {
			found++
		}
	}
	return found == 2
}
