package main

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
)

// zip packs each part as a member of its own.
func zip(parts ...[]byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(nil)
	for _, part := range parts {
		w.Reset(&out)
		_, _ = w.Write(part)
		_ = w.Close()
	}
	return out.Bytes()
}

func packedAttacks() []attack {
	packed := []string{"Content-Encoding: gzip"}
	once := func(body []byte) []byte { return zip(body) }
	inHalves := func(body []byte) []byte { return zip(body[:len(body)/2], body[len(body)/2:]) }
	byBytes := func(body []byte) []byte { return zip(slices.Collect(slices.Chunk(body, 1))...) }
	return []attack{
		{name: "packed", body: plain, header: packed, pack: once, code: notAllowed},
		{name: "packed in capitals", body: plain, header: []string{"Content-Encoding: GZIP"}, pack: once, code: notAllowed},
		{name: "packed in two members", body: plain, header: packed, pack: inHalves, code: notAllowed},
		{name: "packed in a member for each byte", body: plain, header: packed, pack: byBytes, code: notAllowed},
		{name: "packed in two members, a batch in a batch", body: batchOf(`<honest>`, nested(2)), header: packed, pack: inHalves, code: invalidJSON},
		{name: "packed and chunked", body: plain, header: packed, pack: inHalves, chunked: true, code: notAllowed},
		{name: "chunked", body: plain, chunked: true, code: notAllowed},
		{name: "named as it is", body: plain, header: []string{"Content-Encoding: identity"}, code: notAllowed},
		{name: "a second document in a member of its own", body: batchOf(`<honest>`), header: packed, status: 400, code: refusedRequest,
			pack: func(body []byte) []byte { return zip(body, []byte(batchOf(deleteVictim))) }},
		{name: "an empty member and a delete", body: plain, header: packed, pack: func(body []byte) []byte { return zip(nil, body, nil) }, code: notAllowed},
		{name: "packed twice", body: plain, header: packed, pack: func(body []byte) []byte { return zip(zip(body)) }, status: 400, code: refusedRequest},
		{name: "packed twice, and named so", body: plain, header: []string{"Content-Encoding: gzip, gzip"}, pack: func(body []byte) []byte { return zip(zip(body)) }, status: 415},
		{name: "packed, but not named so", body: plain, pack: once, status: 400, code: refusedRequest},
		{name: "not packed, but named so", body: plain, header: packed, status: 400, code: refusedRequest},
		{name: "packed and cut off", body: plain, header: packed, status: 400, code: refusedRequest, pack: func(body []byte) []byte { z := zip(body); return z[:len(z)-5] }},
		{name: "packed and more", body: plain, header: packed, status: 400, code: refusedRequest, pack: func(body []byte) []byte { return append(zip(body), deleteVictim...) }},
		{name: "packed in another way", body: plain, header: []string{"Content-Encoding: deflate"}, status: 415},
		{name: "packed by an old name", body: plain, header: []string{"Content-Encoding: x-gzip"}, pack: once, status: 415},
	}
}

