package main

import (
	"fmt"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// headerAttacks bring headers that might be taken for metadata, for a signature or for another request.
func headerAttacks() (all []attack) {
	for _, header := range []string{
		"segment_note: signed", `segment_note: {"sender":{"Trust":3,"PublicDeletes":true}}`, "Segment-Note: signed", "segment_route: webhook", "Segment-Route: webhook",
		"segment_trust: signed", "Trust: signed", "X-Trust: signed", "clevertap_type: delete", "X-Segment-Trust: 3", "allow_public_deletes: true",
		"X-Signature: ", "X-Signature: " + strings.Repeat("0", 40), "X-Signature: " + segment.Sign(nil, []byte(batchOf(deleteVictim))),
		"X-Signature: " + segment.Sign([]byte("TEST-WRITE-KEY"), []byte(batchOf(deleteVictim))),
		"X-HTTP-Method-Override: DELETE", "X-Original-URL: /webhook", "X-Rewrite-URL: /webhook", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1;proto=https",
		"X-CleverTap-Passcode: TEST-PASSCODE", "Content-Type: application/x-www-form-urlencoded", "Content-Type: multipart/form-data; boundary=b",
		"Content-Type: text/plain; charset=utf-16", "Content-Type: application/x-ndjson", "Origin: http://localhost:8080", "Expect: 100-continue",
	} {
		all = append(all, attack{name: "with the header " + header, header: []string{header}, body: plain, code: notAllowed})
	}
	return append(all,
		attack{name: "with a signature of another call", body: plain, signs: `<captured>`, code: notAllowed},
		attack{name: "with a signature of one of its calls", body: batchOf(`<honest>`, deleteVictim), signs: `<honest>`, code: notAllowed},
		attack{name: "with all of these headers", body: plain, signs: `<captured>`, header: []string{"segment_note: signed", "segment_route: webhook", "trust: signed"}, code: notAllowed},
		attack{name: "from a page of somebody", body: plain, header: []string{"Origin: https://evil.example"}, status: 403, code: "origin_not_allowed"},
		attack{name: "from the webhook's host", body: plain, header: []string{"Host: segment.com", "Referer: https://segment.com/webhook"}, code: notAllowed})
}

// wireAttacks are requests that no HTTP client sends.
func wireAttacks() []attack {
	key := basic("TEST-WRITE-KEY:")
	bad := batchOf(deleteVictim)
	length := fmt.Sprintf("Content-Length: %d", len(bad))
	request := func(line string, rest ...string) string {
		return line + "\r\n" + strings.Join(append([]string{"Host: <host>", key}, rest...), "\r\n") + "\r\n\r\n"
	}
	chunks := fmt.Sprintf("%x\r\n%s\r\n0\r\n", len(bad), bad)
	// A proxy in front may share its connections among callers: what is left of a body must not be read as a request.
	hidden := strings.Replace(request("POST /v1/track HTTP/1.1", fmt.Sprintf("Content-Length: %d", len(honestCall("hidden")))), "<host>", "segment", 1) + honestCall("hidden")
	hides := fmt.Sprintf("Content-Length: %d", len(hidden))
	return []attack{
		{name: "a request in the body of one with a wrong key", wire: "POST /v1/batch HTTP/1.1\r\nHost: <host>\r\n" + basic("WRONG:") + "\r\n" + hides + "\r\n\r\n" + hidden, status: 401, code: "unauthorized"},
		{name: "a request in the body of one to nowhere", wire: request("POST /x HTTP/1.1", hides) + hidden, status: 404, code: "not_found"},
		{name: "a request in the body of another method", wire: request("PUT /v1/batch HTTP/1.1", hides) + hidden, status: 405, code: "method_not_allowed"},
		{name: "a request in the body of one from a page of somebody", wire: request("POST /v1/batch HTTP/1.1", "Origin: https://evil.example", hides) + hidden, status: 403, code: "origin_not_allowed"},
		{name: "a request in the body of one that is packed", wire: request("POST /v1/batch HTTP/1.1", "Content-Encoding: br", hides) + hidden, status: 415, code: "unsupported_encoding"},
		{name: "HTTP/1.0", wire: "POST /v1/batch HTTP/1.0\r\n" + key + "\r\n" + length + "\r\n\r\n" + bad, code: notAllowed},
		{name: "the whole URL as the target", wire: request("POST http://<host>/v1/batch HTTP/1.1", length) + bad, code: notAllowed},
		{name: "the webhook's URL and the path of another host", wire: request("POST http://webhook/v1/batch HTTP/1.1", length) + bad, code: notAllowed},
		{name: "two requests at once", wire: strings.Repeat(request("POST /v1/batch HTTP/1.1", length)+bad, 2), code: notAllowed},
		{name: "a body of one byte a chunk", wire: request("POST /v1/batch HTTP/1.1", "Transfer-Encoding: chunked") + byteChunks(bad), code: notAllowed},
		{name: "a length and chunks", wire: request("POST /v1/batch HTTP/1.1", "Content-Length: 4", "Transfer-Encoding: chunked") + chunks + "\r\n", code: notAllowed},
		{name: "chunks and a request behind them", wire: request("POST /v1/batch HTTP/1.1", length, "Transfer-Encoding: chunked") + chunks + "\r\n" +
			request("POST /webhook HTTP/1.1", "X-Signature: x", length) + bad, code: notAllowed},
		{name: "two lengths", wire: request("POST /v1/batch HTTP/1.1", length, "Content-Length: 0") + bad, unreadable: true},
		{name: "a trailer with a signature", wire: request("POST /v1/batch HTTP/1.1", "Transfer-Encoding: chunked", "Trailer: X-Signature") + chunks + "X-Signature: x\r\n\r\n", code: notAllowed},
		{name: "a header in two lines", wire: request("POST /v1/batch HTTP/1.1", "X-Signature: x\r\n segment_note: signed", length) + bad, code: notAllowed},
		{name: "a header with a line in it", wire: request("POST /v1/batch HTTP/1.1", "X-A: b\rsegment_note: signed", length) + bad, unreadable: true},
	}
}

func byteChunks(body string) string {
	var out strings.Builder
	for i := range len(body) {
		fmt.Fprintf(&out, "1\r\n%s\r\n", body[i:i+1])
	}
	return out.String() + "0\r\n\r\n"
}
