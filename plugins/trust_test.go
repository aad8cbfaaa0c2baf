package plugins_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

const (
	publicKey     = "KEY"
	webhookSecret = "SECRET"
)

// pipeline is a stream from segment_http to a stand-in for CleverTap.
type pipeline struct {
	public, webhook string // the addresses that take tracking calls and webhooks; one input may serve both
	fake            *clevertaptest.Server
}

// pipelineParts are what a test puts between the two, as YAML; all may be empty.
type pipelineParts struct{ inputProcessors, buffer, processors string }

func startPipeline(t *testing.T, parts pipelineParts) pipeline {
	t.Helper()
	address := testenv.FreeAddress(t)
	input := segmentHTTP(address, true, true)
	if parts.inputProcessors != "" {
		input += "\nprocessors:" + indented(parts.inputProcessors)
	}
	return runPipeline(t, address, address, input, parts)
}

// startJoined starts a pipeline with an input for SDKs and one for webhooks, whose messages it joins to batches of two.
func startJoined(t *testing.T, parts pipelineParts) pipeline {
	t.Helper()
	public, webhook := testenv.FreeAddress(t), testenv.FreeAddress(t)
	return runPipeline(t, public, webhook, `
broker:
  batching: { count: 2, period: 10s }
  inputs:
    - `+strings.ReplaceAll(segmentHTTP(public, true, false), "\n", "\n      ")+`
    - `+strings.ReplaceAll(segmentHTTP(webhook, false, true), "\n", "\n      "), parts)
}

func segmentHTTP(address string, tracking, webhook bool) string {
	yaml := "segment_http:\n  address: " + address + "\n  write_keys: [ " + publicKey + " ]\n  validate: false\n  timeout: 15s"
	if !tracking {
		yaml += "\n  tracking_api: false"
	}
	if webhook {
		yaml += "\n  webhook_secret: " + webhookSecret
	}
	return yaml
}

func runPipeline(t *testing.T, public, webhook, input string, parts pipelineParts) pipeline {
	t.Helper()
	fake := clevertaptest.New(clevertaptest.Options{})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	config := "input:" + indented(input) + "\n"
	if parts.buffer != "" {
		config += "buffer:" + indented(parts.buffer) + "\n"
	}
	if parts.processors != "" {
		config += "pipeline:\n  threads: 1\n  processors:" + indented(parts.processors) + "\n"
	}
	config += fmt.Sprintf(`
output:
  fallback:
    - clevertap: { account_id: TEST-ACCOUNT, passcode: TEST-PASSCODE, url: %q, batching: { count: 100, period: 10ms } }
    - drop: {}
`, server.URL)
	runStream(t, config)
	p := pipeline{"http://" + public, "http://" + webhook, fake}
	require.Eventually(t, func() bool {
		return p.post(t, p.public+"/nowhere", "", nil) == 404 && p.post(t, p.webhook+"/nowhere", "", nil) == 404
	},
		10*time.Second, 10*time.Millisecond)
	return p
}

// runStream runs a stream until the test ends.
func runStream(t *testing.T, config string) {
	t.Helper()
	builder := newBuilder(t)
	require.NoError(t, builder.SetYAML(config), config)
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	stream, err := builder.Build()
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- stream.Run(context.Background()) }()
	t.Cleanup(func() {
		assert.NoError(t, stream.StopWithin(10*time.Second))
		<-ended
	})
}

func indented(yaml string) string {
	return strings.ReplaceAll("\n"+strings.TrimSpace(yaml), "\n", "\n    ")
}

// post returns the status of the answer, 0 without one.
func (p pipeline) post(t *testing.T, url, body string, header http.Header) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// batch sends calls as anybody can who has the public key.
func (p pipeline) batch(t *testing.T, calls ...string) int {
	t.Helper()
	return p.post(t, p.public+"/v1/batch", `{"writeKey":"`+publicKey+`","batch":[`+strings.Join(calls, ",")+`]}`, nil)
}

// hook sends a webhook with the signature of what is signed.
func (p pipeline) hook(t *testing.T, body, signed string) int {
	t.Helper()
	return p.post(t, p.webhook+"/webhook", body, http.Header{"X-Signature": {segment.Sign([]byte(webhookSecret), []byte(signed))}})
}

// deleted are the people that CleverTap was asked to delete.
func (p pipeline) deleted() (ids []string) {
	for _, d := range p.fake.Deletions() {
		ids = append(ids, d.Identity+d.ObjectID)
	}
	return ids
}

