package processors

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// componentError puts the component's name in front: the engine does not tell users which plugin failed.
func componentError(component string, err error) error {
	return fmt.Errorf("%s: %w", component, err)
}

// reasonOf is the stable word to count an error under.
func reasonOf(err error) string {
	var refused *segment.Error
	if errors.As(err, &refused) {
		return string(refused.Reason)
	}
	return "internal"
}

// setID sets metadata to a copy of an id, or removes it where there is none: an earlier value would be another call's.
func setID(msg *service.Message, key, id string) {
	if id == "" {
		msg.MetaDelete(key)
		return
	}
	msg.MetaSetMut(key, strings.Clone(id))
}
