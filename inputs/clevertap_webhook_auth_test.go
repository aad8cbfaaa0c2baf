package inputs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const webhookTest = `{"is_test":true}`

func TestWebhookAuthentication(t *testing.T) {
	const basic, header = "username: clevertap\npassword: TEST-PASSWORD", "header_name: x-secret\nheader_value: TEST-SECRET"
	tests := map[string]struct {
		config string
		set    func(*http.Request)
		status int
		scheme string
	}{
		"basic, right":               {basic, func(r *http.Request) { r.SetBasicAuth("clevertap", "TEST-PASSWORD") }, 200, ""},
		"basic, wrong password":      {basic, func(r *http.Request) { r.SetBasicAuth("clevertap", "TEST-PASSWORd") }, 401, "Basic"},
		"basic, part of a password":  {basic, func(r *http.Request) { r.SetBasicAuth("clevertap", "TEST-PASS") }, 401, "Basic"},
		"basic, longer password":     {basic, func(r *http.Request) { r.SetBasicAuth("clevertap", "TEST-PASSWORD ") }, 401, "Basic"},
		"basic, wrong user":          {basic, func(r *http.Request) { r.SetBasicAuth("CleverTap", "TEST-PASSWORD") }, 401, "Basic"},
		"basic, empty":               {basic, func(r *http.Request) { r.SetBasicAuth("", "") }, 401, "Basic"},
		"basic, none":                {basic, func(*http.Request) {}, 401, "Basic"},
		"basic, another scheme":      {basic, func(r *http.Request) { r.Header.Set("Authorization", "Bearer TEST-PASSWORD") }, 401, "Basic"},
		"basic, not base64":          {basic, func(r *http.Request) { r.Header.Set("Authorization", "Basic §") }, 401, "Basic"},
		"header, right":              {header, func(r *http.Request) { r.Header.Set("X-Secret", "TEST-SECRET") }, 200, ""},
		"header, wrong":              {header, func(r *http.Request) { r.Header.Set("X-Secret", "TEST-SECREt") }, 401, "Secret"},
		"header, none":               {header, func(*http.Request) {}, 401, "Secret"},
		"header, in another":         {header, func(r *http.Request) { r.Header.Set("X-Other", "TEST-SECRET") }, 401, "Secret"},
		"header, first of two wrong": {header, func(r *http.Request) { r.Header["X-Secret"] = []string{"", "TEST-SECRET"} }, 401, "Secret"},
		"nobody is asked":            {"", func(r *http.Request) { r.SetBasicAuth("a", "b") }, 200, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, call := listenWebhook(t, test.config)
			request, err := http.NewRequest(http.MethodPost, call.url, strings.NewReader(webhookTest))
			require.NoError(t, err)
			test.set(request)
			got := call.do(t, request)
			assert.Equal(t, test.status, got.status)
			scheme, _, _ := strings.Cut(got.header.Get("WWW-Authenticate"), " ")
			assert.Equal(t, test.scheme, scheme)
			assert.NotContains(t, got.body, "TEST")
		})
	}
}

func TestWebhookRefusesWithoutReadingTheBody(t *testing.T) {
	_, call := listenWebhook(t, "username: u\npassword: p\nmax_body_bytes: 10")
	assert.Equal(t, 401, call.post(t, strings.Repeat("x", 1000)).status)
}

func TestSecretsAreComparedByTheirHashes(t *testing.T) {
	secret := newSecret("TEST-SECRET")
	assert.NotContains(t, string(secret[:]), "TEST")
	for given, want := range map[string]int{"TEST-SECRET": 1, "": 0, "TEST": 0, "TEST-SECRET\x00": 0, strings.Repeat("x", 1<<16): 0} {
		assert.Equal(t, want, secret.equals(given))
	}
}

