package inputs

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
)

// TestGrowth_IsBoundedByWhatWasSent: what a stranger can make this process store is at most a hundred times what they
// sent, but for 16 KB a request.
func TestGrowth_IsBoundedByWhatWasSent(t *testing.T) {
	small := `{"type":"page","userId":"u"}`
	context := `,"context":{"a":"` + strings.Repeat("x", 20<<10) + `"}`
	for name, body := range map[string]string{
		"a packed batch of the same call":         packed(t, batchOf("", fill(small, 400<<10))),
		"a packed call of spaces":                 packed(t, small+strings.Repeat(" ", 500<<10)),
		"a packed context that each call repeats": packed(t, batchOf(context, fill(small, 10<<10))),
		"a small context in very many calls":      packed(t, batchOf(`,"context":{"locale":"de"}`, fill(small, 60<<10))),
		"a packed array of what is no call":       packed(t, batchOf(context, fill("1", 100<<10))),
	} {
		t.Run(name, func(t *testing.T) {
			target := newHostileTarget(t, "validate: false")
			request := hostilePost("/v1/batch", body, "Content-Encoding: gzip")
			reply := target.send(t, request)
			assert.Equal(t, 400, reply.status, reply)
			assert.Contains(t, reply.body, growth)
			assert.Empty(t, target.delivered())
			target.works(t)
		})
	}
}

// TestGrowth_RealRequestsPass: contexts that nothing but ids and times tell apart are what packs best of all that SDKs send.
func TestGrowth_RealRequestsPass(t *testing.T) {
	context := `"context":{"app":{"name":"Shop","version":"4.2.1","build":"4210","namespace":"com.example.shop"},"device":{"id":"8f14e45f-ceea-467f-9d8b-1c2d3e4f5a6b","manufacturer":"samsung","model":"SM-G991B","name":"o1s","type":"android"},"library":{"name":"analytics-android","version":"4.11.0"},"locale":"pl-PL","network":{"wifi":true,"cellular":false,"carrier":"Orange"},"os":{"name":"Android","version":"14"},"screen":{"density":2.625,"height":2201,"width":1080},"timezone":"Europe/Warsaw","traits":{"email":"zofia@example.com","plan":"gold","city":"Gdańsk","newsletter":true,"address":{"street":"Długa 1","city":"Gdańsk","country":"Poland","postalCode":"80-831"}},"userAgent":"Dalvik/2.1.0 (Linux; U; Android 14; SM-G991B Build/UP1A.231005.007)"}`
	call := func(i int, members string) string {
		return fmt.Sprintf(`{"type":"track","event":"Scrolled","userId":"u-19","messageId":"%s","timestamp":"2026-11-28T10:%02d:%02d.%03dZ","properties":{"depth":%d}%s}`,
			uuid.NewString(), i/60, i%60, i*7919%1000, i, members)
	}
	var own, shared []string
	for i := range 240 {
		own, shared = append(own, call(i, ","+context)), append(shared, call(i, ""))
	}
	for name, body := range map[string]string{
		"each call with its context": batchOf("", own...),
		"one context for all calls":  batchOf(","+context, shared...),
	} {
		for packing, send := range map[string]func(string) string{
			"plain":  func(body string) string { return hostilePost("/v1/batch", body) },
			"packed": func(body string) string { return hostilePost("/v1/batch", packed(t, body), "Content-Encoding: gzip") },
		} {
			t.Run(name+", "+packing, func(t *testing.T) {
				target := newHostileTarget(t, "")
				reply := target.send(t, send(body))
				assert.Equal(t, http.StatusOK, reply.status, reply)
				delivered := target.delivered()
				assert.Len(t, delivered, 240)
				t.Logf("sent %d bytes, %d as calls", len(send(body)), len(strings.Join(delivered, "")))
			})
		}
	}
}
