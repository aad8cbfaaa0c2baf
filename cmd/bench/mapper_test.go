package main

import (
	"bufio"
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment/segmentgen"
)

// BenchmarkMapCorpus maps the calls that the pipelines are measured with, bytes in and record bytes out.
func BenchmarkMapCorpus(b *testing.B) {
	do, err := forward()
	require.NoError(b, err)
	benchmarkLines(b, do, corpusLines(b, calls))
}

// BenchmarkMapBackCorpus maps the exported events that the pipelines are measured with.
func BenchmarkMapBackCorpus(b *testing.B) { benchmarkLines(b, back(), corpusLines(b, exports)) }

// BenchmarkMapSize shows what a byte costs in small calls and in large ones. It should not depend on that.
func BenchmarkMapSize(b *testing.B) {
	for _, size := range []int{1500, 3000, 6000, 12_000, 24_000, 32_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			do, err := forward()
			require.NoError(b, err)
			g := segmentgen.New(segmentgen.Config{Seed: corpusSeed, Mix: segmentgen.Mix{Track: 1}, Size: size})
			lines := make([][]byte, 200)
			total := 0
			for i := range lines {
				lines[i] = g.Next()
				total += len(lines[i])
			}
			benchmarkLines(b, do, lines)
			perLine := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			b.ReportMetric(perLine*float64(len(lines))/float64(total), "ns/byte")
		})
	}
}

func TestBlocksHoldEveryLineOnceAndInOrder(t *testing.T) {
	var file bytes.Buffer
	for i := range 2 * blockBytes / 100 {
		fmt.Fprintf(&file, "%0*d\n", 1+i%200, i)
	}
	var b block
	var all bytes.Buffer
	scanner, blocks := bufio.NewScanner(bytes.NewReader(file.Bytes())), 0
	for b.read(scanner) {
		blocks++
		for line := range b.lines {
			all.Write(append(line[:len(line):len(line)], '\n'))
		}
	}
	require.NoError(t, scanner.Err())
	require.Greater(t, blocks, 1)
	require.Equal(t, file.String(), all.String())
}

func corpusLines(b *testing.B, kind corpusKind) [][]byte {
	b.Helper()
	var out bytes.Buffer
	require.NoError(b, writeCorpus(&out, kind, options{calls: 5000}))
	return bytes.Split(bytes.TrimSuffix(out.Bytes(), []byte{'\n'}), []byte{'\n'})
}

func benchmarkLines(b *testing.B, do mapLine, lines [][]byte) {
	b.Helper()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, _, err := do(lines[i%len(lines)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
