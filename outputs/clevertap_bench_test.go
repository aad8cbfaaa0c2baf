package outputs

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// BenchmarkClevertapWriteBatch writes 1000 records of 0.9 KB, as busy shops send them, to a server that only answers.
func BenchmarkClevertapWriteBatch(b *testing.B) {
	server := newAnsweringServer()
	defer server.Close()
	for name, people := range map[string]int{"one person": 1, "400 people": 400, "1000 people": 1000} {
		b.Run(name, func(b *testing.B) {
			out := newTestOutput(b, server.URL, "")
			out.sender.queue.handOver = 0 // nobody is told
			batch, size := benchBatch(people)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := out.WriteBatch(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// newAnsweringServer only reads and answers.
func newAnsweringServer() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{ "status" : "success" , "processed" : 1000 , "unprocessed" : [ ] }`)
	}))
}

func benchBatch(people int) (batch service.MessageBatch, size int) {
	property := strings.Builder{}
	for i := range 15 {
		fmt.Fprintf(&property, `"promotion_%d":"free shipping on orders above %d €",`, i, i*10)
	}
	for i := range 1000 {
		raw := fmt.Appendf(nil, `{"type":"event","identity":"user-%d","ts":1700000000,"evtName":"Item Viewed","evtData":{"sku":"SKU-%d","price":4.5,%s"currency":"EUR","category":"garden","url":"https://shop.example.com/items/%d","in_stock":true,"CT Source":"segment"}}`, i%people, i, property.String(), i)
		size += len(raw)
		batch = append(batch, service.NewMessage(raw))
	}
	return batch, size
}
