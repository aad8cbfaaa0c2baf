package clevertap

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
)

const deletePath = "/1/delete/profiles.json"

// DeleteBy is the way in which a delete names people; one call takes one way only.
// https://developer.clevertap.com/docs/delete-user-profile-api
type DeleteBy string

// The two ways.
const (
	DeleteByIdentity DeleteBy = "identity"
	DeleteByObjectID DeleteBy = "guid"
)

// Delete asks CleverTap to delete people, which it does within two days. It has no dry run, so a client with DryRun
// set refuses. It is the caller's job to keep to MaxDeleteIDs.
func (c *Client) Delete(ctx context.Context, by DeleteBy, ids []string) error {
	if c.config.DryRun {
		return errors.New("deleting is not possible in a dry run")
	}
	request, err := json.Marshal(map[DeleteBy][]string{by: ids})
	if err != nil {
		return errors.New("encoding the ids")
	}
	r := call{path: deletePath, body: request, sent: slices.Values(ids)}
	body, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	answer, err := parseReply(body)
	switch {
	case err != nil:
		return err
	case answer.Status == statusSuccess:
		return nil
	case answer.Status == statusFail:
		return c.failed(answer, r)
	}
	return unclear("the reply has no known status")
}
