package main

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// attack is one request of a stranger. The stranger has the public write key, and has perhaps seen requests of the webhook
// with their signatures, but knows no secret. A body may hold these words, each in place of a call:
//
//	<honest>    a call of somebody else, a new one each time, which has to arrive
//	<signed>    a call whose signature the stranger has seen before it arrived
//	<captured>  a signed call that has arrived before
//	<internal>  a call that the filter leaves out, where there is one
type attack struct {
	name   string
	method string // POST if empty
	path   string // /v1/batch if empty
	header []string
	body   string
	// anonymous requests bring no write key in the header.
	anonymous bool
	// signs is what the signature in the header covers, if there is one.
	signs string
	// pack changes the body on its way; chunked leaves out its length.
	pack    func(body []byte) []byte
	chunked bool
	// wire is the whole request as it is sent, in place of all of the above. It may hold <host>.
	wire string
	// unreadable requests are answered 400 whatever they are for.
	unreadable bool

	// status is the answer's, 200 if zero; code is the reason in it.
	status int
	code   string
	// dead is the reason in the dead letter, if one of the calls ends there. Where the input refuses what is not valid, it is
	// the reason in the answer; single tells that there is no other call in the request.
	dead   string
	single bool
	// deletes tells that one of the calls has the name of delete_event.
	deletes bool
}

// hooked tells whether the request is for the webhook.
func (a attack) hooked() bool { return strings.HasPrefix(a.path, "/webhoo") }

// refusedAtTheDoor is the attack on an input that refuses what is not valid.
func (a attack) refusedAtTheDoor() attack {
	if a.dead == "" {
		return a
	}
	a.code, a.dead = a.dead, ""
	if a.single {
		a.status = http.StatusBadRequest
	}
	return a
}

// attacks are all of them.
func attacks() (all []attack) {
	for _, call := range badCalls() {
		all = append(all, call.inBatch(), call.alone(), call.inTail())
	}
	for _, list := range [][]attack{routeAttacks(), pathAttacks(), keyAttacks(), packedAttacks(), textAttacks(), envelopeAttacks(), headerAttacks(), wireAttacks(), hookAttacks(), signatureAttacks()} {
		all = append(all, list...)
	}
	return all
}

func (c badCall) inBatch() attack {
	return attack{name: c.name + ", in a batch", body: batchOf(`<internal>`, `<honest>`, c.json, `<internal>`, `<honest>`), code: c.refused, dead: c.dead, deletes: c.deletes}
}

func (c badCall) alone() attack {
	a := attack{name: c.name + ", alone", path: "/v1/track", body: c.json, single: true, dead: c.dead, deletes: c.deletes}
	if c.deadOnTrack != "" {
		a.dead = c.deadOnTrack
	}
	if c.refused != "" {
		a.status, a.code = http.StatusBadRequest, c.refused
		if !strings.HasPrefix(strings.TrimSpace(c.json), "{") {
			a.code = "invalid_request"
		}
	}
	return a
}

// inTail has the call behind one that is signed.
func (c badCall) inTail() attack {
	return attack{name: c.name + ", in a tail", path: "/webhook", signs: `<signed>`,
		body: `[<signed>,<internal>,` + c.json + `,<internal>,<honest>]`, code: c.refused, dead: c.dead, deletes: c.deletes}
}

func batchOf(calls ...string) string { return `{"batch":[` + strings.Join(calls, ",") + `]}` }

// plain is a batch with a delete among others.
var plain = batchOf(`<honest>`, deleteVictim, `<honest>`)

const refusedRequest = "invalid_request"

func routeAttacks() (all []attack) {
	for route, typ := range inOrder(segment.Routes) {
		for _, slash := range []string{"", "/"} {
			path := "/v1/" + route + slash
			if typ == "" {
				all = append(all,
					attack{name: "a delete to " + path, path: path, body: plain, code: notAllowed},
					attack{name: "a batch in a batch to " + path, path: path, body: batchOf(`<honest>`, nested(1)), code: invalidJSON})
				continue
			}
			all = append(all,
				attack{name: "a delete to " + path, path: path, body: deleteVictim, status: 400, code: notAllowed},
				attack{name: "a batch to " + path, path: path, body: batchOf(`<honest>`, deleteVictim), status: 400, code: invalidJSON},
				attack{name: "an array to " + path, path: path, body: `[` + deleteVictim + `]`, status: 400, code: refusedRequest})
		}
	}
	return all
}