func TestWebhookSettingsThatAreRefused(t *testing.T) {
	for config, text := range map[string]string{
		"username: u":           "username and password go together",
		"password: p":           "username and password go together",
		"header_name: X-Secret": "header_name and header_value go together",
		"header_value: v":       "header_name and header_value go together",
		"{ username: u, password: p, header_name: X-Secret, header_value: v }": "choose username and password, or header_name and header_value",
		"path: clevertap":                      "path must begin with /",
		"timeout: 0s":                          "timeout must be longer than zero",
		"timeout: soon":                        "timeout",
		"max_body_bytes: 0":                    "max_body_bytes must be at least 1",
		"max_in_flight_requests: 0":            "max_in_flight_requests must be at least 1",
		"tls: { cert_file: a.pem }":            "tls.cert_file and tls.key_file go together",
		"tls: { cert_file: /a, key_file: /b }": "reading the certificate",
	} {
		t.Run(config, func(t *testing.T) {
			_, err := parseWebhook(t, config)
			assert.ErrorContains(t, err, text)
		})
	}
}

func TestWebhookDefaults(t *testing.T) {
	in, err := parseWebhook(t, "{}")
	require.NoError(t, err)
	c := in.handler.config
	assert.Equal(t, []any{"127.0.0.1:4197", "/clevertap", "", 2500 * time.Millisecond, 4 << 20, 100},
		[]any{c.address, c.path, c.accountID, c.timeout, c.maxBodyBytes, c.maxRequests})
	assert.True(t, c.auth.open())
	assert.Nil(t, c.tls)
	assert.Greater(t, in.newServer().ReadTimeout, c.timeout)
}

func TestWebhookLints(t *testing.T) {
	for name, test := range map[string]struct{ config, want string }{
		"nothing set":              {"{}", ""},
		"all set":                  {"{ address: ':1', path: /a/b, username: u, password: p, account_id: A, timeout: 2s, max_body_bytes: 1, max_in_flight_requests: 1, tls: { cert_file: a, key_file: b }, tcp: { reuse_addr: true } }", ""},
		"variables not set":        {"{ path: '${LINT_A}', username: '${LINT_B}', header_name: '${LINT_C}', header_value: '${LINT_D}', timeout: '${LINT_E}' }", ""},
		"path without slash":       {"{ path: clevertap }", "path must begin with /"},
		"invalid duration":         {"{ timeout: 5sec }", "timeout must be a duration longer than zero, such as 500ms or 30s"},
		"invalid header":           {"{ header_name: 'X: Y' }", "header_name must be the name of a header"},
		"two ways to authenticate": {"{ username: u, password: p, header_name: X-S, header_value: v }", cwhBothAuths},
		"no body at all":           {"{ max_body_bytes: 0 }", "max_body_bytes must be at least 1"},
		"no call at all":           {"{ max_in_flight_requests: 0 }", "max_in_flight_requests must be at least 1"},
	} {
		t.Run(name, func(t *testing.T) {
			lints, err := service.GlobalEnvironment().NewComponentConfigLinter().SetSkipEnvVarCheck(true).
				LintInputYAML([]byte("clevertap_webhook: " + test.config))
			require.NoError(t, err)
			texts := []string{}
			for _, lint := range lints {
				texts = append(texts, lint.What)
			}
			assert.Equal(t, test.want, strings.Join(texts, "; "))
		})
	}
}

func TestWebhookServesHTTPS(t *testing.T) {
	certFile, keyFile, roots := newWebhookCertificate(t)
	in, call := listenWebhook(t, "tls: { cert_file: "+certFile+", key_file: "+keyFile+" }\ntcp: { reuse_addr: true }\ntimeout: 10s")
	call.url = strings.Replace(call.url, "http:", "https:", 1)
	transport := call.client.Transport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	transport.ForceAttemptHTTP2 = true
	assert.Equal(t, 200, call.post(t, webhookTest).status)

	answered := make(chan webhookReply, 1)
	go func() { answered <- call.post(t, webhookOne) }()
	_, ack, err := in.ReadBatch(t.Context())
	require.NoError(t, err)
	require.NoError(t, ack(t.Context(), nil))
	assert.Equal(t, 200, (<-answered).status)
}

func newWebhookCertificate(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	rawKey, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	roots = x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(certificate))
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, certificate, 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rawKey}), 0o600))
	return certFile, keyFile, roots
}