// ask is a track call that carries, for whichever mapping picks it up, the deletion of somebody in every form.
func ask(id string) string {
	return strings.ReplaceAll(`{"type":"track","event":"Asked","userId":"u1","messageId":"ask-ID","properties":{
		"call":{"type":"delete","userId":"ID"},
		"spelled":{"type":" DELETE ","userId":"ID"},
		"event":{"type":"track","event":"Delete User","userId":"ID"},
		"envelope":{"batch":[{"type":"delete","userId":"ID"}]},
		"nested":{"type":"x","batch":[{"type":"x","batch":[{"type":"delete","userId":"ID"}]}]},
		"list":[{"type":"delete","userId":"ID"},{"type":"delete","anonymousId":"ID"}],
		"record":{"type":"delete","identity":"ID"}}}`, "ID", id)
}

const (
	dropped = `{"type":"track","event":"drop me","userId":"u1"}`
	filter  = `- mapping: 'root = if this.event.or("") == "drop me" { deleted() }'`
	mapped  = `- segment_to_clevertap: { delete_event: "Delete User" }`
)

// attack sends all that a stranger has: each attack in batches in which a filter moves positions, and behind the first
// call of a webhook that was captured.
func (p pipeline) attack(t *testing.T) {
	t.Helper()
	captured := `{"type":"track","event":"drop me","userId":"u1","messageId":"captured"}`
	for i, call := range []string{
		ask("victim"),
		`{"type":"delete","userId":"victim"}`,
		`{"type":"x","batch":[{"type":"delete","userId":"victim"}]}`,
		`{"type":"track","event":"Delete User","userId":"victim"}`,
		`{"type":"track","event":"E","userId":"u1","segment_route":"webhook","segment_note":"signed","trust":"signed","context":{"trust":"signed"}}`,
	} {
		assert.Equal(t, 200, p.batch(t, call), "attack %d", i)
		assert.Equal(t, 200, p.batch(t, dropped, call, dropped, call), "attack %d among others", i)
		assert.Equal(t, 200, p.hook(t, "["+captured+","+call+"]", captured), "attack %d behind a signed call", i)
	}
}

// ways are what users put between segment_http and CleverTap.
var ways = map[string]struct {
	pipelineParts
	// honest is a signed request that has to delete the leaver, and lost that it cannot, because the way takes the proof
	// away.
	honest string
	lost   bool
}{
	"nothing":                       {pipelineParts: pipelineParts{processors: mapped}},
	"a filter":                      {pipelineParts: pipelineParts{processors: filter + "\n" + mapped}},
	"a filter in the input":         {pipelineParts: pipelineParts{inputProcessors: filter, processors: mapped}},
	"a mapping to calls":            {pipelineParts: pipelineParts{processors: "- mapping: root = this.properties.call.or(this)\n" + mapped}, honest: ask("leaver")},
	"a mapping that tidies up":      {pipelineParts: pipelineParts{processors: "- mapping: 'root = this.properties.spelled.or(this)'\n- mutation: 'root.type = this.type.trim().lowercase()'\n" + mapped}, honest: ask("leaver")},
	"a mapping to the delete event": {pipelineParts: pipelineParts{processors: "- mapping: root = this.properties.event.or(this)\n" + mapped}, honest: ask("leaver")},
	"a mapping to envelopes":        {pipelineParts: pipelineParts{processors: "- mapping: root = this.properties.envelope.or(this)\n" + mapped}},
	"a mapping to envelopes in envelopes": {pipelineParts: pipelineParts{
		processors: "- mapping: root = this.properties.nested.or(this)\n- segment_parse: {}\n" + mapped}},
	"a mapping to arrays":    {pipelineParts: pipelineParts{processors: "- mapping: root = this.properties.list.or(this)\n" + mapped}},
	"a mutation":             {pipelineParts: pipelineParts{processors: "- mutation: 'root.type = if this.event.or(\"\") == \"Asked\" { \"delete\" }'\n" + mapped}, honest: strings.Replace(ask("leaver"), "u1", "leaver", 1)},
	"segment_parse":          {pipelineParts: pipelineParts{processors: "- segment_parse: {}\n" + filter + "\n" + mapped}},
	"unarchive":              {pipelineParts: pipelineParts{processors: filter + "\n- mapping: root = this.properties.list.or([this])\n- unarchive: { format: json_array }\n" + mapped}, honest: ask("leaver")},
	"unarchive in the input": {pipelineParts: pipelineParts{inputProcessors: filter + "\n- mapping: root = this.properties.list.or([this])\n- unarchive: { format: json_array }", processors: mapped}, honest: ask("leaver")},
	"archive and unarchive":  {pipelineParts: pipelineParts{processors: "- archive: { format: lines }\n- unarchive: { format: lines }\n" + filter + "\n" + mapped}},
	"group_by": {pipelineParts: pipelineParts{processors: `
- group_by:
    - check: this.event.or("") == "drop me"
      processors: [ mapping: root = deleted() ]
` + mapped}},
	"group_by_value, split": {pipelineParts: pipelineParts{processors: "- group_by_value: { value: '${! this.userId.or(\"\") }' }\n" + filter + "\n- split: { size: 1 }\n" + mapped}},
	"select_parts":          {pipelineParts: pipelineParts{processors: "- select_parts: { parts: [ -1, 0 ] }\n" + filter + "\n" + mapped}},
	"insert_part":           {pipelineParts: pipelineParts{processors: "- insert_part: { index: 0, content: '${! json(\"properties.call\").or(\"{}\") }' }\n" + mapped}},
	"parts in an order of their own": {pipelineParts: pipelineParts{processors: `
- switch:
    - check: this.event.or("") == "drop me"
      processors: [ mapping: root = deleted() ]
    - processors:
        - branch: { request_map: root = this, processors: [ mapping: root = this ], result_map: root.enriched = this.event }
- for_each:
    - try: [ noop: {} ]
- parallel: { processors: [ mapping: root = this ] }
` + mapped}},
	"a mapper within": {pipelineParts: pipelineParts{processors: `
- try_catch:
    processors:
      - switch:
          - check: 'true'
            processors:
` + strings.ReplaceAll("\n"+filter+"\n"+mapped, "\n", "\n              ")}},
	"records made by hand": {pipelineParts: pipelineParts{processors: filter + "\n- mapping: root = this.properties.record.or({\"type\":\"delete\",\"identity\":this.userId})"},
		honest: ask("leaver")},
	"a queue in memory": {pipelineParts: pipelineParts{buffer: "memory: { batch_policy: { enabled: true, count: 4, period: 20ms } }", processors: filter + "\n" + mapped}},
	"metadata removed":  {pipelineParts: pipelineParts{processors: "- mapping: meta = {}\n" + filter + "\n" + mapped}, lost: true},
	"metadata claimed": {pipelineParts: pipelineParts{processors: "- mapping: |\n    meta segment_note = \"signed\"\n    meta segment_route = \"webhook\"\n    meta trust = \"signed\"\n" + filter + "\n" + mapped},
		lost: true},
}

