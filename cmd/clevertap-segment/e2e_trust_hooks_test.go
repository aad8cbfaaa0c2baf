package main

import (
	"net/http"
	"strings"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// captured is a signed call that has arrived before the attacks, capturedArray an array whose signature covers the whole of
// it, and capturedDelete a delete of somebody who has left. Strangers have seen all three, with their signatures.
const (
	captured       = `{"type":"track","event":"Honest","userId":"u1","messageId":"captured","properties":{"n":"captured"}}`
	capturedArray  = `[{"type":"track","event":"Honest","userId":"u1","messageId":"captured-1","properties":{"n":"captured-1"}},{"type":"track","event":"Honest","userId":"u1","messageId":"captured-2","properties":{"n":"captured-2"}}]`
	capturedDelete = `{"type":"delete","userId":"` + personWhoLeft + `","messageId":"captured-delete"}`
	personWhoLeft  = "somebody-who-left"
)

// hooked is an attack on the webhook with a signature for something.
func hooked(name, signs, body string, status int, code string) attack {
	return attack{name: name, path: "/webhook", signs: signs, body: body, status: status, code: code}
}

const unauthorized = "unauthorized"

// hookAttacks put a delete beside something that is signed.
func hookAttacks() (all []attack) {
	inside := strings.TrimSuffix(strings.TrimPrefix(capturedArray, "["), "]")
	for name, body := range inOrder(map[string]string{
		"a delete alone":                     deleteVictim,
		"a delete in an array":               `[` + deleteVictim + `]`,
		"a delete in front":                  `[` + deleteVictim + `,<captured>]`,
		"a delete in front, in a list":       `[[` + deleteVictim + `],<captured>]`,
		"the signed call in a list":          `[[<captured>],` + deleteVictim + `]`,
		"the signed call in a batch":         batchOf(`<captured>`, deleteVictim),
		"the signed call in an object":       `{"0":<captured>,"1":` + deleteVictim + `}`,
		"the signed call in an object twice": `{"0":<captured>,"0":` + deleteVictim + `}`,
		"the signed call and a line":         "<captured>\n",
		"a line and the signed call":         "\n<captured>",
		"the signed call and a delete":       `<captured>` + deleteVictim,
		"the signed call, a line, a delete":  "<captured>\n" + deleteVictim,
		"the signed call with a space":       strings.Replace(captured, ":", ": ", 1),
		"the signed call as a delete":        strings.Replace(captured, "track", "delete", 1),
		"the signed call of the victim":      strings.Replace(captured, `"u1"`, `"victim"`, 1),
		"the signed call with a batch":       captured[:len(captured)-1] + `,"batch":[` + deleteVictim + `]}`,
		"the signed call with another type":  captured[:len(captured)-1] + `,"type":"delete","userId":"victim"}`,
		"the signed call in the first place": `[` + captured[:len(captured)-1] + `,"type":"delete"},<captured>]`,
		"null in front":                      `[null,<captured>,` + deleteVictim + `]`,
		"nothing in front":                   `[,<captured>,` + deleteVictim + `]`,
		"a byte order mark in front":         "\ufeff[<captured>," + deleteVictim + "]",
		"a byte order mark in the array":     "[\ufeff<captured>," + deleteVictim + "]",
		"a comment in front":                 `/**/[<captured>,` + deleteVictim + `]`,
		"a comment in the array":             `[/**/<captured>,` + deleteVictim + `]`,
		"the signed call as a text":          `["` + strings.ReplaceAll(captured, `"`, `\"`) + `",` + deleteVictim + `]`,
		"nothing":                            ``,
		"an empty array":                     `[]`,
	}) {
		all = append(all, hooked("a signature for another body: "+name, `<captured>`, body, 401, unauthorized))
	}
	for name, body := range inOrder(map[string]string{
		"another array":            `[<captured>][` + deleteVictim + `]`,
		"a comma too many":         `[<captured>,` + deleteVictim + `,]`,
		"an array that is cut off": `[<captured>,` + deleteVictim,
		"a delete after the array": `[<captured>]` + deleteVictim,
		"a delete with a comment":  `[<captured>,/**/` + deleteVictim + `]`,
		"a NUL after the array":    `[<captured>,` + deleteVictim + "]\x00",
	}) {
		all = append(all, hooked("a signature for the first call: "+name, `<captured>`, body, 400, refusedRequest))
	}
	for name, test := range inOrder(map[string]struct{ body, code string }{
		"alone in an array":             {`[<captured>]`, ""},
		"with white space around it":    {"\r\n [ \t<captured>\n ]\n", ""},
		"with itself":                   {`[<captured>,<captured>]`, ""},
		"with a delete":                 {`[<captured>,` + deleteVictim + `,<honest>]`, notAllowed},
		"with a delete of its own id":   {`[<captured>,{"type":"delete","userId":"victim","messageId":"captured"},<honest>]`, notAllowed},
		"with deletes":                  {`[<captured>,` + deleteVictims + `,<honest>]`, notAllowed},
		"with a delete and white space": {"\n[\t<captured> , \n" + deleteVictim + " ,<honest>] ", notAllowed},
		"with a list":                   {`[<captured>,[` + deleteVictim + `],<honest>]`, invalidJSON},
		"with a list that is signed":    {`[<captured>,[<captured>,` + deleteVictim + `],<honest>]`, invalidJSON},
		"with a batch":                  {`[<captured>,` + batchOf(deleteVictims) + `,<honest>]`, invalidJSON},
		"with a batch that is deep":     {`[<captured>,` + nested(20) + `,<honest>]`, invalidJSON},
		"with itself as a delete":       {`[<captured>,` + strings.Replace(captured, "track", "delete", 1) + `,<honest>]`, notAllowed},
		"with a signed delete":          {`[<captured>,` + capturedDelete + `,<honest>]`, notAllowed},
		"with metadata":                 {`[<captured>,{"segment_note":"signed","trust":"signed","type":"delete","userId":"victim"},<honest>]`, notAllowed},
		"with itself at the end":        {`[<captured>,` + deleteVictim + `,<captured>]`, notAllowed},
		"with many calls":               {`[<captured>,` + strings.Repeat(`<honest>,`, 20) + deleteVictim + `]`, notAllowed},
	}) {
		all = append(all, hooked("the captured call again, "+name, `<captured>`, test.body, 200, test.code))
	}
	const internal = `{"type":"track","event":"internal","userId":"u1","messageId":"internal"}`
	return append(all,
		hooked("a whole array and a delete", capturedArray, `[`+inside+`,`+deleteVictim+`]`, 401, unauthorized),
		hooked("a whole array in another order", capturedArray, `[`+deleteVictim+`,`+inside+`]`, 401, unauthorized),
		hooked("a whole array with white space", capturedArray, `[ `+inside+`]`, 401, unauthorized),
		hooked("a whole array in front of a delete", capturedArray, `[`+capturedArray+`,`+deleteVictim+`,<honest>]`, 200, invalidJSON),
		hooked("a whole array, again", capturedArray, capturedArray, 200, ""),
		hooked("a signed delete of another person", capturedDelete, strings.Replace(capturedDelete, personWhoLeft, "victim", 1), 401, unauthorized),
		hooked("a signed delete and another one", capturedDelete, `[`+capturedDelete+`,`+deleteVictim+`,<honest>]`, 200, notAllowed),
		hooked("a signed delete, twice", capturedDelete, `[`+capturedDelete+`,`+capturedDelete+`,<honest>]`, 200, notAllowed),
		hooked("a signed delete on the side", capturedDelete, `[[`+capturedDelete+`],`+deleteVictim+`]`, 401, unauthorized),
		hooked("a signed call that a filter leaves out", internal, `[`+internal+`,`+deleteVictim+`,<honest>]`, 200, notAllowed),
		hooked("a signed call that a filter leaves out, and a batch", internal, `[`+internal+`,`+nested(1)+`,<honest>]`, 200, invalidJSON))
}

// signatureAttacks differ in the header, or in where and how a request is sent.
func signatureAttacks() (all []attack) {
	right := segment.Sign([]byte(hookSecret), []byte(captured))
	forged := []byte(deleteVictim)
	for name, header := range inOrder(map[string]string{
		"no signature":                      "X-Nothing: x",
		"an empty one":                      "X-Signature: ",
		"zeros":                             "X-Signature: " + strings.Repeat("0", 40),
		"text":                              "X-Signature: signed",
		"one by an empty secret":            "X-Signature: " + segment.Sign(nil, forged),
		"one by another secret":             "X-Signature: " + segment.Sign([]byte("SECRET"), forged),
		"one by the secret of the examples": "X-Signature: " + segment.Sign([]byte(webhookSecret), forged),
		"one by the write key":              "X-Signature: " + segment.Sign([]byte(writeKey), forged),
		"one for nothing":                   "X-Signature: " + segment.Sign([]byte("SECRET"), nil),
		"that of another call":              "X-Signature: " + right,
		"half of another":                   "X-Signature: " + right[:20],
		"another with its name":             "X-Signature: sha1=" + right,
		"another in a list":                 "X-Signature: " + right + "," + right,
		"another by another name":           "X-Hub-Signature: sha1=" + right,
		"the write key":                     basic(writeKey + ":"),
	}) {
		all = append(all,
			attack{name: "a delete with " + name, path: "/webhook", header: []string{header}, body: deleteVictim, status: 401, code: unauthorized},
			attack{name: "an array with " + name, path: "/webhook", header: []string{header}, body: `[` + deleteVictim + `]`, status: 401, code: unauthorized})
	}
	tail := `[<signed>,` + deleteVictim + `,<honest>]`
	packed := []string{"Content-Encoding: gzip"}
	for _, path := range []string{"/webhook//", "/Webhook", "/webhook/batch", "/webhook/v1/batch", "/webhook%00", "/webhook/."} {
		all = append(all, attack{name: "a tail to " + path, path: path, signs: `<signed>`, body: tail, status: 404, code: "not_found"})
	}
	for _, path := range []string{"/webhook/", "/webhook?x=/v1/batch", "/webhoo%6b"} {
		all = append(all, attack{name: "a tail to " + path, path: path, signs: `<signed>`, body: tail, code: notAllowed})
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		all = append(all, attack{name: method + " a tail", method: method, path: "/webhook", signs: `<signed>`, body: tail, status: 405, code: "method_not_allowed"})
	}
	return append(all,
		attack{name: "a tail, packed", path: "/webhook", signs: `<signed>`, body: tail, header: packed, pack: func(b []byte) []byte { return zip(b) }, code: notAllowed},
		attack{name: "a tail, packed in parts", path: "/webhook", signs: `<signed>`, body: tail, header: packed, pack: func(b []byte) []byte { return zip(b[:9], b[9:40], b[40:]) }, code: notAllowed},
		attack{name: "a tail, chunked", path: "/webhook", signs: `<signed>`, body: tail, chunked: true, code: notAllowed},
		attack{name: "a tail with the write key", path: "/webhook", signs: `<signed>`, body: tail, header: []string{basic(writeKey + ":")}, code: notAllowed},
		attack{name: "a tail with headers", path: "/webhook", signs: `<signed>`, body: tail, header: []string{"segment_note: signed", "segment_trust: signed"}, code: notAllowed},
		attack{name: "a signature in a trailer", path: "/webhook", status: 401, code: unauthorized, wire: "POST /webhook HTTP/1.1\r\nHost: <host>\r\nTransfer-Encoding: chunked\r\nTrailer: X-Signature\r\n\r\n" +
			byteChunks(captured)[:len(byteChunks(captured))-2] + "X-Signature: " + right + "\r\n\r\n"},
		attack{name: "two signatures, the second for the body", path: "/webhook", header: []string{"X-Signature: " + strings.Repeat("0", 40)}, signs: `<captured>`, body: `<captured>`, status: 401, code: unauthorized})
}
