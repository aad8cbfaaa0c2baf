package mapping

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

// Names that meet in one key still meet there when the mapper has forgotten all names between two calls.
func TestNothingForgottenComesBack(t *testing.T) {
	mapper, err := NewMapper(DefaultOptions(Server))
	require.NoError(t, err)
	for _, between := range []string{`"q":3`, `"r":4`, `"q":3`} {
		var parser segment.Parser
		doc, err := parser.Parse([]byte(`{"type":"track","userId":"u","event":"E","properties":{"p":1,` + between + `,"P":2}}`))
		require.NoError(t, err)
		call, err := doc.Call(0)
		require.NoError(t, err)
		result, err := mapper.Map(&call, nil)
		require.NoError(t, err)
		require.Len(t, result.Records, 1)
		assert.Equal(t, `{"type":"event","identity":"u","evtName":"E","evtData":{"CT Source":"segment","p":1,`+between+`}}`,
			string(result.Records[0].JSON))
		assert.Equal(t, KeyCollision, result.Fixes)
		mapper.properties.memory = maxKeyMemory + 1
	}
}

func TestAMapperGivesBackWhatALargeCallTook(t *testing.T) {
	nested := `{"a":["` + strings.Repeat("x", maxBuffer) + `"]}`
	for name, properties := range map[string]string{"of text": nested, "of items": `{"products":[` + nested + `]}`} {
		t.Run(name, func(t *testing.T) {
			options := DefaultOptions(Server)
			options.Nested = Keep
			mapper, err := NewMapper(options)
			require.NoError(t, err)
			for _, p := range []string{properties, `{"p":1}`} {
				var parser segment.Parser
				doc, err := parser.Parse([]byte(`{"type":"track","userId":"u","event":"Order Completed","properties":` + p + `}`))
				require.NoError(t, err)
				call, err := doc.Call(0)
				require.NoError(t, err)
				_, err = mapper.Map(&call, nil)
				require.NoError(t, err)
			}
			for _, buffer := range [][]byte{mapper.out, mapper.text, mapper.set.buf, mapper.item.buf} {
				assert.LessOrEqual(t, cap(buffer), maxBuffer)
			}
		})
	}
}
