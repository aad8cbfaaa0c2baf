package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clevertap-segment/clevertap-segment/plugins/testenv"
)

// idlePipeline is a configuration that runs until it is stopped.
const idlePipeline = "input: { generate: { mapping: 'root = {}', interval: 1h } }\noutput: { drop: {} }\n"

func TestE2EHTTP_ListensOnLoopbackByDefault(t *testing.T) {
	config := configFile(t, "config.yaml", idlePipeline)
	named := configFile(t, "named.yaml", "http: { debug_endpoints: true }\n"+idlePipeline)
	service := configFile(t, "service.yaml", "shutdown_timeout: 5s\n")
	for name, args := range map[string][]string{
		"run":                         {"run", config},
		"run, http without address":   {"run", named},
		"without a command":           {"-c", config},
		"streams":                     {"streams"},
		"streams with a service file": {"streams", "-o", service, config},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, "", t.TempDir(), nil, args...)
			eventually(t, "it listens", func() bool { return strings.Contains(p.log.String(), "Listening for HTTP requests at") })
			assert.Contains(t, p.log.String(), "http://127.0.0.1:4195")
			p.kill()
		})
	}
	t.Run("echo and create show it", func(t *testing.T) {
		for _, args := range [][]string{{"echo", config}, {"create", "stdin//stdout"}} {
			code, text := cli(t, args...)
			assert.Zero(t, code)
			assert.Contains(t, text, "address: 127.0.0.1:4195", args)
		}
	})
}

// theWarning is what a process logs of the API of streams mode, or of debug_endpoints.
var theWarning = regexp.MustCompile(`level=warning msg="(http: [^"]*)"`)

func TestE2EHTTP_WarnsOfAnOpenAPI(t *testing.T) {
	config := configFile(t, "config.yaml", idlePipeline)
	const (
		none     = ""
		password = "http: { basic_auth: { enabled: true, username: u, password_hash: eA== } }\n"
		off      = "http: { enabled: false }\n"
		debug    = "http: { debug_endpoints: true }\n"
	)
	everybody := func(t *testing.T) string { return strings.Replace(testenv.FreeAddress(t), "127.0.0.1", "0.0.0.0", 1) }
	for name, c := range map[string]struct {
		address func(t *testing.T) string
		service string
		args    []string
		want    string
	}{
		"streams, loopback":            {loopbackAddress, none, []string{"streams", "-o"}, "http: api_open: every user of this machine can read"},
		"streams, everybody":           {everybody, none, []string{"streams", "-o"}, "http: api_open: everybody who reaches 0.0.0.0:"},
		"streams, no host":             {portOnly, none, []string{"streams", "-o"}, "http: api_open: everybody who reaches :"},
		"streams, a name":              {named, none, []string{"streams", "-o"}, "http: api_open: every user of this machine"},
		"streams, password, loopback":  {loopbackAddress, password, []string{"streams", "-o"}, none},
		"streams, password, everybody": {everybody, password, []string{"streams", "-o"}, "http: api_unencrypted: "},
		"streams, no API":              {everybody, none, []string{"streams", "--no-api", "-o"}, none},
		"streams, no server":           {everybody, off, []string{"streams", "-o"}, none},
		"run, everybody":               {everybody, idlePipeline, []string{"run"}, none},
		"run, debug, everybody":        {everybody, debug + idlePipeline, []string{"run"}, "http: debug_open: "},
		"run, debug, loopback":         {loopbackAddress, debug + idlePipeline, []string{"run"}, none},
		"run, debug, password":         {everybody, strings.Replace(password, "http: {", "http: { debug_endpoints: true,", 1) + idlePipeline, []string{"run"}, none},
	} {
		t.Run(name, func(t *testing.T) {
			file := configFile(t, "service.yaml", c.service)
			args := append([]string{c.args[0], "-s", "http.address=" + c.address(t)}, c.args[1:]...)
			args = append(args, file)
			if args[0] == "streams" {
				args = append(args, config)
			}
			p := launch(t, "", t.TempDir(), nil, args...)
			eventually(t, "it runs", func() bool { return strings.Contains(p.log.String(), "Launching ") })
			warnings := theWarning.FindAllStringSubmatch(p.log.String(), -1)
			p.kill()
			if c.want == none {
				assert.Empty(t, warnings)
				return
			}
			require.Len(t, warnings, 1, p.log.String())
			assert.Contains(t, warnings[0][1], c.want)
			assert.Regexp(t, `http\.(address|cert_file|basic_auth)`, warnings[0][1], "the remedy")
		})
	}
}

func loopbackAddress(t *testing.T) string { return testenv.FreeAddress(t) }

func portOnly(t *testing.T) string { return strings.TrimPrefix(testenv.FreeAddress(t), "127.0.0.1") }

func named(t *testing.T) string {
	return strings.Replace(testenv.FreeAddress(t), "127.0.0.1", "localhost", 1)
}

func TestE2EStreams_HelpSaysWhoCanUseTheAPI(t *testing.T) {
	binary, err := buildOnce()
	require.NoError(t, err)
	for command, want := range map[string]bool{"streams": true, "run": false, "sandbox": false} {
		text, err := exec.Command(binary, command, "--help").CombinedOutput()
		require.NoError(t, err)
		assert.Equal(t, want, strings.Contains(string(text), "http.basic_auth"), command)
		assert.Equal(t, want, strings.Contains(string(text), "SECURITY:"), command)
	}
}

// The examples say themselves where they listen: they must not depend on the default, which other binaries do not have.
func TestExamples_NameTheAddressOfTheHTTPServer(t *testing.T) {
	for _, path := range exampleConfigs(t) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Regexp(t, `(?m)^http:\n  (address: 127\.0\.0\.1:4195|enabled: false)`, string(text), path)
	}
}
