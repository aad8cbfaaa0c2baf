package inputs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// clevertapWebhookConfig is what the fields hold.
type clevertapWebhookConfig struct {
	httpConfig
	path, accountID string
	auth            webhookAuth
}

func clevertapWebhookConfigFromParsed(conf *service.ParsedConfig) (c clevertapWebhookConfig, err error) {
	if c.httpConfig, err = httpConfigFromParsed(conf); err != nil {
		return
	}
	if c.path, err = conf.FieldString(cwhFieldPath); err != nil {
		return
	}
	if !strings.HasPrefix(c.path, "/") {
		return c, fmt.Errorf("%s must begin with /", cwhFieldPath)
	}
	if c.accountID, err = conf.FieldString(cwhFieldAccountID); err != nil {
		return
	}
	c.auth, err = webhookAuthFromParsed(conf)
	return c, err
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
