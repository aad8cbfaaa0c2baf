package inputs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/redpanda-data/benthos/v4/public/utils/netutil"
)

// clevertapWebhookConfig is what the fields hold.
type clevertapWebhookConfig struct {
	address, path, accountID string
	auth                     webhookAuth
	timeout                  time.Duration
	maxBodyBytes, maxCalls   int
	// tls is nil for plain HTTP.
	tls    *tls.Config
	listen netutil.ListenerConfig
}

func clevertapWebhookConfigFromParsed(conf *service.ParsedConfig) (c clevertapWebhookConfig, err error) {
	for name, target := range map[string]*string{
		cwhFieldAddress: &c.address, cwhFieldPath: &c.path, cwhFieldAccountID: &c.accountID,
	} {
		if *target, err = conf.FieldString(name); err != nil {
			return
		}
	}
	if c.timeout, err = conf.FieldDuration(cwhFieldTimeout); err != nil {
		return
	}
	if c.maxBodyBytes, err = conf.FieldInt(cwhFieldMaxBodyBytes); err != nil {
		return
	}
	if c.maxCalls, err = conf.FieldInt(cwhFieldMaxRequests); err != nil {
		return
	}
	if c.auth, err = webhookAuthFromParsed(conf); err != nil {
		return
	}
	if c.tls, err = webhookTLSFromParsed(conf.Namespace(cwhFieldTLS)); err != nil {
		return
	}
	if conf.Contains(cwhFieldTCP) {
		if c.listen, err = netutil.ListenerConfigFromParsed(conf.Namespace(cwhFieldTCP)); err != nil {
			return
		}
	}
	return c, c.check()
}

// check repeats what lint says, which does not see every config.
func (c clevertapWebhookConfig) check() error {
	switch {
	case !strings.HasPrefix(c.path, "/"):
		return fmt.Errorf("%s must begin with /", cwhFieldPath)
	case c.timeout <= 0:
		return fmt.Errorf("%s must be longer than zero", cwhFieldTimeout)
	case c.maxBodyBytes < 1:
		return fmt.Errorf("%s must be at least 1", cwhFieldMaxBodyBytes)
	case c.maxCalls < 1:
		return fmt.Errorf("%s must be at least 1", cwhFieldMaxRequests)
	}
	return nil
}

func webhookAuthFromParsed(conf *service.ParsedConfig) (auth webhookAuth, err error) {
	var username, password, header, value string
	for name, target := range map[string]*string{
		cwhFieldUsername: &username, cwhFieldPassword: &password, cwhFieldHeaderName: &header, cwhFieldHeaderValue: &value,
	} {
		if *target, err = conf.FieldString(name); err != nil {
			return
		}
	}
	// Half a setting is a variable that is missing where this runs; it must not open the door.
	switch {
	case (username == "") != (password == ""):
		return auth, fmt.Errorf("%s and %s go together: one of them is empty", cwhFieldUsername, cwhFieldPassword)
	case (header == "") != (value == ""):
		return auth, fmt.Errorf("%s and %s go together: one of them is empty", cwhFieldHeaderName, cwhFieldHeaderValue)
	case username != "" && header != "":
		return auth, errors.New(cwhBothAuths)
	case username != "":
		return newBasicAuth(username, password), nil
	case header != "":
		return newHeaderAuth(header, value), nil
	}
	return webhookAuth{}, nil
}

func webhookTLSFromParsed(conf *service.ParsedConfig) (*tls.Config, error) {
	certFile, err := conf.FieldString(cwhFieldCertFile)
	if err != nil {
		return nil, err
	}
	keyFile, err := conf.FieldString(cwhFieldKeyFile)
	if err != nil {
		return nil, err
	}
	switch {
	case certFile == "" && keyFile == "":
		return nil, nil
	case certFile == "" || keyFile == "":
		return nil, fmt.Errorf("%s.%s and %s.%s go together: one of them is empty", cwhFieldTLS, cwhFieldCertFile, cwhFieldTLS, cwhFieldKeyFile)
	}
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}
