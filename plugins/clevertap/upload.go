package clevertap

import (
	"context"
	"net/url"
)

const (
	uploadPath  = "/1/upload"
	uploadStart = `{"d":[`
	uploadEnd   = `]}`
)

var comma = []byte(",")

// Upload sends records in one request, in their order, and returns those that CleverTap refused. With an error, none
// is known to have been accepted. It is the caller's job to keep to MaxUploadRecords and MaxTokenRecords.
// https://developer.clevertap.com/docs/upload-user-profiles-api
func (c *Client) Upload(ctx context.Context, records []Record) ([]Rejection, error) {
	r := call{path: uploadPath, pieces: joinRecords(records), sent: sentValues(records)}
	if c.config.DryRun {
		r.query = url.Values{"dryRun": {"1"}}
	}
	body, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	answer, err := parseReply(body)
	if err != nil {
		return nil, err
	}
	return c.uploaded(answer, r, records)
}

func (c *Client) uploaded(answer reply, r call, records []Record) ([]Rejection, error) {
	switch answer.Status {
	case statusSuccess, statusPartial:
	case statusFail:
		// "fail" is also what an upload gets of which every single record was refused.
		if len(answer.Unprocessed) == 0 {
			return nil, c.failed(answer, r)
		}
	default:
		return nil, unclear("the reply has no known status")
	}
	rejections, err := answer.rejections(len(records))
	if err != nil {
		return nil, err
	}
	for i := range rejections {
		position := rejections[i].Position
		rejections[i].Text = c.clean(rejections[i].Text, sentValues(records[position:position+1]))
	}
	return rejections, nil
}

// joinRecords builds the body from the records' own bytes: decoding them would cost more than all the rest, and change
// numbers. They are not copied either, since several bodies of a megabyte are under way at once.
func joinRecords(records []Record) [][]byte {
	pieces := make([][]byte, 0, 2*len(records)+2)
	separator := []byte(uploadStart)
	for _, r := range records {
		pieces = append(pieces, separator, r.Raw)
		separator = comma
	}
	if len(records) == 0 {
		pieces = append(pieces, separator)
	}
	return append(pieces, []byte(uploadEnd))
}