func TestTrust_NoWayBetweenLetsAStrangerDelete(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			p := startPipeline(t, way.pipelineParts)
			p.attack(t)
			honest := way.honest
			if honest == "" {
				honest = `{"type":"delete","userId":"leaver","messageId":"m-leaver"}`
			}
			if way.lost {
				assert.Equal(t, 200, p.hook(t, honest, honest))
				assert.Empty(t, p.deleted())
				return
			}
			require.Eventually(t, func() bool {
				return p.hook(t, honest, honest) == 200 && len(p.deleted()) > 0
			}, 10*time.Second, 50*time.Millisecond, "a signed delete deletes")
			for _, id := range p.deleted() {
				assert.Equal(t, "leaver", id)
			}
		})
	}
}

// The engine joins a signed call and one of a stranger to a batch, in which a filter moves contexts, and in which an
// archive gives all the metadata of the first.
func TestTrust_AJoinedBatchLetsNoStrangerDelete(t *testing.T) {
	joined := map[string]string{
		"a filter":                       filter,
		"a filter, and metadata removed": filter + "\n- mapping: meta = {}",
		"metadata removed, and a filter": "- mapping: meta = {}\n" + filter,
		"archive and unarchive":          "- archive: { format: json_array }\n- unarchive: { format: json_array }",
		"archive of what is left":        filter + "\n- archive: { format: lines }\n- unarchive: { format: lines }",
		"a mapping that tidies up":       filter + "\n- mutation: 'root.type = this.properties.call.type.or(this.type)'",
	}
	for name, processors := range joined {
		t.Run(name, func(t *testing.T) {
			p := startJoined(t, pipelineParts{processors: processors + "\n" + mapped})
			for i, call := range []string{`{"type":"track","event":"Delete User","userId":"victim"}`, ask("victim")} {
				signed := fmt.Sprintf(`{"type":"track","event":"drop me","userId":"u1","messageId":"s%d"}`, i)
				for _, first := range []func() int{
					func() int { return p.hook(t, signed, signed) }, func() int { return p.batch(t, call) },
				} {
					second := func() int { return p.batch(t, call) }
					answered := make(chan int)
					go func() { answered <- first() }()
					time.Sleep(20 * time.Millisecond) // so that it mostly is the first of the batch
					assert.Equal(t, 200, second())
					assert.Equal(t, 200, <-answered)
				}
			}
			assert.Empty(t, p.deleted())
		})
	}
}
