package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A comparison with a mapping that does another job, or half of it, would say nothing.
func TestTheMappingByHandWritesWhatSegmentToClevertapWrites(t *testing.T) {
	dir := t.TempDir()
	mapping := filepath.Join(dir, "to_clevertap.blobl")
	require.NoError(t, os.WriteFile(mapping, bloblangMapping, 0o600))
	c, err := makeCorpus(dir, calls, options{calls: 600})
	require.NoError(t, err)

	byHand := mapped(t, c.path, strings.ReplaceAll(byHand, "{mapping}", mapping))
	ours := mapped(t, c.path, `segment_to_clevertap: { push_tokens: "off" }`)
	require.Len(t, byHand, c.Kept)
	require.Len(t, ours, c.Kept)
	kinds := map[string]int{}
	for i, record := range ours {
		require.Equal(t, record, byHand[i])
		name, _ := record.content["evtName"].(string)
		kinds[record.kind+" "+name]++
	}
	for _, kind := range []string{"profile ", "event Charged", "event Web Page Viewed", "event App Screen Viewed", "event Signed Up"} {
		assert.Positive(t, kinds[kind], kind)
	}
}

type written struct {
	kind, messageID string
	content         map[string]any
}

// mapped runs a file through a processor.
func mapped(t *testing.T, path, processor string) (all []written) {
	t.Helper()
	builder := service.NewStreamBuilder()
	require.NoError(t, builder.SetLoggerYAML(`level: OFF`))
	require.NoError(t, builder.AddInputYAML(`file: { paths: [ '`+path+`' ], scanner: { lines: {} } }`))
	require.NoError(t, builder.AddProcessorYAML(processor))
	builder.SetThreads(1)
	require.NoError(t, builder.AddConsumerFunc(func(_ context.Context, msg *service.Message) error {
		if err := msg.GetError(); err != nil {
			return err
		}
		raw, err := msg.AsBytes()
		if err != nil {
			return err
		}
		record := written{content: readRecord(t, raw)}
		record.kind, _ = msg.MetaGet("clevertap_type")
		record.messageID, _ = msg.MetaGet("segment_message_id")
		all = append(all, record)
		return nil
	}))
	stream, err := builder.Build()
	require.NoError(t, err)
	require.NoError(t, stream.Run(t.Context()))
	return all
}

// readRecord keeps numbers as they are written. Space around values is trimmed by segment_to_clevertap only.
func readRecord(t *testing.T, raw []byte) (record map[string]any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&record))
	return trimmed(record).(map[string]any)
}

func trimmed(value any) any {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		// Bloblang writes an amount that was text as 12.5, not as 12.50.
		if strings.Contains(v.String(), ".") {
			return json.Number(strings.TrimRight(strings.TrimRight(v.String(), "0"), "."))
		}
	case []any:
		for i := range v {
			v[i] = trimmed(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = trimmed(v[key])
		}
	}
	return value
}
