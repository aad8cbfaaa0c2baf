package mapping_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/mapping"
	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

var update = flag.Bool("update", false, "write the golden files anew")

// outcome is one line of a golden file: what became of the call that stands in the same line of calls.jsonl.
type outcome struct {
	Rule    string            `json:"rule"`
	Records []json.RawMessage `json:"records,omitempty"`
	Fixes   string            `json:"fixes,omitempty"`
	Dropped string            `json:"dropped,omitempty"`
	Error   string            `json:"error,omitempty"`
}

// TestGolden maps the calls of each folder of testdata, each folder one rule, in both modes.
func TestGolden(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/calls.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, calls := range folders {
		folder := filepath.Dir(calls)
		for _, mode := range []mapping.Mode{mapping.Server, mapping.Mobile} {
			t.Run(filepath.Base(folder)+"/"+string(mode), func(t *testing.T) {
				got := mapAll(t, calls, folderOptions(t, folder, mode))
				golden := filepath.Join(folder, string(mode)+".golden.jsonl")
				if *update {
					require.NoError(t, os.WriteFile(golden, got, 0o644))
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				compareLines(t, string(want), string(got))
			})
		}
	}
}

// folderOptions are the mode's defaults, changed by the folder's options.json if it has one.
func folderOptions(t *testing.T, folder string, mode mapping.Mode) mapping.Options {
	options := mapping.DefaultOptions(mode)
	raw, err := os.ReadFile(filepath.Join(folder, "options.json"))
	if os.IsNotExist(err) {
		return options
	}
	require.NoError(t, err)
	var named map[string]any
	require.NoError(t, json.Unmarshal(raw, &named))
	for name, value := range named {
		setOption(t, &options, name, value)
	}
	return options
}

func setOption(t *testing.T, o *mapping.Options, name string, value any) {
	switch name {
	case "names":
		o.Names = map[string]string{}
		for from, to := range value.(map[string]any) {
			o.Names[from] = to.(string)
		}
	case "anonymous_id":
		o.AnonymousID = mapping.AnonymousID(value.(string))
	case "nested":
		o.Nested = mapping.Nested(value.(string))
	case "on_limit":
		o.OnLimit = mapping.OnLimit(value.(string))
	case "group":
		o.Group = mapping.Group(value.(string))
	case "delete_event":
		o.DeleteEvent = value.(string)
	case "delete_event_trusted":
		o.DeleteEventTrusted = value.(bool)
	case "public_calls":
		o.PublicCalls = mapping.PublicCalls(value.(string))
	case "push_tokens":
		o.PushTokens = mapping.PushTokens(value.(string))
	case "convert_dates":
		o.ConvertDates = value.(bool)
	case "source_tag":
		o.SourceTag = value.(bool)
	case "phone_region":
		o.PhoneRegion = value.(string)
	case "alias_previous":
		o.AliasPrevious = mapping.AliasPrevious(value.(string))
	case "honor_integrations":
		o.HonorIntegrations = value.(bool)
	case "page_event":
		o.PageEvent = value.(string)
	case "screen_event":
		o.ScreenEvent = value.(string)
	default:
		require.Fail(t, "no such option", name)
	}
}

func mapAll(t *testing.T, calls string, options mapping.Options) []byte {
	raw, err := os.ReadFile(calls)
	require.NoError(t, err)
	mapper, err := mapping.NewMapper(options)
	require.NoError(t, err)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for line := range strings.Lines(string(raw)) {
		var named struct {
			Rule, Sender string
			Call         json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(line), &named))
		sender, known := senders[named.Sender]
		require.True(t, known, named.Sender)
		result := mapOne(mapper, named.Call, sender, nil)
		result.Rule = named.Rule
		require.NoError(t, encoder.Encode(result))
	}
	return out.Bytes()
}

// senders are those of golden files, by name; a call without one is from a file or a queue.
var senders = map[string]segment.Sender{
	"":               {},
	"tracking":       {Trust: segment.TrustTracking},
	"public deletes": {Trust: segment.TrustTracking, PublicDeletes: true},
	"verified":       {Trust: segment.TrustVerified},
	"signed":         {Trust: segment.TrustSigned},
}

// mapAny is mapOne for a call from a file or a queue.
func mapAny(mapper *mapping.Mapper, raw []byte, linker mapping.Linker) outcome {
	return mapOne(mapper, raw, segment.Sender{}, linker)
}

// mapOne parses and maps a bare call.
func mapOne(mapper *mapping.Mapper, raw []byte, sender segment.Sender, linker mapping.Linker) outcome {
	var parser segment.Parser
	doc, err := parser.Parse(raw)
	if err != nil {
		return outcome{Error: err.Error()}
	}
	call, err := doc.Call(0)
	if err != nil {
		return outcome{Error: err.Error()}
	}
	result, err := mapper.Map(&call, sender, linker)
	if err != nil {
		return outcome{Error: err.Error()}
	}
	o := outcome{Fixes: result.Fixes.String(), Dropped: string(result.Dropped)}
	for _, record := range result.Records {
		o.Records = append(o.Records, record.JSON)
	}
	return o
}

func compareLines(t *testing.T, want, got string) {
	wanted, gotten := strings.Split(want, "\n"), strings.Split(got, "\n")
	require.Len(t, gotten, len(wanted))
	for i := range wanted {
		assert.Equal(t, wanted[i], gotten[i])
	}
}
