package outputs

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// BenchmarkClevertapWriteBatch writes 1000 records to a server that only answers.
func BenchmarkClevertapWriteBatch(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{ "status" : "success" , "processed" : 1000 , "unprocessed" : [ ] }`)
	}))
	defer server.Close()
	out := newTestOutput(b, server.URL, "")
	batch := make(service.MessageBatch, 1000)
	size := 0
	for i := range batch {
		raw := fmt.Appendf(nil, `{"type":"event","identity":"user-%d","ts":1700000000,"evtName":"Item Viewed","evtData":{"sku":"SKU-%d","price":4.5,"currency":"EUR","category":"garden","url":"https://shop.example.com/items/%d","in_stock":true,"CT Source":"segment"}}`, i%400, i, i)
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
}
