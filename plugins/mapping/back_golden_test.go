package mapping_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/jsontree"
	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
)

// TestGoldenBack maps the documents of each folder of testdata/back, each folder one source or option.
func TestGoldenBack(t *testing.T) {
	files, err := filepath.Glob("testdata/back/*/documents.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			got := mapAllBack(t, file, backOptions(t, folder))
			golden := filepath.Join(folder, "golden.jsonl")
			if *update {
				require.NoError(t, os.WriteFile(golden, got, 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			compareLines(t, string(want), string(got))
		})
	}
}

func backOptions(t *testing.T, folder string) mapping.BackOptions {
	o := mapping.DefaultBackOptions()
	raw, err := os.ReadFile(filepath.Join(folder, "options.json"))
	if os.IsNotExist(err) {
		return o
	}
	require.NoError(t, err)
	named := struct {
		Emit              *mapping.Emit       `json:"emit"`
		UserIDFrom        *mapping.UserIDFrom `json:"user_id_from"`
		ChargedAs         *string             `json:"charged_as"`
		SpecNames         *bool               `json:"spec_names"`
		DropSegmentOrigin *bool               `json:"drop_segment_origin"`
	}{&o.Emit, &o.UserIDFrom, &o.ChargedAs, &o.SpecNames, &o.DropSegmentOrigin}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&named))
	return o
}

func testOrigin() mapping.Origin {
	zone, err := mapping.ParseZone("Asia/Kolkata")
	if err != nil {
		panic(err) // the machine has no time zones
	}
	return mapping.Origin{AccountID: "TEST-ACCOUNT", Zone: zone, Day: "2026-03-02", Occurrence: "0",
		WebhookEvent: "CleverTap Campaign Triggered"}
}

func mapAllBack(t *testing.T, file string, options mapping.BackOptions) []byte {
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	mapper := mapping.NewBackMapper(options)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for line := range strings.Lines(string(raw)) {
		var named struct {
			Rule     string
			Document json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(line), &named))
		result := mapBack(mapper, named.Document, testOrigin())
		result.Rule = named.Rule
		require.NoError(t, encoder.Encode(result))
	}
	return out.Bytes()
}

// backOutcome is one line of a golden file of the way back.
type backOutcome struct {
	Rule    string            `json:"rule"`
	Calls   []json.RawMessage `json:"calls,omitempty"`
	Dropped string            `json:"dropped,omitempty"`
	Error   string            `json:"error,omitempty"`
}

func mapBack(mapper *mapping.BackMapper, raw []byte, origin mapping.Origin) backOutcome {
	var parser jsontree.Parser
	doc, err := parser.Parse(raw)
	if err != nil {
		return backOutcome{Error: err.Error()}
	}
	result, err := mapper.Map(doc, origin)
	if err != nil {
		return backOutcome{Error: err.Error()}
	}
	o := backOutcome{Dropped: string(result.Dropped)}
	for _, call := range result.Calls {
		o.Calls = append(o.Calls, call.JSON)
	}
	return o
}
