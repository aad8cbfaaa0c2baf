package clevertap

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUploadBodyIsMadeOfTheRecordsOwnBytes(t *testing.T) {
	for name, test := range map[string]struct {
		records []Record
		want    string
	}{
		"none": {nil, `{"d":[]}`},
		"one":  {[]Record{{Raw: []byte(`{"a":1.0}`)}}, `{"d":[{"a":1.0}]}`},
		"more": {[]Record{{Raw: []byte(`{"a": 1}`)}, {Raw: []byte(`{}`)}, {Raw: []byte(`{"b":"é"}`)}}, `{"d":[{"a": 1},{},{"b":"é"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := call{pieces: joinRecords(test.records)}
			assert.EqualValues(t, len(test.want), r.size())
			for range 2 {
				body, err := r.open()
				require.NoError(t, err)
				sent, err := io.ReadAll(body)
				require.NoError(t, err)
				assert.Equal(t, test.want, string(sent), "also when the transport starts again")
			}
		})
	}
}
