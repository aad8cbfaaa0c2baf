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
		result := mapped(t, mapper, `{"type":"track","userId":"u","event":"E","properties":{"p":1,`+between+`,"P":2}}`)
		require.Len(t, result.Records, 1)
		assert.Equal(t, `{"type":"event","identity":"u","evtName":"E","evtData":{"CT Source":"segment","p":1,`+between+`}}`,
			string(result.Records[0].JSON))
		assert.Equal(t, KeyCollision, result.Fixes)
		mapper.properties.memory = maxKeyMemory + 1
	}
}

func TestAReleasedMapperHoldsNothingOfALargeCall(t *testing.T) {
	long := strings.Repeat("x", maxBuffer)
	list := `{"a":["` + long + `"]}`
	for name, c := range map[string]struct {
		nested     Nested
		properties string
		grown      func(*Mapper) []byte
	}{
		"properties":            {Keep, list, func(m *Mapper) []byte { return m.set.buf }},
		"text that is left out": {Stringify, list, func(m *Mapper) []byte { return m.text }},
		"item too many":         {Keep, `{"products":[` + strings.Repeat(`{"a":1},`, 256) + list + `]}`, func(m *Mapper) []byte { return m.item.buf }},
		"name":                  {Flatten, `{"a":{"` + long + `":1}}`, func(m *Mapper) []byte { return m.path }},
	} {
		t.Run(name, func(t *testing.T) {
			options := DefaultOptions(Server)
			options.Nested = c.nested
			mapper, err := NewMapper(options)
			require.NoError(t, err)
			mapped(t, mapper, `{"type":"track","userId":"u","event":"Order Completed","properties":`+c.properties+`}`)
			require.Greater(t, cap(c.grown(mapper)), maxBuffer)
			mapper.Release()
			assert.Zero(t, cap(c.grown(mapper)))
			assert.Empty(t, mapper.records)
		})
	}
}

// The order of what was looked up is forgotten with the names.
func TestAMapperForgetsEachOfItsTables(t *testing.T) {
	mapper, err := NewMapper(DefaultOptions(Server))
	require.NoError(t, err)
	calls := map[string]string{
		`{"type":"identify","userId":"u","traits":{"plan":"Gold","seats":2}}`:                                              `{"type":"profile","identity":"u","profileData":{"plan":"Gold","seats":2}}`,
		`{"type":"track","userId":"u","event":"Order Completed","properties":{"tax":1,"products":[{"sku":"a","size":2}]}}`: `{"type":"event","identity":"u","evtName":"Charged","evtData":{"CT Source":"segment","Items":[{"sku":"a","size":2}],"tax":1}}`,
	}
	for range 3 {
		for call, record := range calls {
			assert.Equal(t, record, string(mapped(t, mapper, call).Records[0].JSON))
		}
		for _, table := range []*keyTable{mapper.traits, mapper.properties, mapper.itemKeys, mapper.groupTraits} {
			table.memory = maxKeyMemory + 1
			require.True(t, table.forget())
			assert.Equal(t, []key{{}}, table.keys)
			assert.Empty(t, table.places)
			assert.Zero(t, table.last)
		}
		mapper.events = eventTable{}
	}
}

func mapped(t *testing.T, mapper *Mapper, document string) Result {
	t.Helper()
	var parser segment.Parser
	doc, err := parser.Parse([]byte(document))
	require.NoError(t, err)
	call, err := doc.Call(0)
	require.NoError(t, err)
	result, err := mapper.Map(&call, segment.Sender{}, nil)
	require.NoError(t, err)
	return result
}
