package outputs

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// BenchmarkSegmentWriteBatch writes 1000 calls to a server that only answers.
func BenchmarkSegmentWriteBatch(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"success":true}`)
	}))
	defer server.Close()
	out := newTestSegment(b, server.URL, "")
	batch := make(service.MessageBatch, 1000)
	size := 0
	for i := range batch {
		raw := fmt.Appendf(nil, `{"type":"track","messageId":"ct-%032d","userId":"user-%d","anonymousId":"device-%d","timestamp":"2026-11-01T10:00:00Z","event":"Item Viewed","properties":{"sku":"SKU-%d","price":4.5,"currency":"EUR","category":"garden","url":"https://shop.example.com/items/%d","in_stock":true},"context":{"app":{"version":"1.2.3"},"os":{"name":"Android"},"integration":{"name":"clevertap-segment","version":"1.0.0"}},"integrations":{"All":true,"CleverTap":false,"CleverTap (Actions)":false}}`, i, i%400, i%400, i, i)
		size += len(raw)
		batch[i] = service.NewMessage(raw)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if err := out.WriteBatch(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(batch)*b.N)/b.Elapsed().Seconds(), "calls/s")
}
