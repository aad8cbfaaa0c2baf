package segment_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// FuzzAppendReceived checks that a call comes out as one valid object which decodes to the same call as it did merged
// with its envelope, with all that a receiver fills in, each once.
func FuzzAppendReceived(f *testing.F) {
	for _, seed := range []string{
		`{"batch":[{"type":"track","event":"e","userId":"u","context":{"ip":"1"}},{"type":"Delete","userId":5}],"context":{"os":{"name":"iOS"},"ip":"2"},"sentAt":"2026-03-01T12:00:00Z"}`,
		`{"batch":[{"type":"page","anonymousId":"a","integrations":{"All":false}}],"integrations":{"CleverTap":true},"writeKey":"k","context":5}`,
		`{"batch":[{"\u0074ype":"alias","type":"page","userId":"u","previousId":1e9,"context":null,"context":{},"timestamp":"2026-03-01T12:00:00,5+01:00"}]}`,
		`{"batch":[{"type":"track","event":"e","userId":"u","context":[],"integrations":""}],"context":{"ip":"1"},"integrations":{"All":false}}`,
		`[{"type":"group","groupId":"g","userId":"u\ud800","traits":{"a":"\xff"},"messageId":7,"receivedAt":"x","receivedAt":"2026-01-01"}]`,
		`{"name":"n","userId":"u","writeKey":"k","sentAt":"9999-12-31T23:59:59Z","originalTimestamp":"1970-01-02"}`,
	} {
		f.Add([]byte(seed), byte(0))
		f.Add([]byte(seed), byte(7))
	}
	at := time.Date(2026, 3, 1, 12, 0, 5, 678e6, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte, choice byte) {
		receipt := segment.Receipt{
			At: at, CorrectClock: choice&1 == 1, Forwarded: choice&2 == 2,
			NewID: func() string { return "made-up" },
		}
		for _, parse := range []func(*segment.Parser) (segment.Document, error){
			func(p *segment.Parser) (segment.Document, error) { return p.ParseCall(raw, segment.Page) },
			func(p *segment.Parser) (segment.Document, error) { return p.ParseBatch(raw) },
			func(p *segment.Parser) (segment.Document, error) { return p.ParseWebhook(raw) },
		} {
			var parser segment.Parser
			doc, err := parse(&parser)
			if err != nil {
				continue
			}
			for i := range min(doc.Calls(), 50) {
				if call, err := doc.Call(i); err == nil {
					checkReceived(t, doc, i, &call, receipt)
				}
			}
		}
	})
}

func checkReceived(t *testing.T, doc segment.Document, i int, call *segment.Call, receipt segment.Receipt) {
	before := *call
	out := doc.AppendReceived([]byte("x"), i, call, receipt)
	if out[0] != 'x' || !json.Valid(out[1:]) {
		t.Fatalf("not valid JSON after what was there: %q", out)
	}
	checkStamps(t, out[1:], receipt)
	var parser, merged segment.Parser
	again, err := parser.Parse(out[1:])
	if err != nil || !again.Bare {
		t.Fatalf("cannot be read again as one call: %v: %s", err, out)
	}
	got, err := again.Call(0)
	if err != nil {
		t.Fatalf("no call any more: %v: %s", err, out)
	}
	if before.MessageID == "" {
		before.MessageID = "made-up"
	}
	if want, got := describe(&before), describe(&got); want != got {
		t.Fatalf("changed:\n%s\n%s\nin %s", want, got, out)
	}
	source, err := merged.Parse(doc.AppendCall(nil, i))
	if err != nil || !source.Bare {
		return // a call that names no type may look like an envelope
	}
	if want, err := source.Call(0); err == nil {
		want.MessageID = before.MessageID
		if want, got := describe(&want), describe(&got); want != got {
			t.Fatalf("not what merging gives:\n%s\n%s\nin %s", want, got, out)
		}
	}
}

// describe is all of a call but its times.
func describe(c *segment.Call) string {
	text := fmt.Sprintf("%q %s %s", []string{
		string(c.Type), valid(c.UserID), valid(c.AnonymousID), valid(c.PreviousID), valid(c.GroupID), valid(c.MessageID),
		valid(c.Event), valid(c.Name), valid(c.Category),
	}, c.Properties.AppendJSON(nil), c.Traits.AppendJSON(nil))
	for _, name := range []string{"ip", "os", "device", "traits"} {
		text += " " + string(c.Context(name).AppendJSON(nil))
	}
	return text + fmt.Sprint(c.EnabledFor("CleverTap", "CleverTap (Actions)"))
}

// valid is a text as it stands in JSON.
func valid(text string) string { return string(jsontree.AppendString(nil, text)) }

func checkStamps(t *testing.T, out []byte, receipt segment.Receipt) {
	decoder := json.NewDecoder(bytes.NewReader(out))
	_, _ = decoder.Token()
	seen := map[string]int{}
	for decoder.More() {
		name, _ := decoder.Token()
		var member json.RawMessage
		if err := decoder.Decode(&member); err != nil {
			t.Fatal(err)
		}
		seen[name.(string)]++
		if name == "timestamp" || name == "receivedAt" {
			var text string
			if err := json.Unmarshal(member, &text); err != nil || text == "" {
				t.Fatalf("%s is no time: %s", name, out)
			}
		}
	}
	for _, name := range []string{"type", "messageId", "timestamp", "receivedAt"} {
		if seen[name] != 1 {
			t.Fatalf("%s comes %d times: %s", name, seen[name], out)
		}
	}
	for _, name := range []string{"originalTimestamp", "sentAt", "context", "integrations", "userId", "anonymousId", "properties", "traits"} {
		if seen[name] > 1 {
			t.Fatalf("%s comes %d times: %s", name, seen[name], out)
		}
	}
	if seen["writeKey"] > 0 {
		t.Fatalf("the write key came through: %s", out)
	}
}
