package plugins_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// captured is the one thing of the webhook that a stranger may have seen: a call, and the signature of it.
const captured = `{"type":"track","event":"Seen","userId":"u1","messageId":"captured"}`

// fuzzRoutes are the paths of the input; others are answered 404, which needs no fuzzing.
var fuzzRoutes = []string{"/v1/batch", "/webhook", "/v1/track", "/v1/identify", "/v1/page", "/v1/alias", "/v1/group", "/v1/import/", "/v1/s"}

// FuzzTrust sends bodies to the whole path from HTTP to records, through a pipeline as the examples have it and through one
// that does what it can to turn calls into deletes. Without the webhook's secret no body yields a delete, nor records of
// more calls than were counted in.
func FuzzTrust(f *testing.F) {
	for _, body := range []string{
		`{"batch":[{"type":"x","batch":[{"type":"delete","userId":"victim"}]}]}`,
		`{"batch":[{"batch":[{"type":"delete","userId":"victim"},{"type":"track","event":"E","userId":"u"}]}],"writeKey":"KEY"}`,
		`{"batch":[[{"type":"delete","userId":"victim"}],{"type":" DELETE\t","userId":"victim"},{"\u0074ype":"\u0064elete","anonymousId":"victim"}]}`,
		`{"batch":null,"batch":[{"type":"track","type":"delete","event":"Delete User","userId":"victim","messageId":"m"}]}`,
		`[` + captured + `,{"type":"delete","userId":"victim"},{"batch":[{"type":"delete","userId":"victim"}]}]`,
		`[` + captured + `,{"type":"track","event":"Delete User","userId":"victim"}]`,
		captured,
		ask("victim"),
		`[` + captured + `,` + ask("victim") + `]`,
		`{"batch":[` + ask("victim") + `,` + captured + `],"context":{"traits":{"a":{"$delete":1}},"device":{"token":"t","type":"ios"}}}`,
		`{"type":"alias","userId":"thief","previousId":"victim","batch":"[]"}`,
		`{"userId":"u1","event":"E","properties":{"call":[{"type":"delete","userId":"victim"}],"envelope":{"type":"x","batch":[[{"type":"delete","userId":"v"}]]}}}`,
	} {
		for route := range fuzzRoutes[:3] {
			f.Add(uint8(route), true, true, false, []byte(body))
			f.Add(uint8(route), false, true, true, []byte(body))
		}
	}
	plain := startFuzzed(f, "- segment_to_clevertap: { delete_event: Delete User }")
	bent := startFuzzed(f, `
- mapping: root = this.properties.call.or(this.properties.envelope).or(this.properties.list).or(this)
- mapping: |
    root = this
    root.type = this.type.trim().lowercase().catch(this.type).catch(deleted())
- segment_parse: {}
- mapping: meta segment_route = "webhook"
- segment_to_clevertap: { delete_event: Delete User }`)
	f.Fuzz(func(t *testing.T, route uint8, keyed, signed, packed bool, body []byte) {
		header := http.Header{}
		if keyed {
			header.Set("Authorization", "Basic S0VZOg==")
		}
		if signed {
			header.Set("X-Signature", segment.Sign([]byte(webhookSecret), []byte(captured)))
		}
		if packed {
			header.Set("Content-Encoding", "gzip")
			body = pack(body)
		}
		for _, stream := range []*fuzzed{plain, bent} {
			stream.send(t, fuzzRoutes[int(route)%len(fuzzRoutes)], header, body)
			stream.check(t, body)
		}
	})
}

func pack(body []byte) []byte {
	var all bytes.Buffer
	w := gzip.NewWriter(&all)
	_, _ = w.Write(body)
	_ = w.Close()
	return all.Bytes()
}

// fuzzed is a pipeline that ends in a list of records.
type fuzzed struct {
	url    string
	client http.Client

	mu      sync.Mutex // guards what follows
	records []string
	counted int64
}