// textAttacks are bodies that other readers take for JSON, or for something else.
func textAttacks() (all []attack) {
	honest, bad := batchOf(`{"type":"track","event":"e","userId":"u"}`), batchOf(deleteVictim)
	var wide []byte
	for _, unit := range utf16.Encode([]rune(bad)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	for name, body := range inOrder(map[string]string{
		"a byte order mark":            "\ufeff" + bad,
		"UTF-16":                       string(wide),
		"UTF-16 with its mark":         "\xff\xfe" + string(wide),
		"a comment":                    `/* x */` + bad,
		"a comment at the end of line": "{\"batch\": // x\n [" + deleteVictim + "]}",
		"two documents":                honest + bad,
		"two documents and a comma":    honest + "," + bad,
		"a document a line":            honest + "\n" + bad + "\n",
		"a call a line":                `{"type":"track","event":"e","userId":"u"}` + "\n" + deleteVictim,
		"a record separator":           "\x1e" + honest + "\n\x1e" + bad,
		"a comma too many":             `{"batch":[` + deleteVictim + `,]}`,
		"a NUL at the end":             bad + "\x00",
		"a prefix against scripts":     `)]}',` + "\n" + bad,
		"a call of a function":         `f(` + bad + `)`,
		"quotes that are single":       `{'batch':[{'type':'delete','userId':'victim'}]}`,
		"names without quotes":         `{batch:[{type:"delete",userId:"victim"}]}`,
		"a form":                       `data=` + bad,
		"text in base64":               base64.StdEncoding.EncodeToString([]byte(bad)),
		"a part of a form":             "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n" + bad + "\r\n--b--\r\n",
		"nothing":                      "",
		"an array":                     `[` + deleteVictim + `]`,
		"a call":                       deleteVictim,
		"a text":                       `"{\"batch\":[{\"type\":\"delete\",\"userId\":\"victim\"}]}"`,
		"NaN":                          `{"a":NaN,"batch":[` + deleteVictim + `]}`,
		"more levels than are read":    batchOf(nested(150)),
	}) {
		all = append(all, attack{name: "the body is or has " + name, body: body, status: 400, code: refusedRequest})
	}
	return append(all,
		attack{name: "white space around the body", body: "\r\n\t " + plain + "\n\n ", code: notAllowed},
		attack{name: "as many levels as are read", body: batchOf(`<honest>`, nested(148)), code: invalidJSON},
		attack{name: "more calls than Segment takes", body: batchOf(strings.Repeat(`1,`, 2600)+deleteVictim, nested(1), `<honest>`), code: invalidJSON})
}

// envelopeAttacks differ in the envelope of a batch.
func envelopeAttacks() (all []attack) {
	for name, body := range inOrder(map[string]string{
		"that is a delete":                 `{"type":"delete","userId":"victim","batch":[<honest>]}`,
		"that is a delete, for its calls":  `{"type":"delete","userId":"victim","messageId":"x","batch":[{"type":"group","groupId":"g","userId":"u"},<honest>]}`,
		"with a second batch":              `{"batch":[<honest>],"batch":[` + deleteVictim + `]}`,
		"with a second batch, escaped":     `{"batch":[<honest>],"\u0062atch":[` + deleteVictim + `]}`,
		"with a batch in its context":      `{"context":{"batch":[` + deleteVictim + `],"type":"delete","userId":"victim"},"batch":[<honest>]}`,
		"with a batch in its integrations": `{"integrations":{"batch":[` + deleteVictim + `]},"batch":[<honest>]}`,
		"with a batch as its time":         `{"sentAt":{"batch":[` + deleteVictim + `]},"batch":[<honest>]}`,
		"with a delete as its time":        `{"sentAt":"\",\"type\":\"delete","batch":[<honest>]}`,
		"with metadata":                    `{"segment_note":"signed","segment_route":"webhook","trust":"signed","clevertap_type":"delete","batch":[<honest>]}`,
		"with an empty batch behind it":    `{"batch":[<honest>],"batch":[]}`,
		"with a batch that is an object":   `{"batch":[<honest>],"batch":{"0":` + deleteVictim + `}}`,
		"with lists as its contexts":       `{"context":[` + deleteVictim + `],"integrations":[{"batch":[` + deleteVictim + `]}],"batch":[<honest>]}`,
	}) {
		all = append(all, attack{name: "an envelope " + name, body: body})
	}
	for name, body := range inOrder(map[string]string{
		"with a delete first":         `{"batch":[` + deleteVictim + `,<honest>],"batch":[` + deleteVictim + `]}`,
		"with an escape":              `{"\u0062atch":[` + deleteVictim + `,<honest>]}`,
		"in front of its context":     `{"batch":[` + deleteVictim + `,<honest>],"context":{"trust":"signed"},"sentAt":"2026-03-01T12:00:00Z"}`,
		"with everything twice":       `{"context":{},"context":{"userHash":"x"},"integrations":{},"integrations":{"CleverTap":{}},"batch":[` + deleteVictim + `,<honest>]}`,
		"with a delete for each slot": `{"batch":[` + deleteVictims + `,` + deleteVictims + `,<honest>,` + deleteVictims + `]}`,
	}) {
		all = append(all, attack{name: "an envelope " + name, body: body, code: notAllowed})
	}
	for name, body := range inOrder(map[string]string{
		"of null and a batch": `{"batch":null,"batch":[` + deleteVictim + `]}`,
		"of an object":        `{"batch":{"0":` + deleteVictim + `}}`,
		"of a call":           `{"batch":` + deleteVictim + `}`,
		"of a text":           `{"batch":"[{\"type\":\"delete\",\"userId\":\"victim\"}]"}`,
		"without a batch":     `{"Batch":[` + deleteVictim + `],"batch ":[` + deleteVictim + `],"calls":[` + deleteVictim + `]}`,
		"in an envelope":      `{"data":` + batchOf(deleteVictim) + `}`,
	}) {
		all = append(all, attack{name: "an envelope " + name, body: body, status: 400, code: refusedRequest})
	}
	return all
}
