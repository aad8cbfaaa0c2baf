package inputs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
	"go.uber.org/goleak"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap/clevertaptest"
)

// standing are goroutines of fasthttp that stay when a server has ended: its clock for good, and for ten seconds at most
// what looks after idle workers.
var standing = []goleak.Option{
	goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
	goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, standing...) }

// fastPace is a pace for tests: everything is over within milliseconds.
var fastPace = exportPace{
	progress: time.Millisecond, maxProgress: time.Millisecond, patience: 20 * time.Millisecond,
	throttled: time.Millisecond, retry: time.Millisecond, maxRetry: time.Millisecond, retries: 3, again: time.Millisecond,
}

// today is when most tests take place: late in the evening in Kolkata, afternoon in UTC.
var today = time.Date(2026, 3, 10, 17, 0, 0, 0, time.UTC)

// clock is one that tests turn, for the stand-in and the inputs alike.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// exportTest is a stand-in with a clock, and what outlives a process: the caches.
type exportTest struct {
	*testing.T
	fake  *clevertaptest.Server
	url   string
	clock *clock
	zone  *time.Location
	cache *testCache
	log   *logText
}

// logText is what a component has logged.
type logText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// lines are those of a level that hold all of the parts.
func (l *logText) lines(level string, parts ...string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		missing := slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) })
		if !missing && strings.Contains(line, "level="+level) {
			found = append(found, line)
		}
	}
	return found
}

func newExportTest(t *testing.T, zone string, lines ...string) *exportTest {
	t.Helper()
	location, err := time.LoadLocation(zone)
	require.NoError(t, err)
	c := &clock{now: today}
	fake := clevertaptest.New(clevertaptest.Options{TimeZone: location, Now: c.Now, InProgress: -1, MaxEvents: 300_000})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	x := &exportTest{t, fake, server.URL, c, location, newTestCache(), &logText{}}
	x.seed(lines...)
	return x
}

func (x *exportTest) seed(lines ...string) {
	x.Helper()
	require.NoError(x, x.fake.Seed(strings.NewReader(strings.Join(lines, "\n"))))
}

func (x *exportTest) config(more string) string {
	return "account_id: TEST-ACCOUNT\npasscode: TEST-PASSCODE\nurl: " + x.url +
		"\ncheckpoint_cache: c\ntimezone: " + x.zone.String() + "\nfrom: '2026-03-01'\n" + more
}

func (x *exportTest) parse(spec *service.ConfigSpec, more string) (*service.ParsedConfig, *service.Resources) {
	x.Helper()
	parsed, err := spec.ParseYAML(x.config(more), nil)
	require.NoError(x, err)
	log := service.NewLoggerFromSlog(slog.New(slog.NewTextHandler(x.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	return parsed, service.MockResources(service.MockResourcesOptAddCache("c"), service.MockResourcesOptUseLogger(log))
}

// events builds the input as a process does that was just started.
func (x *exportTest) events(more string) *exportReader {
	x.Helper()
	in, err := newClevertapEventsFromParsed(x.parse(clevertapEventsSpec(), more))
	require.NoError(x, err)
	return x.prepare(in.reader)
}

func (x *exportTest) profiles(more string) *exportReader {
	x.Helper()
	in, err := newClevertapProfilesFromParsed(x.parse(clevertapProfilesSpec(), more))
	require.NoError(x, err)
	return x.prepare(in.reader)
}

func (x *exportTest) prepare(r *exportReader) *exportReader {
	r.now, r.requests.pace = x.clock.Now, fastPace
	r.store.access = func(_ context.Context, use func(service.Cache) error) error { return use(x.cache) }
	require.NoError(x, r.connect(x.Context()))
	x.Cleanup(func() { require.NoError(x, r.close()) })
	return r
}

// rest reads and acknowledges everything to the end, page by page.
func (x *exportTest) rest(r *exportReader) (pages []service.MessageBatch) {
	x.Helper()
	for {
		batch, ack, err := r.read(x.Context())
		if err == service.ErrEndOfInput {
			return pages
		}
		require.NoError(x, err)
		require.NoError(x, ack(x.Context(), nil))
		pages = append(pages, batch)
	}
}

// texts are the contents of messages with the metadata that tells equal records apart.
func texts(pages ...service.MessageBatch) (all []string) {
	for _, page := range pages {
		for _, message := range page {
			content, _ := message.AsBytes()
			occurrence, _ := message.MetaGet(metaOccurrence)
			all = append(all, string(content)+"#"+occurrence)
		}
	}
	return all
}

// bought is a line of a seed.
func bought(person string, n int, at time.Time) string {
	return fmt.Sprintf(`{"type":"event","objectId":%q,"ts":%d,"evtName":"Bought","evtData":{"n":%d}}`, person, at.Unix(), n)
}

func lateBy(d time.Duration, line string) string {
	var record struct{ TS int64 }
	if err := json.Unmarshal([]byte(line), &record); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(line, "}") + fmt.Sprintf(`,"arrives":%d}`, record.TS+int64(d.Seconds()))
}

// testCache is a cache that survives its components, and can fail or tear a write on order.
type testCache struct {
	mu     sync.Mutex
	values map[string][]byte
	fail   func(op, key string) error
	tear   func(key string) bool
}

func newTestCache() *testCache { return &testCache{values: map[string][]byte{}} }

func (c *testCache) failing(op, key string) error {
	if c.fail == nil {
		return nil
	}
	return c.fail(op, key)
}

func (c *testCache) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.failing("get", key); err != nil {
		return nil, err
	}
	value, ok := c.values[key]
	if !ok {
		return nil, service.ErrKeyNotFound
	}
	return value, nil
}

func (c *testCache) Set(_ context.Context, key string, value []byte, _ *time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tear != nil && c.tear(key) {
		c.values[key] = value[:len(value)/2]
		return fmt.Errorf("killed")
	}
	if err := c.failing("set", key); err != nil {
		return err
	}
	c.values[key] = value
	return nil
}

func (c *testCache) Add(ctx context.Context, key string, value []byte, ttl *time.Duration) error {
	return c.Set(ctx, key, value, ttl)
}

func (c *testCache) Delete(_ context.Context, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.failing("delete", key); err != nil {
		return err
	}
	delete(c.values, key)
	return nil
}

func (c *testCache) Close(context.Context) error { return nil }

func (c *testCache) keys(part string) (keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.values {
		if strings.Contains(key, part) {
			keys = append(keys, key)
		}
	}
	return keys
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

// exchangeOf is a request that did not come over the network.
func exchangeOf(r *http.Request) *exchange {
	ctx := &fasthttp.RequestCtx{}
	fasthttpadaptor.ConvertNetHTTPRequestToFastHTTPRequest(r, &ctx.Request)
	return &exchange{ctx: ctx, path: r.URL.Path}
}
