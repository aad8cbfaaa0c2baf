package jsontree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnIndexFindsWhatGetFinds(t *testing.T) {
	for _, count := range []int{0, 1, manyMembers - 1, manyMembers, 3 * manyMembers} {
		var members []string
		for i := range count {
			members = append(members, fmt.Sprintf(`"m%d":%d`, i%(2*manyMembers), i))
		}
		var parser Parser
		object, err := parser.Parse([]byte(`{` + strings.Join(members, ",") + `}`))
		require.NoError(t, err)
		x := NewIndex(object)
		for i := range 3 * manyMembers {
			name := fmt.Sprintf("m%d", i)
			assert.Equal(t, object.Get(name), x.Get(name), "%s of %d", name, count)
		}
	}
}
