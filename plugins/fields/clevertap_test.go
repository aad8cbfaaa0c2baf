package fields

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const testAccount = "account_id: A\npasscode: P\n"

func parseCleverTap(t *testing.T, config string) (CleverTapConfig, error) {
	t.Helper()
	parsed, err := testSpec().ParseYAML(config, nil)
	if err != nil {
		return CleverTapConfig{}, err
	}
	return CleverTapFromParsed(parsed)
}

func testSpec() *service.ConfigSpec {
	return service.NewConfigSpec().Fields(CleverTapAccount()...).Fields(CleverTapConnection()...)
}

func lintCleverTap(t *testing.T, config string) []string {
	t.Helper()
	env := service.NewEmptyEnvironment()
	require.NoError(t, env.RegisterOutput("test", testSpec(), func(*service.ParsedConfig, *service.Resources) (service.Output, int, error) {
		return nil, 1, nil
	}))
	lints, err := env.NewComponentConfigLinter().SetSkipEnvVarCheck(true).
		LintOutputYAML([]byte("test:\n  " + strings.ReplaceAll(config, "\n", "\n  ")))
	require.NoError(t, err)
	texts := []string{}
	for _, lint := range lints {
		texts = append(texts, lint.What)
	}
	return texts
}

func TestCleverTapDefaults(t *testing.T) {
	c, err := parseCleverTap(t, testAccount)
	require.NoError(t, err)
	assert.Equal(t, CleverTapConfig{AccountID: "A", Passcode: "P", BaseURL: "https://api.clevertap.com", Connection: Connection{Timeout: 30 * time.Second}}, c)
}

func TestCleverTapURLWinsOverRegion(t *testing.T) {
	c, err := parseCleverTap(t, testAccount+"region: in1\n")
	require.NoError(t, err)
	assert.Equal(t, "https://in1.api.clevertap.com", c.BaseURL)
	c, err = parseCleverTap(t, testAccount+"region: in1\nurl: http://127.0.0.1:1\n")
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:1", c.BaseURL)
}

func TestCleverTapParsingRefuses(t *testing.T) {
	for name, test := range map[string]struct{ config, text string }{
		"empty account":    {"account_id: ''\npasscode: P", "account_id is empty"},
		"empty passcode":   {"account_id: A\npasscode: ''", "passcode is empty"},
		"unknown region":   {testAccount + "region: EU1", "region must be one of"},
		"no duration":      {testAccount + "timeout: 5sec", "timeout"},
		"no time at all":   {testAccount + "timeout: 0s", "timeout must be longer than zero"},
		"proxy no address": {testAccount + "proxy_url: ':secret'", "proxy_url is not an address"},
		"no certificate":   {testAccount + "tls: { enabled: true, root_cas: x, root_cas_file: y }", "root_cas"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseCleverTap(t, test.config)
			require.ErrorContains(t, err, test.text)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestCleverTapLints(t *testing.T) {
	for name, test := range map[string]struct {
		config string
		want   []string
	}{
		"nothing set":          {"timeout: 5s", []string{"field account_id is required", "field passcode is required"}},
		"all set":              {testAccount + "region: aps3\nurl: http://127.0.0.1:8095/x\ntimeout: 1m30s\nproxy_url: http://u:p@proxy:3128", []string{}},
		"variables not set":    {"account_id: ${LINT_A}\npasscode: \"${LINT_B}\"\nregion: ${LINT_C}\nurl: ${LINT_D}\ntimeout: ${LINT_E}\nproxy_url: ${LINT_F}", []string{}},
		"region in upper case": {testAccount + "region: EU1", []string{"region must be one of aps3, eu1, in1, mec1, sg1, sk1, us1"}},
		"url without scheme":   {testAccount + "url: api.clevertap.com", []string{"url must be an http or https address without credentials, query and fragment, such as https://api.clevertap.com"}},
		"url with credentials": {testAccount + "url: https://u:p@api.clevertap.com", []string{"url must be an http or https address without credentials, query and fragment, such as https://api.clevertap.com"}},
		"no duration":          {testAccount + "timeout: 5sec", []string{"timeout must be a duration longer than zero, such as 500ms or 30s"}},
		"no time at all":       {testAccount + "timeout: 0s", []string{"timeout must be a duration longer than zero, such as 500ms or 30s"}},
		"proxy without scheme": {testAccount + "proxy_url: proxy", []string{"proxy_url must be an http, https or socks5 address, such as http://proxy.internal:3128"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ElementsMatch(t, test.want, lintCleverTap(t, test.config))
		})
	}
}

func TestCleverTapHTTPClient(t *testing.T) {
	c, err := parseCleverTap(t, testAccount+"proxy_url: http://proxy:3128\ntls: { enabled: true, skip_cert_verify: true }")
	require.NoError(t, err)
	transport := c.NewHTTPClient(7).Transport.(*http.Transport)
	assert.Equal(t, 7, transport.MaxIdleConnsPerHost)
	assert.True(t, transport.TLSClientConfig.InsecureSkipVerify)
	request, err := http.NewRequest(http.MethodGet, "https://api.clevertap.com", nil)
	require.NoError(t, err)
	proxy, err := transport.Proxy(request)
	require.NoError(t, err)
	assert.Equal(t, "proxy:3128", proxy.Host)
}
