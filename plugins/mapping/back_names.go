package mapping

import "strings"

const (
	pageEvent   = "Web Page Viewed"
	screenEvent = "App Screen Viewed"
)

// specName is the name of Segment's spec for a system event of CleverTap's, or the event's own.
// https://segment.com/docs/connections/spec/mobile/, https://segment.com/docs/connections/spec/email/
func specName(h happening) string {
	channel := strings.ToLower(property(h, "Campaign type").Text())
	switch strings.ToLower(h.name) {
	case "app installed":
		return "Application Installed"
	case "app launched":
		return "Application Opened"
	case "app uninstalled":
		return "Application Uninstalled"
	case "app version changed":
		return "Application Updated"
	case "push impressions":
		return "Push Notification Received"
	case "channel unsubscribed":
		return "Unsubscribed"
	case "notification viewed":
		if strings.Contains(channel, "email") {
			return "Email Opened"
		}
	case "notification clicked":
		if strings.Contains(channel, "email") {
			return "Email Link Clicked"
		}
		if strings.Contains(channel, "push") {
			return "Push Notification Tapped"
		}
	}
	return h.name
}
