package segment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
)

// Trust is how far the sender of a call has proved who it is.
type Trust uint8

// The levels of trust.
const (
	// TrustNone is a call from any other source than a receiver of the Tracking API or of webhooks: a file, a queue.
	TrustNone Trust = iota
	// TrustTracking is a call that came with a write key. Write keys stand in every app and page, so anybody can have sent
	// it, in anybody's name.
	TrustTracking
	// TrustVerified is a call that came with a write key and with the proof that it may speak for its userId.
	TrustVerified
	// TrustSigned is a call that is covered by the signature of a webhook.
	TrustSigned
)

// String is the word that users see, "" for TrustNone.
func (t Trust) String() string {
	return [...]string{TrustNone: "", TrustTracking: "tracking", TrustVerified: "verified", TrustSigned: "signed"}[t]
}

// Sender is what is known of who sent a call, and what the operator allows such senders.
type Sender struct {
	Trust Trust
	// PublicDeletes lets a sender with nothing but a write key delete people.
	PublicDeletes bool
}

// MayDelete tells whether a call of type delete counts. A call without a level may: somebody who can write to the
// operator's own files and queues needs no key.
func (s Sender) MayDelete() bool {
	return s.PublicDeletes || s.Trust == TrustNone || s.Trust == TrustSigned
}

// AsksToDelete tells whether the call's type is delete as somebody reads it who is not strict: in any case, with white
// space around it. Of such calls only those that decode are deletes here, but a mapping in between may well tidy them up.
func (c *Call) AsksToDelete() bool { return c.asksToDelete }

// HoldsBatch tells whether the call has a member `batch`. Processors take an object with one for an envelope and map the
// calls inside, which nobody has looked at.
func (c *Call) HoldsBatch() bool { return c.holdsBatch }

func asksToDelete(typ jsontree.Value) bool {
	return strings.EqualFold(strings.TrimSpace(typ.Text()), string(Delete))
}

// Proof is what a call brings to show that it may speak for its userId.
type Proof int

// There is no proof, or the right one, or a wrong one.
const (
	ProofMissing Proof = iota
	ProofValid
	ProofInvalid
)

// proofName is the member of a call's context that holds the proof.
const proofName = "userHash"

// VerifyUser checks `context.userHash`: the HMAC-SHA-256 of the userId, in hex, which the operator's own server makes for
// users who have signed in. A call without a userId proves nothing, whatever it brings. Comparing takes the same time for
// every wrong hash.
func (c *Call) VerifyUser(secret []byte) Proof {
	given := c.Context(proofName)
	if given.Kind() == jsontree.Null || given.Kind() == jsontree.String && given.Text() == "" {
		return ProofMissing
	}
	hash, err := hex.DecodeString(given.Text())
	if err != nil || c.UserID == "" || !hmac.Equal(hash, userHash(secret, c.UserID)) {
		return ProofInvalid
	}
	return ProofValid
}

// SignUser makes the hash that VerifyUser checks.
func SignUser(secret []byte, userID string) string {
	return hex.EncodeToString(userHash(secret, userID))
}

func userHash(secret []byte, userID string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(userID))
	return mac.Sum(nil)
}
