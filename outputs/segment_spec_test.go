package outputs

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/segment"
)

func TestSegmentDefaults(t *testing.T) {
	parsed, err := segmentSpec().ParseYAML("write_key: K", nil)
	require.NoError(t, err)
	out, policy, maxInFlight, err := newSegmentFromParsed(parsed, service.MockResources())
	require.NoError(t, err)
	sender := out.(*segmentOutput).sender
	assert.Equal(t, 10, maxInFlight)
	assert.Equal(t, 250, policy.Count)
	assert.Equal(t, "1s", policy.Period)
	assert.Equal(t, 8, sender.maxRetries)
	assert.Equal(t, "https://api.segment.io", sender.source.Endpoint)
}

func TestSegmentLints(t *testing.T) {
	for name, test := range map[string]struct{ config, want string }{
		"minimal":                    {"write_key: K", ""},
		"no key":                     {"region: eu1", "field write_key is required"},
		"variables that are not set": {"write_key: ${LINT_A}\nregion: ${LINT_B}\nendpoint: ${LINT_C}\ntimeout: ${LINT_D}", ""},
		"region in another spelling": {"write_key: K\nregion: EU1", "region must be one of us, eu1"},
		"endpoint without scheme":    {"write_key: K\nendpoint: api.segment.io", "endpoint must be an http or https address without credentials, query and fragment, such as https://api.segment.io"},
		"count without period":       {"write_key: K\nbatching: { count: 500 }", "batching.count without batching.period: the last messages would wait for ever"},
		"invalid backoff":            {"write_key: K\nbackoff: { max_interval: soon }", "backoff.max_interval must be a duration longer than zero, such as 500ms or 30s"},
		"negative number of retries": {"write_key: K\nmax_retries: -1", "max_retries must not be negative"},
	} {
		t.Run(name, func(t *testing.T) {
			lints, err := service.GlobalEnvironment().NewComponentConfigLinter().SetSkipEnvVarCheck(true).
				LintOutputYAML([]byte("segment:\n  " + strings.ReplaceAll(test.config, "\n", "\n  ")))
			require.NoError(t, err)
			texts := []string{}
			for _, lint := range lints {
				texts = append(texts, lint.What)
			}
			assert.Equal(t, test.want, strings.Join(texts, "; "))
		})
	}
}

func TestSegmentRequestsAreCutByCallsAndBytes(t *testing.T) {
	calls := func(n, size int) []segmentCall {
		list := make([]segmentCall, n)
		for i := range list {
			list[i] = segmentCall{index: i, raw: make([]byte, size)}
		}
		return list
	}
	for _, test := range []struct {
		n, size int
		want    string
	}{
		{0, 10, "[]"},
		{2500, 10, "[2500]"},
		{2501, 10, "[2500 1]"},
		{16, 32 << 10, "[15 1]"},
		// 12 bytes belong to the envelope and one to each comma.
		{20, 24998, "[20]"},
		{20, 24999, "[19 1]"},
	} {
		sizes, next := []int{}, 0
		for _, request := range segmentRequests(calls(test.n, test.size)) {
			sizes = append(sizes, len(request))
			for _, call := range request {
				require.Equal(t, next, call.index)
				next++
			}
		}
		assert.Equal(t, test.n, next)
		assert.Equal(t, test.want, fmt.Sprint(sizes))
	}
}

func TestSegmentPositionsComeBack(t *testing.T) {
	for _, kind := range []segment.Type{segment.Identify, segment.Track, segment.Page, segment.Screen, segment.Group, segment.Alias} {
		call := segmentCall{kind: kind, marks: segmentMarks{"x", "x", "x", "x"}}
		message := call.message(1234)
		require.NoError(t, message.Validate(), kind)
		position, err := positionOf(message)
		require.NoError(t, err)
		assert.Equal(t, 1234, position)
	}
	_, err := positionOf(analytics.Message(nil))
	assert.Error(t, err)
}

func TestSegmentOutcomesThatNobodyTellsAreFailures(t *testing.T) {
	outcomes := newSegmentOutcomes(2)
	outcomes.Success(analytics.Track{MessageId: "1"})
	outcomes.Success(analytics.Track{MessageId: "2"})
	outcomes.Success(analytics.Track{MessageId: "x"})
	require.NotNil(t, outcomes.list[0])
	assert.Equal(t, "segment: unclear_reply: the outcome of the call is not known", outcomes.list[0].Error())
	assert.Nil(t, outcomes.list[1])
}

func TestSegmentRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the write key went to another host")
	}))
	t.Cleanup(elsewhere.Close)
	redirecting := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirecting.Close)
	err := newTestSegment(t, redirecting.URL, "max_retries: 0").WriteBatch(t.Context(), tracks("m", 1))
	assert.ErrorContains(t, err, "307")
}
