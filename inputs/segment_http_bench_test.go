package inputs

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

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

func benchSegmentHTTP(b *testing.B) *segmentHTTP {
	b.Helper()
	parsed, err := segmentHTTPSpec().ParseYAML("integration: Benchmark", nil)
	require.NoError(b, err)
	c, err := segmentHTTPConfigFromParsed(parsed)
	require.NoError(b, err)
	in := newSegmentHTTP(c, nil, nil, nil)
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
