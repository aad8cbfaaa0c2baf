package clevertap

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/transport"
)

const (
	// maxErrorBytes bounds what is read of an answer that is no success.
	maxErrorBytes = 64 << 10
	// A success may echo every record with its error, escaped more heavily than it was sent.
	minReplyBytes  = 1 << 20
	replyPerSent   = 8
	defaultTimeout = 30 * time.Second
)

// Config is what a Client needs.
type Config struct {
	// AccountID and Passcode are the credentials.
	AccountID, Passcode string
	// BaseURL is the address of the API, such as RegionURL returns.
	BaseURL string
	// HTTPClient sends the requests; nil is http.DefaultClient. Its redirect policy is not used.
	HTTPClient *http.Client
	// Timeout bounds each request, including its answer; 0 is 30 seconds.
	Timeout time.Duration
	// DryRun lets CleverTap check uploads without storing them.
	DryRun bool
}

// Client speaks CleverTap's server API. It never sends a request twice: when to try again is the caller's decision.
// It is safe for concurrent use.
type Client struct {
	config Config
	host   string
	http   http.Client
}

// NewClient checks the config; it does not touch the network.
func NewClient(config Config) (*Client, error) {
	base, err := url.Parse(config.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") || base.User != nil {
		return nil, errors.New("the address of CleverTap's API must be an http or https URL without credentials")
	}
	if config.AccountID == "" || config.Passcode == "" {
		return nil, errors.New("account id and passcode must not be empty")
	}
	if config.Timeout <= 0 {
		config.Timeout = defaultTimeout
	}
	if config.HTTPClient == nil {
		config.HTTPClient = http.DefaultClient
	}
	config.BaseURL = strings.TrimSuffix(config.BaseURL, "/")
	c := &Client{config: config, host: base.Host, http: *config.HTTPClient}
	// A redirect would take the credentials, which are no standard headers, along to another host.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// Close gives idle connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// call is one request to the API. The values sent are kept out of error texts.
type call struct {
	// method is POST if empty.
	method string
	path   string
	query  url.Values
	body   []byte
	// pieces, if set, are the body in place of one run of bytes.
	pieces [][]byte
	sent   iter.Seq[string]
	// maxReply bounds the body of a success; 0 is what an upload of this size can be answered.
	maxReply int64
	// tooLong, if set, makes the error of a success that is longer than maxReply.
	tooLong func() *Error
	// reason, if set, knows failures that only this endpoint has, by the answer's members; "" leaves the reason that
	// follows from the status.
	reason func(status int, answer reply) Reason
}

func (r call) replyBound() int64 {
	if r.maxReply > 0 {
		return r.maxReply
	}
	return minReplyBytes + replyPerSent*r.size()
}

func (r call) tooLongError() *Error {
	if r.tooLong != nil {
		return r.tooLong()
	}
	return unclear("the reply is too long")
}

func (r call) size() int64 {
	size := int64(len(r.body))
	for _, piece := range r.pieces {
		size += int64(len(piece))
	}
	return size
}

// open returns the body from its beginning.
func (r call) open() (io.ReadCloser, error) {
	if r.pieces == nil {
		return io.NopCloser(bytes.NewReader(r.body)), nil
	}
	// Reading takes the list apart.
	rest := net.Buffers(slices.Clone(r.pieces))
	return io.NopCloser(&rest), nil
}

// do sends one request and returns the body of a 200. Every other outcome is an *Error, or the context's error.
func (c *Client) do(ctx context.Context, r call) (body []byte, err error) {
	err = c.stream(ctx, r, func(reply io.Reader) (err error) {
		if body, err = io.ReadAll(reply); err == nil && len(bytes.TrimSpace(body)) == 0 {
			err = emptyReply()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return body, nil
}

// stream is do for a body that need not be held as a whole: read is given that of a 200.
func (c *Client) stream(ctx context.Context, r call, read func(io.Reader) error) error {
	attempt, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	req, err := c.request(attempt, r)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.transportError(ctx, attempt, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c.statusError(resp, r)
	}
	err = read(&boundedReader{resp.Body, r.replyBound()})
	var failed *Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errReplyTooLong):
		return r.tooLongError()
	case errors.As(err, &failed):
		return err
	case attempt.Err() != nil:
		return c.transportError(ctx, attempt, err)
	}
	return lostReply()
}

func (c *Client) request(ctx context.Context, r call) (*http.Request, error) {
	target := c.config.BaseURL + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	method := cmp.Or(r.method, http.MethodPost)
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, errors.New("building the request")
	}
	if req.ContentLength = r.size(); req.ContentLength > 0 {
		// A connection that turns out to be closed makes the transport start again, as long as nothing was sent.
		req.GetBody = r.open
		req.Body, _ = r.open()
	}
	req.Header.Set("X-CleverTap-Account-Id", c.config.AccountID)
	req.Header.Set("X-CleverTap-Passcode", c.config.Passcode)
	if method != http.MethodGet {
		// "Content-Type is required for POST only": https://developer.clevertap.com/docs/get-user-profiles-api
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

func (c *Client) transportError(ctx, attempt context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("waiting for CleverTap: %w", ctx.Err())
	case attempt.Err() != nil:
		return &Error{Reason: ReasonTimeout, Text: fmt.Sprintf("no answer from %s within %v", c.host, c.config.Timeout)}
	}
	return &Error{Reason: ReasonUnreachable, Text: "connecting to " + c.host + ": " + transport.Cause(err)}
}

// statusError reads an answer that is no success; draining a short one keeps the connection.
func (c *Client) statusError(resp *http.Response, r call) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes))
	e := &Error{Status: resp.StatusCode, RetryAfter: transport.RetryAfter(resp.Header.Get("Retry-After"), time.Now())}
	answer, err := parseReply(body)
	if err == nil {
		e.Code, e.Text = int(answer.Code), c.clean(string(answer.Error), r.sent)
	}
	if e.Text == "" {
		e.Text = http.StatusText(resp.StatusCode)
	}
	return e.classified(r.special(e.Status, answer))
}

// special is the reason that only the endpoint knows.
func (r call) special(status int, answer reply) Reason {
	if r.reason == nil {
		return ""
	}
	return r.reason(status, answer)
}

// failed turns an answer of 200 that says "fail" for the whole request into an error.
func (c *Client) failed(answer reply, r call) *Error {
	e := &Error{Status: statusOK, Code: int(answer.Code), Text: c.clean(string(answer.Error), r.sent)}
	return e.classified(r.special(e.Status, answer))
}

// clean makes a text of CleverTap's fit for logs: bounded, with nothing in it that was sent.
func (c *Client) clean(text string, sent iter.Seq[string]) string {
	return cleanText(text, func(yield func(string) bool) {
		if yield(c.config.AccountID) && yield(c.config.Passcode) && sent != nil {
			sent(yield)
		}
	})
}

var errReplyTooLong = errors.New("reply too long")

// boundedReader fails when there is more than it may give.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.left = 0
		return n - 1, errReplyTooLong
	}
	return n, err
}