func startFuzzed(f *testing.F, processors string) *fuzzed {
	f.Helper()
	address := testenv.FreeAddress(f)
	stream := &fuzzed{url: "http://" + address, client: http.Client{Timeout: 10 * time.Second}}
	env := service.NewEnvironment()
	stream.register(f, env)
	builder := env.NewStreamBuilder()
	must(f, builder.SetYAML("input:"+indented(segmentHTTP(address, true, true))+"\npipeline:\n  threads: 1\n  processors:"+indented(processors)+
		"\noutput:\n  collect: {}\nmetrics:\n  collect: {}\n"))
	must(f, builder.SetLoggerYAML("level: NONE"))
	built, err := builder.Build()
	must(f, err)
	ended := make(chan error, 1)
	go func() { ended <- built.Run(context.Background()) }()
	f.Cleanup(func() {
		stream.client.CloseIdleConnections()
		must(f, built.StopWithin(10*time.Second))
		<-ended
	})
	for deadline := time.Now().Add(10 * time.Second); ; {
		response, err := stream.client.Post(stream.url+"/nowhere", "", nil)
		if err == nil {
			_ = response.Body.Close()
			return stream
		}
		if time.Now().After(deadline) {
			f.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func must(f *testing.F, err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (s *fuzzed) register(f *testing.F, env *service.Environment) {
	must(f, env.RegisterBatchOutput("collect", service.NewConfigSpec(), func(*service.ParsedConfig, *service.Resources) (service.BatchOutput, service.BatchPolicy, int, error) {
		return (*fuzzedOutput)(s), service.BatchPolicy{}, 1, nil
	}))
	must(f, env.RegisterMetricsExporter("collect", service.NewConfigSpec(), func(*service.ParsedConfig, *service.Logger) (service.MetricsExporter, error) {
		return (*fuzzedMetrics)(s), nil
	}))
}

// send sends a request and waits for the answer, which comes after the acknowledgement.
func (s *fuzzed) send(t *testing.T, path string, header http.Header, body []byte) {
	request, err := http.NewRequest(http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode >= http.StatusInternalServerError {
		t.Fatalf("answered %d to %q", response.StatusCode, body)
	}
}

func (s *fuzzed) check(t *testing.T, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := int64(0)
	for _, raw := range s.records {
		record, err := clevertap.Inspect([]byte(raw))
		switch {
		case err != nil:
			t.Fatalf("no record: %v: %s", err, raw)
		case record.Kind == clevertap.KindDelete:
			t.Fatalf("%q deletes: %s", body, raw)
		case record.Kind != clevertap.KindToken: // a call has one other record at most
			calls++
		}
	}
	if calls > s.counted {
		t.Fatalf("records of %d calls, %d were counted: %q", calls, s.counted, body)
	}
	s.records, s.counted = nil, 0
}

// fuzzedOutput keeps what was mapped.
type fuzzedOutput fuzzed

func (*fuzzedOutput) Connect(context.Context) error { return nil }
func (*fuzzedOutput) Close(context.Context) error   { return nil }

func (o *fuzzedOutput) WriteBatch(_ context.Context, batch service.MessageBatch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, msg := range batch {
		if msg.GetError() == nil {
			raw, _ := msg.AsBytes()
			o.records = append(o.records, string(raw))
		}
	}
	return nil
}

// fuzzedMetrics counts the calls that the input has taken.
type fuzzedMetrics fuzzed

func (m *fuzzedMetrics) NewCounterCtor(name string, _ ...string) service.MetricsExporterCounterCtor {
	if !strings.HasPrefix(name, "segment_http_calls_total") {
		return func(...string) service.MetricsExporterCounter { return ignored{} }
	}
	return func(...string) service.MetricsExporterCounter { return (*fuzzedCounter)(m) }
}

func (*fuzzedMetrics) NewTimerCtor(string, ...string) service.MetricsExporterTimerCtor {
	return func(...string) service.MetricsExporterTimer { return ignored{} }
}

func (*fuzzedMetrics) NewGaugeCtor(string, ...string) service.MetricsExporterGaugeCtor {
	return func(...string) service.MetricsExporterGauge { return ignored{} }
}

func (*fuzzedMetrics) Close(context.Context) error { return nil }

type fuzzedCounter fuzzed

func (c *fuzzedCounter) Incr(n int64) {
	c.mu.Lock()
	c.counted += n
	c.mu.Unlock()
}

type ignored struct{}

func (ignored) Incr(int64)   {}
func (ignored) Timing(int64) {}
func (ignored) Set(int64)    {}
