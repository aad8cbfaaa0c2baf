package mapping_test

import (
	"testing"

	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

// BenchmarkMap maps calls of 1.5 KB on average, bytes in and record bytes out, with all rules on.
func BenchmarkMap(b *testing.B) {
	calls := generated(5000)
	for _, mode := range []mapping.Mode{mapping.Server, mapping.Mobile} {
		b.Run(string(mode), func(b *testing.B) {
			options := mapping.DefaultOptions(mode)
			options.AnonymousID = mapping.Separate // so that no call is refused
			mapper, err := mapping.NewMapper(options)
			if err != nil {
				b.Fatal(err)
			}
			benchmarkCalls(b, mapper, calls)
		})
	}
}

// BenchmarkParse is the share of the parser in BenchmarkMap.
func BenchmarkParse(b *testing.B) {
	calls := generated(5000)
	var parser segment.Parser
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		doc, err := parser.Parse(calls[i%len(calls)])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := doc.Call(0); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func benchmarkCalls(b *testing.B, mapper *mapping.Mapper, calls [][]byte) {
	var parser segment.Parser
	var call segment.Call // on the heap once, not once a call
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		doc, err := parser.Parse(calls[i%len(calls)])
		if err != nil {
			b.Fatal(err)
		}
		if err = doc.Decode(0, &call); err != nil {
			b.Fatal(err)
		}
		if _, err := mapper.Map(&call, segment.Sender{}, nil); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func generated(n int) [][]byte {
	generator := segmentgen.New(segmentgen.Config{Seed: 1, Mix: segmentgen.SpeedMix, Size: 1500})
	calls := make([][]byte, n)
	for i := range calls {
		calls[i] = generator.Next()
	}
	return calls
}
