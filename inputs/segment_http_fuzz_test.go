package inputs

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/valyala/fasthttp"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// fuzzStatuses are those of the documentation; 204 answers a preflight.
var fuzzStatuses = []int{200, 204, 400, 401, 403, 404, 405, 413, 415}

// FuzzSegmentHTTP checks what holds for every request: an answer as documented, and nothing but calls behind it, each
// from somebody who had the key or the secret.
func FuzzSegmentHTTP(f *testing.F) {
	const basic = "Basic Y2FuYXJ5LXdyaXRlLWtleTo="
	sign := func(body string) string { return segment.Sign([]byte(hostileSecret), []byte(body)) }
	deletion := `[{"type":"delete","userId":"u"},{"type":"page","userId":"u"}]`
	for _, seed := range [][7]string{
		{"POST", "/v1/track", basic, "", "", "", hostileCall},
		{"POST", "/v1/import/", "", "", "", "", batchOf(`,"writeKey":"`+hostileKey+`","context":{"ip":"1"},"sentAt":"2026-03-01"`, hostileCall, `{"type":"delete","userId":1}`)},
		{"POST", "/v1/b", basic, "gzip", "https://shop.example.com", "", "\x1f\x8b\x08"},
		{"OPTIONS", "/v1/t", "", "", "https://shop.example.com", "", ""},
		{"GET", "/v1/projects/" + hostileKey + "/settings", "", "", "", "", ""},
		{"POST", "/webhook", "", "", "", sign(hostileCall), hostileCall},
		{"POST", "/webhook", "", "", "", sign(deletion), deletion},
		{"POST", "/webhook", "", "", "", sign(`{"type":"delete","userId":"u"}`), deletion},
		{"POST", "/v1/page", basic, "", "https://elsewhere.example.com", "", `{"userId":"\ud800","type":"page","type":"delete"}`},
		{"POST", "/v1/m", "", "", "", "", `{"series":[]}`},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], []byte(seed[6]), false)
		f.Add(seed[0], seed[1], basic, seed[3], "", seed[5], []byte(seed[6]), true)
	}
	target := newFuzzTarget(f)
	f.Fuzz(func(t *testing.T, method, path, authorization, encoding, origin, signature string, body []byte, signed bool) {
		if signed {
			signature = segment.Sign([]byte(hostileSecret), body)
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Method, r.URL.Path = method, path
		for name, value := range map[string]string{
			"Authorization": authorization, "Content-Encoding": encoding, "Origin": origin, shSignature: signature,
			"Access-Control-Request-Method": "POST",
		} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		x := exchangeOf(r)
		target.handler.serveHTTP(x)
		target.checkAnswer(t, &x.ctx.Response)
		for _, msg := range target.taken() {
			checkSender(t, msg, x, body)
			checkFuzzed(t, msg)
		}
	})
}

// fuzzTarget is a handler with somebody behind it who takes everything.
type fuzzTarget struct {
	handler *segmentHTTPHandler
	batches chan service.MessageBatch
}

func newFuzzTarget(f *testing.F) *fuzzTarget {
	parsed, err := segmentHTTPSpec().ParseYAML("write_keys: ["+hostileKey+"]\nwebhook_secret: "+hostileSecret+
		"\nallowed_origins: ['https://shop.example.com']\nmax_body_bytes: 65536\ntimeout: 1m", nil)
	if err != nil {
		f.Fatal(err)
	}
	c, err := segmentHTTPConfigFromParsed(parsed)
	if err != nil {
		f.Fatal(err)
	}
	target := &fuzzTarget{newSegmentHTTPHandler(c, nil, nil, nil, time.Now), make(chan service.MessageBatch, segment.MaxBatchBytes)}
	stopped := make(chan struct{})
	f.Cleanup(func() { close(stopped) })
	go func() {
		for {
			select {
			case p := <-target.handler.handover.parcels:
				if p.take() {
					target.batches <- p.batch
					_ = p.ack(context.Background(), nil)
				}
			case <-stopped:
				return
			}
		}
	}()
	return target
}

