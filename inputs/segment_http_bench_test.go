package inputs

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

// BenchmarkSegmentHTTP is the handler with a pipeline that acknowledges at once, without the network: cmd/bench-http
// measures the whole.
func BenchmarkSegmentHTTP(b *testing.B) {
	for _, calls := range []int{1, 100} {
		b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) {
			body := benchBatch(calls)
			in := benchSegmentHTTP(b)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/v1/batch", bytes.NewReader(body))
				x := exchangeOf(r)
				in.handler.serveHTTP(x)
				if status := x.ctx.Response.StatusCode(); status != http.StatusOK {
					b.Fatal(status)
				}
			}
		})
	}
}

// BenchmarkSegmentHTTP_Dedupe is the same with a dedupe_cache in memory. That cache finds nothing, so that each request can
// be the same.
func BenchmarkSegmentHTTP_Dedupe(b *testing.B) {
	for _, calls := range []int{1, 100} {
		b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) {
			body := benchBatch(calls)
			in := benchSegmentHTTPWith(b, "dedupe_cache: ids", emptyCache{})
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/v1/batch", bytes.NewReader(body))
				x := exchangeOf(r)
				in.handler.serveHTTP(x)
				if status := x.ctx.Response.StatusCode(); status != http.StatusOK {
					b.Fatal(status)
				}
			}
		})
	}
}

// emptyCache takes what a map takes, and keeps nothing.
type emptyCache struct{ service.Cache }

var (
	emptyMu  sync.RWMutex
	emptyMap = map[string][]byte{}
)

func (emptyCache) Get(_ context.Context, key string) ([]byte, error) {
	emptyMu.RLock()
	defer emptyMu.RUnlock()
	if value, ok := emptyMap[key]; ok {
		return value, nil
	}
	return nil, service.ErrKeyNotFound
}

func (emptyCache) Set(_ context.Context, key string, value []byte, _ *time.Duration) error {
	emptyMu.Lock()
	defer emptyMu.Unlock()
	emptyMap[key] = value
	delete(emptyMap, key)
	return nil
}

func benchSegmentHTTP(b *testing.B) *segmentHTTP {
	b.Helper()
	return benchSegmentHTTPWith(b, "", nil)
}

func benchSegmentHTTPWith(b *testing.B, config string, cache service.Cache) *segmentHTTP {
	b.Helper()
	parsed, err := segmentHTTPSpec().ParseYAML("integration: Benchmark\n"+config, nil)
	require.NoError(b, err)
	c, err := segmentHTTPConfigFromParsed(parsed)
	require.NoError(b, err)
	access := func(_ context.Context, use func(service.Cache)) error {
		use(cache)
		return nil
	}
	in := newSegmentHTTP(c, access, nil, nil)
	ctx, stop := context.WithCancel(context.Background())
	b.Cleanup(stop)
	go func() {
		for {
			select {
			case parcel := <-in.handover.parcels:
				if parcel.take() {
					_ = parcel.ack(ctx, nil)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return in
}

func benchBatch(calls int) []byte {
	g := segmentgen.New(segmentgen.Config{Seed: 1, Mix: segmentgen.SpeedMix, Size: 1500})
	body := []byte(`{"batch":[`)
	for i := range calls {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, g.Next()...)
	}
	return append(body, "]}"...)
}
