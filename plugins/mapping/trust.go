package mapping

import (
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// limited tells whether a sender may change only what anybody may.
func (m *Mapper) limited(sender segment.Sender) bool {
	return m.opt.PublicCalls == LimitedPublicCalls &&
		(sender.Trust == segment.TrustTracking || sender.Trust == segment.TrustNone)
}

// takesOver tells whether an alias would give the sender an identity that it has not proved to own. The proof of a
// verified call is about its userId; a previousId that is no id of the device is somebody's identity.
func (m *Mapper) takesOver(call *segment.Call, sender segment.Sender) bool {
	switch {
	case call.Type != segment.Alias || m.opt.PublicCalls != LimitedPublicCalls:
		return false
	case m.limited(sender):
		return true
	case sender.Trust != segment.TrustVerified || m.opt.Mode == Mobile:
		return false
	}
	userID := usable(call.UserID)
	root := m.aliasRoot(call, userID)
	return root.field == identityField && root.value != userID
}

// distrusts tells whether a value would change an attribute in a way that is not open to everybody: an operator, at any
// depth, since nested objects may pass as they are. Of those, all names that begin like one are left out: CleverTap may
// know more of them than it documents.
func (m *Mapper) distrusts(v jsontree.Value) bool { return m.guarded && holdsOperator(v) }

func holdsOperator(v jsontree.Value) bool {
	switch v.Kind() {
	case jsontree.Object:
		for name, member := range v.Members() {
			if strings.HasPrefix(name, "$") || holdsOperator(member) {
				return true
			}
		}
	case jsontree.Array:
		for _, element := range v.Elements() {
			if holdsOperator(element) {
				return true
			}
		}
	}
	return false
}

// isControl spots the keys by which CleverTap subscribes and unsubscribes people, in any spelling that it may take for one.
func isControl(name string) bool {
	folded := foldedKey(name)
	switch folded {
	case "category-unsubscribe", "category-resubscribe", "subscriptiongroups", "ct_is_test_user":
		return true
	}
	return strings.HasPrefix(folded, "msg-")
}
