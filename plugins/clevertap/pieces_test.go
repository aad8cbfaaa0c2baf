package clevertap

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// FuzzReadExport checks that a reply is read alike however it arrives, and that only JSON is taken for a whole one.
func FuzzReadExport(f *testing.F) {
	for _, seed := range []string{
		`{"status":"success","next_cursor":"n","records":[{"a":"\"}]\\"},{"b":[1,{}]}]}`, `{ "status" : "fail" , "error" : [ "x" ] , "code" : "2" }`,
		`{"records":null}`, `{"records":[1,true,"x"]}`, `{"events":[{"name":"A"}]}`, `{}`, `[]`, ``, `{"a":[}`, `{"a" 1}`, `{,}`, `{"a":1,}`, `{"records":[{}]}]`, `{"records":[{`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		whole, err := readExport(bytes.NewReader(body))
		bytewise, bytewiseErr := readExport(iotest.OneByteReader(bytes.NewReader(body)))
		require.Equal(t, err, bytewiseErr)
		if err != nil {
			return
		}
		require.Equal(t, whole, bytewise)
		require.True(t, json.Valid(body), "%q", body)
		for _, record := range whole.Records {
			require.True(t, json.Valid(record))
		}
	})
}

func TestPieces_AValueMayBeLongerThanWhatIsReadAtOnce(t *testing.T) {
	long := `{"text":"` + strings.Repeat(`\"}`, readBytes) + `"}`
	answer, err := readExport(strings.NewReader(`{"status":"success","records":[` + long + `,` + long + `]}`))
	require.NoError(t, err)
	require.Len(t, answer.Records, 2)
	require.Equal(t, long, string(answer.Records[1]))
}
