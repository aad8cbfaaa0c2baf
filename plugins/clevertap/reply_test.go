package clevertap

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRepliesArePlacedByRecordNumber(t *testing.T) {
	tests := map[string]struct {
		body    string
		records int
		want    []int
	}{
		"none":                 {`{"processed":2,"unprocessed":[]}`, 2, []int{}},
		"without list":         {`{"processed":2}`, 2, []int{}},
		"out of order":         {`{"processed":1,"unprocessed":[{"error":"x.Skipped record number : 3"},{"error":"x. Skipped record number : 1"}]}`, 3, []int{2, 0}},
		"the last number":      {`{"processed":1,"unprocessed":[{"error":"Skipped record number : 1 x Skipped record number : 2"}]}`, 2, []int{1}},
		"counts as strings":    {`{"processed":"1","unprocessed":[{"code":"513","error":"Skipped record number : 2"}]}`, 2, []int{1}},
		"all, by order":        {`{"processed":0,"unprocessed":[{"error":"x"},{"error":"y"}]}`, 2, []int{0, 1}},
		"the only one":         {`{"processed":0,"unprocessed":[{"error":null}]}`, 1, []int{0}},
		"success says enough":  {`{"status":"success"}`, 2, []int{}},
		"one, for two reasons": {`{"processed":1,"unprocessed":[{"error":"Skipped record number : 2"},{"error":"Skipped record number : 2"}]}`, 2, []int{1}},
		"echo of another kind": {`{"processed":0,"unprocessed":[{"error":"Skipped record number : 1","record":"{}"}]}`, 1, []int{0}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := parseReply([]byte(test.body))
			assert.NoError(t, err)
			rejections, err := r.rejections(test.records)
			assert.NoError(t, err)
			got := []int{}
			for _, rejection := range rejections {
				got = append(got, rejection.Position)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestRepliesThatCannotBePlacedAreUnclear(t *testing.T) {
	tests := map[string]string{
		"one too few":            `{"processed":1,"unprocessed":[]}`,
		"one too many":           `{"processed":2,"unprocessed":[{"error":"Skipped record number : 1"}]}`,
		"number missing":         `{"processed":1,"unprocessed":[{"error":"x"}]}`,
		"number zero":            `{"processed":1,"unprocessed":[{"error":"Skipped record number : 0"}]}`,
		"number beyond":          `{"processed":1,"unprocessed":[{"error":"Skipped record number : 3"}]}`,
		"number without bound":   `{"processed":1,"unprocessed":[{"error":"Skipped record number : 99999999999999999999"}]}`,
		"the same number twice":  `{"processed":0,"unprocessed":[{"error":"Skipped record number : 1"},{"error":"Skipped record number : 1"}]}`,
		"negative, but it adds ": `{"processed":-1,"unprocessed":[{"error":"Skipped record number : 1"},{"error":"Skipped record number : 2"},{"error":"Skipped record number : 3"}]}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := parseReply([]byte(body))
			assert.NoError(t, err)
			_, err = r.rejections(2)
			var unclear *Error
			assert.ErrorAs(t, err, &unclear)
			assert.Equal(t, ReasonUnclearReply, unclear.Reason)
			assert.False(t, unclear.Transient())
		})
	}
}

func TestErrorsAreClassified(t *testing.T) {
	tests := map[string]struct {
		status, code int
		reason       Reason
		transient    bool
		split        bool
		unauthorized bool
	}{
		"bad request":           {400, 400, ReasonRejected, false, true, false},
		"too large":             {413, 0, ReasonRejected, false, true, false},
		"credentials":           {401, 401, ReasonUnauthorized, false, false, true},
		"forbidden":             {403, 0, ReasonUnauthorized, false, false, true},
		"not found":             {404, 0, ReasonRejected, false, false, false},
		"redirect":              {302, 0, ReasonRejected, false, false, false},
		"timeout":               {408, 0, ReasonTimeout, true, false, false},
		"throttled":             {429, 429, ReasonThrottled, true, false, false},
		"server":                {503, 0, ReasonServerError, true, false, false},
		"throttled with a 200":  {200, 429, ReasonThrottled, true, false, false},
		"credentials, 200":      {200, 401, ReasonUnauthorized, false, false, true},
		"bad request with 200":  {200, 400, ReasonRejected, false, true, false},
		"server error with 200": {200, 500, ReasonServerError, true, false, false},
		"555 for all":           {200, 555, ReasonServerError, true, false, false},
		"a record's code":       {200, 513, ReasonRejected, false, false, false},
		"no code":               {200, 0, ReasonRejected, false, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := (&Error{Status: test.status, Code: test.code}).classified("")
			assert.Equal(t, test.reason, e.Reason)
			assert.Equal(t, test.transient, e.Transient())
			assert.Equal(t, test.split, e.NeedsSplit())
			assert.Equal(t, test.unauthorized, e.Unauthorized())
		})
	}
	assert.True(t, lostReply().Transient())
}

func TestReply_ReadsOnlyNumbersThatCanBeCodesOrCounts(t *testing.T) {
	for written, want := range map[string]int{
		`513`: 513, `"513"`: 513, `4002`: 4002, `-1`: -1, `null`: 0, `1.5`: 0, `"CURSOR_INVALIDATED"`: 0,
		`4915123456789`: 0, `"839204"`: 0, `-839204`: 0,
	} {
		r, err := parseReply([]byte(`{"code":` + written + `,"unprocessed":[{"code":` + written + `}]}`))
		require.NoError(t, err)
		assert.EqualValues(t, want, r.Code, written)
		assert.EqualValues(t, want, r.Unprocessed[0].Code, written)
	}
}

func TestErrorTexts(t *testing.T) {
	assert.Equal(t, "rejected 400 Malformed request", (&Error{Status: 400, Text: "Malformed request"}).classified("").Error())
	assert.Equal(t, "rejected 513", (&Error{Status: 200, Code: 513}).classified("").Error())
	assert.Equal(t, "rejected: no", (&Error{Status: 200, Text: "no"}).classified("").Error())
	assert.Equal(t, "rejected 513 restricted", (&Rejection{Code: 513, Text: "restricted"}).Error())
	assert.Equal(t, "unauthorized 401 the credentials are refused, check account id, passcode and region",
		(&Error{Status: 401}).classified("").Error())
	_, known := ReasonOf(errors.New("other"))
	assert.False(t, known)
}

// FuzzReply checks that no reply makes a failure of a record that was not sent, or two of one.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		`{"status":"success","processed":3,"unprocessed":[]}`, `{"status":"partial","processed":"1","unprocessed":[{"code":"513","error":"x. Skipped record number : 3"},{"error":null}]}`,
		`{"status":"fail","processed":0,"unprocessed":[{"code":1,"error":"x"},{"error":"y"},{"error":{}}]}`, `{"status":"fail","error":"x","code":1}`, `{"processed":-1}`, `[]`, `{"processed`,
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, body []byte, records int) {
		r, err := parseReply(body)
		if err != nil {
			return
		}
		rejections, err := r.rejections(records)
		if err != nil {
			require.Nil(t, rejections)
			return
		}
		taken := map[int]bool{}
		for _, rejection := range rejections {
			require.False(t, taken[rejection.Position])
			taken[rejection.Position] = true
			require.GreaterOrEqual(t, rejection.Position, 0)
			require.Less(t, rejection.Position, records)
		}
	})
}
