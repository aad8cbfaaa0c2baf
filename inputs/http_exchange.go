package inputs

import (
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/valyala/fasthttp"
)

// exchange is a request and its answer. What its methods return is the caller's own: fasthttp uses its memory again.
type exchange struct {
	ctx *fasthttp.RequestCtx
	// path is without escapes, and otherwise as it was sent.
	path string
	// authority is the host of a target in absolute form, else empty.
	authority string
	ended     bool // the body was read to its end
	sent      int  // bytes of the body that have come, packed as they are
}

// newExchange is refused with a status if it is no request for a handler.
func newExchange(ctx *fasthttp.RequestCtx) (x *exchange, refused int) {
	in := &ctx.Request.Header
	switch string(in.Protocol()) {
	case "HTTP/1.1", "HTTP/1.0":
	default:
		return nil, http.StatusHTTPVersionNotSupported
	}
	if len(in.Peek("Expect")) > 0 && !ctx.Request.MayContinue() {
		return nil, http.StatusExpectationFailed
	}
	x = &exchange{ctx: ctx}
	if x.method() == http.MethodConnect {
		return x, 0 // names a host in place of a path
	}
	target, err := url.ParseRequestURI(string(in.RequestURI()))
	if err != nil {
		return nil, http.StatusBadRequest
	}
	x.path, x.authority = target.Path, target.Host
	return x, 0
}

func (x *exchange) method() string {
	if x.ctx.IsPost() {
		return http.MethodPost
	}
	return string(x.ctx.Method())
}

// host is the host that the caller names, unchecked. A target in absolute form overrides the header (RFC 9112, 3.2.2).
// fasthttp's own host is unescaped and without user information, which would hide an invalid one.
func (x *exchange) host() string {
	if x.authority != "" {
		return x.authority
	}
	return string(x.ctx.Request.Header.Host())
}

func (x *exchange) secured() bool { return x.ctx.IsTLS() }

// header is the first value of a name in any case, or empty.
func (x *exchange) header(name string) string { return string(x.ctx.Request.Header.Peek(name)) }

func (x *exchange) headers(name string) (all []string) {
	for _, value := range x.ctx.Request.Header.PeekAll(name) {
		all = append(all, string(value))
	}
	return all
}

// announced is the length of the body in bytes, as far as the sender says so.
func (x *exchange) announced() int { return max(0, x.ctx.Request.Header.ContentLength()) }

// body fails with an http.MaxBytesError behind so many bytes.
func (x *exchange) body(limit int) io.Reader {
	if x.ctx.RequestBodyStream() == nil {
		return http.NoBody
	}
	return http.MaxBytesReader(nil, (*exchangeBody)(x), int64(limit))
}

type exchangeBody exchange

func (b *exchangeBody) Read(p []byte) (int, error) {
	n, err := b.ctx.RequestBodyStream().Read(p)
	b.sent += n
	b.ended = b.ended || err == io.EOF
	return n, err
}

func (*exchangeBody) Close() error { return nil }

func (x *exchange) set(name, value string) { x.ctx.Response.Header.Set(name, value) }

func (x *exchange) add(name, value string) { x.ctx.Response.Header.Add(name, value) }

func (x *exchange) answer(status int, body string) {
	x.ctx.SetStatusCode(status)
	x.ctx.SetContentType("application/json")
	x.ctx.SetBodyString(body)
}

func (x *exchange) hangUp() { x.ctx.SetConnectionClose() }

// finish minds what the handler left of the body.
func (x *exchange) finish() {
	if x.ctx.RequestBodyStream() != nil && !x.ended {
		lingerOnClose(x.ctx.Conn())
	}
}

// refuseExchange answers what is no request for a handler.
func refuseExchange(ctx *fasthttp.RequestCtx, status int) {
	ctx.Error(http.StatusText(status), status)
	ctx.SetConnectionClose()
	lingerOnClose(ctx.Conn())
}

// lingerOnClose keeps a connection from being reset before its answer was read, for what the caller still sends.
func lingerOnClose(conn net.Conn) {
	if secured, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secured.NetConn()
	}
	if ours, ok := conn.(*httpConn); ok {
		ours.lingers.Store(true)
	}
}
