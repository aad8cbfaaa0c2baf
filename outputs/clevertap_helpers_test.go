package outputs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/require"
)

// fastRetries are settings for tests: everything is over within milliseconds.
const fastRetries = "max_retries: 3\nbackoff: { initial_interval: 1ms, max_interval: 2ms, max_elapsed_time: 10s }\n"

func newTestOutput(t testing.TB, url, config string) *clevertapOutput {
	t.Helper()
	out := parsedOutput(t, url, config)
	require.NoError(t, out.Connect(t.Context()))
	t.Cleanup(func() { require.NoError(t, out.Close(t.Context())) })
	return out
}

func parsedOutput(t require.TestingT, url, config string) *clevertapOutput {
	parsed, err := clevertapSpec().ParseYAML("account_id: TEST-ACCOUNT\npasscode: TEST-PASSCODE\nurl: "+url+"\n"+config, nil)
	require.NoError(t, err)
	out, _, _, err := newClevertapFromParsed(parsed, service.MockResources())
	require.NoError(t, err)
	return out.(*clevertapOutput)
}

// registerChanged registers the output under the name `changed`, with a change.
func registerChanged(t *testing.T, env *service.Environment, change func(*clevertapOutput)) {
	t.Helper()
	require.NoError(t, env.RegisterBatchOutput("changed", clevertapSpec(), func(conf *service.ParsedConfig, mgr *service.Resources) (service.BatchOutput, service.BatchPolicy, int, error) {
		out, policy, inFlight, err := newClevertapFromParsed(conf, mgr)
		if err == nil {
			change(out.(*clevertapOutput))
		}
		return out, policy, inFlight, err
	}))
}

func batchOf(records ...string) service.MessageBatch {
	batch := make(service.MessageBatch, len(records))
	for i, record := range records {
		batch[i] = service.NewMessage([]byte(record))
	}
	return batch
}

func event(person, name string) string {
	return fmt.Sprintf(`{"type":"event","identity":%q,"evtName":%q,"evtData":{}}`, person, name)
}

// failures returns the texts of a batch's failures by index.
func failures(t require.TestingT, batch service.MessageBatch, err error) map[int]string {
	texts := map[int]string{}
	if err == nil {
		return texts
	}
	var failed *service.BatchError
	require.ErrorAs(t, err, &failed)
	require.NotNil(t, failed)
	require.NotZero(t, failed.IndexedErrors())
	//lint:ignore SA1019 the batch is the very one that was written, so its indexes are right
	failed.WalkMessages(func(i int, _ *service.Message, err error) bool {
		if err != nil {
			texts[i] = err.Error()
		}
		return true
	})
	require.Len(t, texts, failed.IndexedErrors())
	return texts
}

// scripted is a server that answers as told and remembers what it was asked.
type scripted struct {
	URL    string
	answer func(request) (status int, body string)

	mu       sync.Mutex
	requests []request
}

// request is what a request held: the records of an upload, or the ids of a delete.
type request struct {
	path    string
	query   string
	records []string
}

// names are the event names of the records, or what else there is.
func (r request) names() string {
	names := []string{}
	for _, raw := range r.records {
		var record struct{ EvtName, Type string }
		if json.Unmarshal([]byte(raw), &record) != nil || record.EvtName == "" {
			record.EvtName = strings.Trim(raw, `"`)
		}
		names = append(names, record.EvtName)
	}
	return strings.Join(names, " ")
}

func newScripted(t testing.TB, answer func(request) (int, string)) *scripted {
	t.Helper()
	s := &scripted{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, err := readRequest(r)
	if err != nil {
		http.Error(w, "unreadable", http.StatusTeapot)
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, asked)
	status, body := s.answer(asked)
	s.mu.Unlock()
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func readRequest(r *http.Request) (request, error) {
	var body map[string][]json.RawMessage
	err := json.NewDecoder(r.Body).Decode(&body)
	asked := request{path: r.URL.Path, query: r.URL.RawQuery}
	for _, list := range body {
		for _, raw := range list {
			asked.records = append(asked.records, string(raw))
		}
	}
	if len(body) != 1 {
		err = errors.Join(err, errors.New("one list is expected"))
	}
	return asked, err
}

// sent are the names of what came, request by request.
func (s *scripted) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := []string{}
	for _, r := range s.requests {
		names = append(names, r.names())
	}
	return names
}

// accepting answers that all records but those with one of the codes' names were taken.
func accepting(codes map[string]int) func(request) (int, string) {
	return func(r request) (int, string) {
		if strings.Contains(r.path, "delete") {
			return 200, `{"status":"success"}`
		}
		unprocessed := []string{}
		for i, name := range strings.Fields(r.names()) {
			if code := codes[name]; code != 0 {
				unprocessed = append(unprocessed, fmt.Sprintf(`{"status":"fail","code":%d,"error":"Refused. Skipped record number : %d","record":{}}`, code, i+1))
			}
		}
		return 200, fmt.Sprintf(`{"status":"partial","processed":%d,"unprocessed":[%s]}`, len(r.records)-len(unprocessed), strings.Join(unprocessed, ","))
	}
}

// first answers the first requests as given, and the others as accepting does.
func first(answers ...string) func(request) (int, string) {
	rest := accepting(nil)
	return func(r request) (int, string) {
		if len(answers) == 0 {
			return rest(r)
		}
		status, body, _ := strings.Cut(answers[0], " ")
		answers = answers[1:]
		var code int
		_, _ = fmt.Sscan(status, &code)
		return code, body
	}
}