func (f *fuzzTarget) taken() (all service.MessageBatch) {
	for {
		select {
		case batch := <-f.batches:
			all = append(all, batch...)
		default:
			return all
		}
	}
}

func (f *fuzzTarget) checkAnswer(t *testing.T, answer *fasthttp.Response) {
	status := answer.StatusCode()
	if !slices.Contains(fuzzStatuses, status) {
		t.Fatalf("answered %d", status)
	}
	var object map[string]any
	if err := json.Unmarshal(answer.Body(), &object); status != http.StatusNoContent && (err != nil || object == nil) {
		t.Fatalf("%d answered with %q", status, answer.Body())
	}
	if object["success"] != (status == http.StatusOK) && object["integrations"] == nil && status != http.StatusNoContent {
		t.Fatalf("%d answered with %q", status, answer.Body())
	}
	if used, slots := f.handler.allowance.used.Load(), len(f.handler.handover.slots); used != 0 || slots != 0 {
		t.Fatalf("%d bytes and %d slots stay taken", used, slots)
	}
}

// checkSender checks that a message came from somebody who had the key, in the header or else in the body, or the
// secret. What is packed or escaped may hold the key unseen.
func checkSender(t *testing.T, msg *service.Message, x *exchange, body []byte) {
	hidden := x.header("Content-Encoding") != ""
	allowed := false
	switch route, _ := msg.MetaGet(shMetaRoute); route {
	case shRouteTracking:
		key := headerKey(x.header("Authorization"))
		allowed = key == hostileKey || key == "" && (hidden || bytes.ContainsRune(body, '\\') || bytes.Contains(body, []byte(hostileKey)))
	case shRouteWebhook:
		allowed = hidden || segment.VerifySignature([]byte(hostileSecret), body, x.header(shSignature)) != segment.SignedNothing
	}
	if !allowed {
		t.Fatalf("nobody may send this to %q: %q", x.path, body)
	}
}

// checkFuzzed checks a message that came through.
func checkFuzzed(t *testing.T, msg *service.Message) {
	content, _ := msg.AsBytes()
	route, _ := msg.MetaGet(shMetaRoute)
	switch {
	case !json.Valid(content):
		t.Fatalf("not valid JSON: %q", content)
	case len(content) > segment.MaxCallBytes+shOwnBytes:
		t.Fatalf("%d bytes", len(content))
	}
	var parser segment.Parser
	doc, err := parser.Parse(content)
	if err != nil || !doc.Bare {
		t.Fatalf("not one call: %v: %s", err, content)
	}
	call, err := doc.Call(0)
	if err == nil {
		err = call.Validate()
	}
	if err != nil {
		t.Fatalf("not a valid call: %v: %s", err, content)
	}
	checkFuzzedMembers(t, content, call, route)
	for key, want := range map[string]string{shMetaType: string(call.Type), shMetaMessageID: call.MessageID, shMetaUserID: call.UserID, shMetaAnonymousID: call.AnonymousID} {
		if got, _ := msg.MetaGet(key); got != want {
			t.Fatalf("%s is %q beside %s", key, got, content)
		}
	}
}

func checkFuzzedMembers(t *testing.T, content []byte, call segment.Call, route string) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(content, &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"type", "messageId", "timestamp", "receivedAt"} {
		if members[name] == nil {
			t.Fatalf("no %s: %s", name, content)
		}
	}
	switch {
	case members["writeKey"] != nil:
		t.Fatalf("the write key came through: %s", content)
	case call.HoldsBatch():
		t.Fatalf("a batch in a call: %s", content)
	case call.Type == segment.Delete && route != shRouteWebhook:
		t.Fatalf("delete by %s: %s", route, content)
	case string(members["type"]) != `"`+string(call.Type)+`"`:
		t.Fatalf("two types: %s", content)
	}
}
