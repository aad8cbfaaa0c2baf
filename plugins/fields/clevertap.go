package fields

import (
	"fmt"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/clevertap"
)

const (
	ctFieldAccountID = "account_id"
	ctFieldPasscode  = "passcode"
	ctFieldRegion    = "region"
	ctFieldURL       = "url"
)

// The rules let an empty value pass: that is what lint sees of a variable which is not set where it runs. What may
// not be empty is refused when the component is built.
const ctLintURL = `root = if this != "" && !this.string().re_match("^https?://[^/?#@\\s]+(/[^?#@\\s]*)?$") {
  ["url must be an http or https address without credentials, query and fragment, such as https://api.clevertap.com"]
}`

// CleverTapAccount returns the fields that say which account is meant and where it lives. They come first.
func CleverTapAccount() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(ctFieldAccountID).
			Description("The account id of the project (CleverTap dashboard, Settings, Project).").
			Example("${CLEVERTAP_ACCOUNT_ID}"),
		service.NewStringField(ctFieldPasscode).
			Description("A passcode of the account (CleverTap dashboard, Settings, Passcode). The SDK's account token is another credential and is refused.").
			Example("${CLEVERTAP_PASSCODE}").
			Secret(),
		regionField(),
		service.NewStringField(ctFieldURL).
			Description("The base address of the API, in place of `region`: for the sandbox, or for a region that this version does not know.").
			Example("http://127.0.0.1:8095").
			Default("").
			LintRule(ctLintURL),
	}
}

func regionField() *service.ConfigField {
	quoted, list := "", strings.Join(clevertap.Regions(), ", ")
	for _, code := range clevertap.Regions() {
		quoted += fmt.Sprintf("%q, ", code)
	}
	return service.NewStringEnumField(ctFieldRegion, clevertap.Regions()...).
		Description("The region of the account: the sub-domain of its dashboard. An account lives in exactly one region; any other refuses its credentials. Not used when `url` is set.").
		Default(clevertap.DefaultRegion).
		// In place of the engine's own rule, which takes any case.
		LintRule(`root = if this != "" && ![` + quoted + `].contains(this.string()) {
  ["region must be one of ` + list + `"]
}`)
}

// CleverTapConnection returns the fields that say how to talk to CleverTap. They come last.
func CleverTapConnection() []*service.ConfigField { return connectionFields("30s") }

// CleverTapConfig is what the fields of CleverTapAccount and CleverTapConnection hold.
type CleverTapConfig struct {
	AccountID, Passcode, BaseURL string
	Connection
}

// CleverTapFromParsed reads the fields of CleverTapAccount and CleverTapConnection.
func CleverTapFromParsed(conf *service.ParsedConfig) (c CleverTapConfig, err error) {
	if c.AccountID, err = requiredString(conf, ctFieldAccountID, "CleverTap"); err != nil {
		return
	}
	if c.Passcode, err = requiredString(conf, ctFieldPasscode, "CleverTap"); err != nil {
		return
	}
	if c.BaseURL, err = cleverTapURL(conf); err != nil {
		return
	}
	c.Connection, err = connectionFromParsed(conf)
	return
}

func cleverTapURL(conf *service.ParsedConfig) (string, error) {
	address, err := conf.FieldString(ctFieldURL)
	if err != nil || address != "" {
		return address, err
	}
	region, err := conf.FieldString(ctFieldRegion)
	if err != nil {
		return "", err
	}
	base, known := clevertap.RegionURL(region)
	if !known {
		return "", fmt.Errorf("%s must be one of %s", ctFieldRegion, strings.Join(clevertap.Regions(), ", "))
	}
	return base, nil
}
