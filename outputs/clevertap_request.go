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

// clevertapRequest is what one request is to hold, in order. It is sent by the write of its owner, and may hold records
// of other batches.
type clevertapRequest struct {
	owner *clevertapDelivery
	route clevertapRoute
	items []*clevertapItem
}

func (r *clevertapRequest) full() bool {
	return len(r.items) > 0 && len(r.items) >= r.route.limit()
}

// add takes a record, if it has the route of those before and none that it has to follow is still to be sent.
func (r *clevertapRequest) add(item *clevertapItem) bool {
	if r.full() || (len(r.items) > 0 && r.route != item.route) || !item.mayJoin(r) {
		return false
	}
	r.route, item.request = item.route, r
	r.items = append(r.items, item)
	return true
}

// takeAlong adds what follows the request's own records in other batches: those would wait for this request and need
// another one each, so that a person in every batch would slow down all of them.
func (r *clevertapRequest) takeAlong() {
	for i := 0; i < len(r.items) && !r.full(); i++ {
		for p := range r.items[i].places {
			if behind := r.items[i].places[p].behind; behind != nil && behind.item.request == nil {
				r.add(behind.item)
			}
		}
	}
}
