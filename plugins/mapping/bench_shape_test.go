package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// Costs must grow with what a call holds and no faster: in each of these benchmarks ns/part stays about the same from one
// size to the next.

// BenchmarkProperties maps events of more and more properties.
func BenchmarkProperties(b *testing.B) {
	benchmarkShape(b, []int{100, 200, 400, 800, 1600, 10_000}, func(n int) string {
		return track(joined(n, func(i int) string { return fmt.Sprintf(`"Property %d":"value %d"`, i, i) }))
	})
}

// BenchmarkCollisions maps properties that all meet in one key.
func BenchmarkCollisions(b *testing.B) {
	same := strings.Repeat("x", 120)
	benchmarkShape(b, []int{100, 200, 400, 800}, func(n int) string {
		return track(joined(n, func(i int) string { return fmt.Sprintf(`"%s%d":%d`, same, i, i) }))
	})
}

// BenchmarkLongNames maps an object of many members under a name that is far too long for a key.
func BenchmarkLongNames(b *testing.B) {
	benchmarkShape(b, []int{100, 200, 400, 800, 1600}, func(n int) string {
		return track(`"` + strings.Repeat("long name ", n) + `":{` +
			joined(n, func(i int) string { return fmt.Sprintf(`"m%d":%d`, i, i) }) + `}`)
	})
}

// BenchmarkNested maps objects in objects, up to the depth that the parser takes.
func BenchmarkNested(b *testing.B) {
	benchmarkShape(b, []int{35, 70, 140, 280}, func(n int) string {
		return track(`"a":` + strings.Repeat(`{"b":1,"c":`, n) + "1" + strings.Repeat("}", n))
	})
}

// BenchmarkItems maps orders of more and more products, of which CleverTap takes 256.
func BenchmarkItems(b *testing.B) {
	benchmarkShape(b, []int{32, 64, 128, 256, 512}, func(n int) string {
		products := joined(n, func(i int) string { return fmt.Sprintf(`{"sku":"s-%d","price":%d.5,"name":"Cup"}`, i, i) })
		return `{"type":"track","userId":"u","event":"Order Completed","properties":{"order_id":"o","total":5,"products":[` + products + `]}}`
	})
}

// BenchmarkSize maps calls of more and more text, up to the 32 KB that Segment takes.
func BenchmarkSize(b *testing.B) {
	benchmarkShape(b, []int{4 << 10, 8 << 10, 16 << 10, 32 << 10}, func(n int) string {
		text := strings.Repeat("fifty bytes of text that goes on and on and on; ", 8)
		return track(joined(n/400, func(i int) string { return fmt.Sprintf(`"Text %d":"%s"`, i, text) }))
	})
}

// BenchmarkBatch maps batches of calls, those of one user and those of many.
func BenchmarkBatch(b *testing.B) {
	for _, users := range []int{1, 1000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			benchmarkShape(b, []int{250, 500, 1000, 2000}, func(n int) string {
				return `{"context":{"ip":"203.0.113.1"},"integrations":{"All":true},"batch":[` + joined(n, func(i int) string {
					return fmt.Sprintf(`{"type":"identify","userId":"u%d","traits":{"plan":"gold","email":"u%d@example.com"}}`, i%users, i%users)
				}) + `]}`
			})
		})
	}
}

// benchmarkShape maps the document that build makes for each count of parts.
func benchmarkShape(b *testing.B, counts []int, build func(int) string) {
	for _, count := range counts {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			mapper, err := mapping.NewMapper(mapping.DefaultOptions(mapping.Server))
			if err != nil {
				b.Fatal(err)
			}
			benchmarkDocument(b, mapper, []byte(build(count)))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count), "ns/part")
		})
	}
}

func benchmarkDocument(b *testing.B, mapper *mapping.Mapper, document []byte) {
	var parser segment.Parser
	var call segment.Call
	b.ReportAllocs()
	for b.Loop() {
		doc, err := parser.Parse(document)
		if err != nil {
			b.Fatal(err)
		}
		for i := range doc.Calls() {
			if err = doc.Decode(i, &call); err != nil {
				b.Fatal(err)
			}
			if _, err := mapper.Map(&call, segment.Sender{}, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func track(properties string) string {
	return `{"type":"track","userId":"u","event":"E","properties":{` + properties + `}}`
}

func joined(n int, part func(int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = part(i)
	}
	return strings.Join(parts, ",")
}
