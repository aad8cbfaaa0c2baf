package clevertap

import (
	"context"
	"net/http"
	"net/url"
)

const (
	schemaPath = "/getSchema"
	// maxSchemaBytes bounds the schema. An account has some hundred events.
	maxSchemaBytes = 16 << 20
)

// EventNames returns the names of all events in the project's schema, discarded ones included, in CleverTap's order.
// https://developer.clevertap.com/docs/get-schema
func (c *Client) EventNames(ctx context.Context) ([]string, error) {
	answer, err := c.export(ctx, call{
		method: http.MethodGet, path: schemaPath, query: url.Values{"type": {"events"}}, maxReply: maxSchemaBytes,
	})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(answer.Events))
	seen := make(map[string]bool, len(answer.Events))
	for _, event := range answer.Events {
		if event.Name != "" && !seen[event.Name] {
			seen[event.Name] = true
			names = append(names, event.Name)
		}
	}
	return names, nil
}
