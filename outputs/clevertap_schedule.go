package outputs

import (
	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

// clevertapRoute is what may go into one request together.
type clevertapRoute int

const (
	routeUpload clevertapRoute = iota // profiles and events
	routeTokens
	routeDeleteIdentity
	routeDeleteObjectID
	routeCount
)

// limit is how many records one request of the route may hold.
func (r clevertapRoute) limit() int {
	switch r {
	case routeUpload:
		return clevertap.MaxUploadRecords
	case routeTokens:
		return clevertap.MaxTokenRecords
	}
	return clevertap.MaxDeleteIDs
}

func (r clevertapRoute) deletes() bool { return r == routeDeleteIdentity || r == routeDeleteObjectID }

func routeOf(record clevertap.Record) clevertapRoute {
	switch {
	case record.Kind == clevertap.KindToken:
		return routeTokens
	case record.Kind != clevertap.KindDelete:
		return routeUpload
	case record.Identity != "":
		return routeDeleteIdentity
	}
	return routeDeleteObjectID
}

// clevertapItem is a record and its place in the batch.
type clevertapItem struct {
	index  int
	record clevertap.Record
}

// clevertapRequest is what one request is to hold.
type clevertapRequest struct {
	route clevertapRoute
	items []clevertapItem
}

// clevertapSchedule cuts a batch into requests, to be sent one after the other. A record never comes before an earlier
// one with which it shares an id.
//
// Each record has a level: that of the last record it shares an id with, one more if that one takes another route.
// Requests go level by level, so that kinds which alternate from person to person need one request each and not one
// per change.
func clevertapSchedule(items []clevertapItem) []clevertapRequest {
	var levels [][routeCount][]clevertapItem
	people := make(map[string]clevertapStep, len(items))
	for _, item := range items {
		step := clevertapStep{route: routeOf(item.record)}
		for _, id := range item.record.IDs {
			if last, seen := people[id]; seen {
				step.level = max(step.level, last.before(step.route))
			}
		}
		for _, id := range item.record.IDs {
			people[id] = step
		}
		if step.level == len(levels) {
			levels = append(levels, [routeCount][]clevertapItem{})
		}
		levels[step.level][step.route] = append(levels[step.level][step.route], item)
	}
	return clevertapRequests(levels)
}

// clevertapStep is where the last record of a person was put. It is enough to know the last one: levels of a person
// never fall, and those of one level take the same route.
type clevertapStep struct {
	level int
	route clevertapRoute
}

// before is the first level at which a record of the given route may follow.
func (s clevertapStep) before(route clevertapRoute) int {
	if s.route == route {
		return s.level
	}
	return s.level + 1
}

func clevertapRequests(levels [][routeCount][]clevertapItem) []clevertapRequest {
	var requests []clevertapRequest
	for _, routes := range levels {
		for route, items := range routes {
			route := clevertapRoute(route)
			for len(items) > 0 {
				n := min(len(items), route.limit())
				requests = append(requests, clevertapRequest{route, items[:n:n]})
				items = items[n:]
			}
		}
	}
	return requests
}
