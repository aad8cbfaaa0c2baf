package inputs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/clevertap-segment/clevertap-segment/plugins/fields"
)

// accessCache gives the use of a cache resource.
type accessCache func(ctx context.Context, use func(service.Cache)) error

// segmentHTTPConfig is what the fields hold.
type segmentHTTPConfig struct {
	httpConfig
	prefix, webhookPath string
	writeKeys           []secretHash // none: any key will do
	webhookSecret       []byte       // none: no webhook
	wholeSignature      bool
	identitySecret      []byte // none: nobody is verified
	publicDeletes       bool
	allowedOrigins      []string
	integrations        []string // the names of this destination; none: calls cannot turn it off
	correctClock        bool
	validate            bool
	webhookOnly         bool
	dedupeCache         string
	dedupeInMemory      bool // the cache cannot hang
	dedupeTTL           time.Duration
	rateLimit           int // calls per second and key; 0 for any number
}

func segmentHTTPConfigFromParsed(conf *service.ParsedConfig) (c segmentHTTPConfig, err error) {
	if c.httpConfig, err = httpConfigFromParsed(conf); err != nil {
		return
	}
	if c.rateLimit, err = conf.FieldInt(shFieldRateLimit); err != nil {
		return
	}
	if c.rateLimit < 0 {
		return c, fmt.Errorf("%s must not be negative; 0 means no limit", shFieldRateLimit)
	}
	if err = c.readPaths(conf); err != nil {
		return
	}
	if err = c.readAuth(conf); err != nil {
		return
	}
	var integration string
	if integration, err = conf.FieldString(shFieldIntegration); err != nil {
		return
	} else if integration != "" {
		// Segment's catalogue lists the newer kind of a destination under a name of its own.
		c.integrations = []string{integration, integration + " (Actions)"}
	}
	if err = c.readSwitches(conf); err != nil {
		return
	}
	if c.dedupeCache, err = conf.FieldString(shFieldDedupeCache); err != nil {
		return
	}
	c.dedupeTTL, err = conf.FieldDuration(shFieldDedupeTTL)
	return c, err
}

func (c *segmentHTTPConfig) readSwitches(conf *service.ParsedConfig) (err error) {
	if c.correctClock, err = conf.FieldBool(shFieldCorrectClock); err != nil {
		return err
	}
	if c.validate, err = conf.FieldBool(shFieldValidate); err != nil {
		return err
	}
	tracking, err := conf.FieldBool(shFieldTracking)
	if c.webhookOnly = !tracking; err == nil && c.webhookOnly && len(c.webhookSecret) == 0 {
		return fmt.Errorf("%s is false and %s is empty: there is nothing to serve", shFieldTracking, shFieldWebhookSecret)
	}
	return err
}

func (c *segmentHTTPConfig) readPaths(conf *service.ParsedConfig) error {
	for name, target := range map[string]*string{shFieldPathPrefix: &c.prefix, shFieldWebhookPath: &c.webhookPath} {
		path, err := conf.FieldString(name)
		if err != nil {
			return err
		}
		if path = strings.TrimRight(path, "/"); path != "" && !strings.HasPrefix(path, "/") {
			return fmt.Errorf("%s must begin with /", name)
		}
		*target = path
	}
	if name, under := strings.CutPrefix(c.webhookPath, c.prefix+"/"); under && trackingRoute(name) {
		return fmt.Errorf("%s is a route of the Tracking API: choose another", shFieldWebhookPath)
	}
	return nil
}

func (c *segmentHTTPConfig) readAuth(conf *service.ParsedConfig) error {
	keys, err := conf.FieldStringList(shFieldWriteKeys)
	if err != nil {
		return err
	}
	for i, key := range keys {
		// A variable that is missing where this runs must not open the door.
		if key == "" {
			return fmt.Errorf("%s: entry %d is empty", shFieldWriteKeys, i)
		}
		c.writeKeys = append(c.writeKeys, newSecret(key))
	}
	if c.allowedOrigins, err = conf.FieldStringList(shFieldAllowedOrigins); err != nil {
		return err
	}
	if err = checkOrigins(c.allowedOrigins); err != nil {
		return err
	}
	secret, err := conf.FieldString(shFieldWebhookSecret)
	if err != nil {
		return err
	}
	c.webhookSecret = []byte(secret)
	if secret, err = conf.FieldString(shFieldIdentity); err != nil {
		return err
	}
	c.identitySecret = []byte(secret)
	if c.publicDeletes, err = conf.FieldBool(shFieldPublicDeletes); err != nil {
		return err
	}
	signature, err := fields.EnumFromParsed(conf, shFieldArraySignature, arraySignatures)
	c.wholeSignature = signature == signatureWhole
	return err
}