func pathAttacks() (all []attack) {
	for _, path := range []string{"/v1/%62atch", "/v1%2fbatch", "/%76%31/%62%61%74%63%68", "/v1/batch?route=webhook&trust=signed", "/v1/batch/?x=/webhook"} {
		all = append(all, attack{name: "to " + path, path: path, body: plain, code: notAllowed})
	}
	for _, path := range []string{
		"/v1//batch", "//v1/batch", "/v1/batch//", "/V1/batch", "/v1/BATCH", "/v1/Batch", "/v1/./batch", "/v1/x/../batch", "/v1/track/../batch",
		"/batch", "/", "/v1", "/v1/", "/v2/batch", "/v1/batch%00", "/v1/batch%20", "/v1/batch%2520", "/v1/batch;x=1", "/v1/batch.json", "/v1/batch/delete", "/v1/batch%5c",
		"/v1/delete", "/v1/d", "/v1/deletes", "/v1/users/victim", "/v1/upload", "/1/upload", "/1/delete/profiles.json", "/v1beta/workspaces/w/regulations", "/regulations", "/v1/pixel/track",
		"/v1/webhook", "/.//webhook", "/v1/../webhook", "/ready", "/metrics", "/debug/pprof/", "/reset",
	} {
		all = append(all, attack{name: "to " + path, path: path, body: plain, status: 404, code: "not_found"})
	}
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "delete", "TRACE"} {
		all = append(all,
			attack{name: method + " /v1/batch", method: method, body: plain, status: 405, code: "method_not_allowed"},
			attack{name: method + " /v1/users/victim", method: method, path: "/v1/users/victim", status: 404, code: "not_found"})
	}
	return append(all,
		attack{name: "a batch for the SDK's own metrics", path: "/v1/m", body: batchOf(deleteVictim)},
		attack{name: "a batch for settings", path: "/v1/projects/TEST-WRITE-KEY/settings", body: plain, status: 405},
		attack{name: "CleverTap's own call", path: "/1/delete/profiles.json", body: `{"identity":["victim"]}`, status: 404, code: "not_found",
			header: []string{"X-CleverTap-Account-Id: TEST-ACCOUNT", "X-CleverTap-Passcode: TEST-PASSCODE"}},
		attack{name: "Segment's own deletion", path: "/v1/regulations", body: `{"regulationType":"SUPPRESS_WITH_DELETE","subjectType":"USER_ID","subjectIds":["victim"]}`, status: 404, code: "not_found"})
}

// basic is the header for a key, in whatever form.
func basic(credentials string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
}

func keyAttacks() []attack {
	const keyed = `{"writeKey":"TEST-WRITE-KEY","batch":[<honest>,` + deleteVictim + `]}`
	none := func(a attack) attack { a.anonymous = true; return a }
	return []attack{
		none(attack{name: "the key in the body", body: keyed, code: notAllowed}),
		none(attack{name: "the key in the body of one call", path: "/v1/identify", body: `{"writeKey":"TEST-WRITE-KEY","type":"delete","userId":"victim"}`, status: 400, code: notAllowed}),
		none(attack{name: "the key in the body and a token", body: keyed, header: []string{"Authorization: Bearer TEST-WRITE-KEY"}, code: notAllowed}),
		none(attack{name: "the key as a token", body: plain, header: []string{"Authorization: Bearer TEST-WRITE-KEY"}, status: 400, code: refusedRequest}),
		none(attack{name: "the key in each call", body: batchOf(`<honest>`, `{"writeKey":"TEST-WRITE-KEY","type":"delete","userId":"victim"}`), status: 400, code: refusedRequest}),
		none(attack{name: "the key in the path", path: "/v1/batch?writeKey=TEST-WRITE-KEY", body: plain, status: 400, code: refusedRequest}),
		none(attack{name: "two keys in the body, the first wrong", body: `{"writeKey":"x","writeKey":"TEST-WRITE-KEY","batch":[` + deleteVictim + `]}`, status: 401, code: "unauthorized"}),
		none(attack{name: "two keys in the body, the second wrong", body: `{"writeKey":"TEST-WRITE-KEY","writeKey":"x","batch":[<honest>,` + deleteVictim + `]}`, code: notAllowed}),
		none(attack{name: "no key", body: plain, status: 400, code: refusedRequest}),
		none(attack{name: "a list as the key", body: `{"writeKey":["TEST-WRITE-KEY"],"batch":[` + deleteVictim + `]}`, status: 400, code: refusedRequest}),
		{name: "a wrong key in the header", body: plain, header: []string{basic("WRONG:")}, status: 401, code: "unauthorized"},
		{name: "a wrong key in the header and the key in the body", body: keyed, header: []string{basic("WRONG:")}, status: 401, code: "unauthorized"},
		{name: "the key in the header and a wrong one in the body", body: `{"writeKey":"WRONG","batch":[<honest>,` + deleteVictim + `]}`, code: notAllowed},
		{name: "the key without a colon", body: plain, header: []string{basic("TEST-WRITE-KEY")}, code: notAllowed},
		{name: "the key with a password", body: plain, header: []string{basic("TEST-WRITE-KEY:TEST-SECRET")}, code: notAllowed},
		{name: "the key in lower case", body: plain, header: []string{basic("test-write-key:")}, status: 401, code: "unauthorized"},
		{name: "the key and a NUL", body: plain, header: []string{basic("TEST-WRITE-KEY\x00:")}, status: 401, code: "unauthorized"},
		{name: "the webhook's secret as the key", body: plain, header: []string{basic("WEBHOOK-SECRET:")}, status: 401, code: "unauthorized"},
		{name: "CleverTap's credentials as the key", body: plain, header: []string{basic("TEST-ACCOUNT:TEST-PASSCODE")}, status: 401, code: "unauthorized"},
		{name: "a wrong key and then the key", body: plain, header: []string{basic("WRONG:"), basic("TEST-WRITE-KEY:")}, status: 401, code: "unauthorized"},
		{name: "the key and then a wrong one", body: plain, header: []string{basic("TEST-WRITE-KEY:"), basic("WRONG:")}, code: notAllowed},
		{name: "the scheme in lower case", body: plain, header: []string{strings.Replace(basic("TEST-WRITE-KEY:"), "Basic", "basic", 1)}, code: notAllowed},
	}
}
